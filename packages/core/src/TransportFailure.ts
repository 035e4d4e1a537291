/**
 * From what the transport threw to a reason: system errors of Node, errors of
 * undici and of the global `fetch`, however deep they are wrapped. Errors are
 * recognised by `code` and `name`, never by class, so copies of a library and
 * errors that crossed a thread are recognised too.
 *
 * **Example** (A refused connection, as `fetch` reports it)
 *
 * ```ts
 * import * as TransportFailure from "@causeway/core/TransportFailure"
 *
 * const system = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), {
 *   code: "ECONNREFUSED",
 *   address: "127.0.0.1",
 *   port: 1
 * })
 * const reason = TransportFailure.reasonOf(new TypeError("fetch failed", { cause: system }))
 *
 * reason._tag // => "Connect"
 * reason.message // => "the connection was refused: 127.0.0.1:1"
 * ```
 */
import * as Duration from "effect/Duration"
import type { SystemEvidence } from "./Evidence.ts"
import { chainOf, type SystemError } from "./internal/systemError.ts"
import {
  isAbort,
  isBlocked,
  isContradiction,
  isDns,
  isFetchFailed,
  isFile,
  isHandshake,
  isLost,
  isMisconfigured,
  isNotHttp,
  isOfTransport,
  isProxy,
  isTerminated,
  isTimeout,
  isTls,
  isUnasked,
  isUnencodable,
  isUnreachable
} from "./internal/transportCodes.ts"
import {
  Aborted,
  Configuration,
  Connect,
  ConnectionLost,
  Protocol,
  RequestEncoding,
  Timeout
} from "./UpstreamReason.ts"

/** How far an exchange had come when its transport failed. What is left out is guessed from the error's code. */
export interface Progress {
  /** The phase that failed. */
  readonly phase?: "connect" | "headers" | "body" | "stream" | undefined
  readonly bytesReceived?: number | undefined
  /** The answer's `content-length`. */
  readonly bytesPromised?: number | undefined
  /** Where the connection was meant to go, as `host:port`. */
  readonly address?: string | undefined
  /** The limits that were in force, in milliseconds. */
  readonly limits?: { readonly connect?: number; readonly headers?: number; readonly idle?: number } | undefined
}

/** The reasons that a transport can give. */
export type TransportReason = Aborted | Configuration | Connect | ConnectionLost | Protocol | RequestEncoding | Timeout

/**
 * The chain of system errors below anything thrown, outermost first: causes and
 * the members of aggregates, bounded, redacted, and safe against cycles.
 */
export const systemOf = (error: unknown): ReadonlyArray<typeof SystemEvidence.Type> => chainOf(error)

/**
 * Whether an error is the transport's, and not its caller's or the upstream's own: by
 * a code, a name or a sentence that only transports have, however deep it is wrapped.
 * A code that merely looks like the system's (`ELOGIN`, `ER_DUP_ENTRY`) is none. Never throws.
 */
export const isTransport = (error: unknown): boolean => chainOf(error).some(isOfTransport)

/** The reason of a transport's failure. Never throws, whatever it is given. */
export const reasonOf = (error: unknown, progress: Progress = {}): TransportReason => {
  const chain = chainOf(error)
  const codes = chain.flatMap(({ code }) => (code === undefined ? [] : [code]))
  const has = (matches: (code: string) => boolean): string | undefined => codes.find(matches)
  const phase = progress.phase ?? (chain.some(isTerminated) ? "body" : undefined)
  const beforeConnection = phase === undefined || phase === "connect"
  let code: string | undefined

  // Before aborts: a signal that times out aborts, and its reason is the cause.
  const timeout = timeoutOf(chain, progress)
  if (timeout !== undefined) return timeout
  const file = chain.find(isFile)
  if (file !== undefined) {
    const message = `a file that the request needs cannot be read${file.code === undefined ? "" : ` (${file.code})`}`
    return new RequestEncoding({ message, seenIn: "request", path: "" })
  }
  if (chain.some(isAbort)) return new Aborted({ message: "the call was given up", seenIn: "socket", by: "caller" })
  if ((code = has(isProxy)) !== undefined) return connect("proxy", "the proxy failed", code, chain, progress)
  if (beforeConnection) {
    if ((code = has(isDns)) !== undefined) return connect("dns", "the host's name is not known", code, chain, progress)
    if ((code = has((it) => it === "ECONNREFUSED")) !== undefined)
      return connect("refused", "the connection was refused", code, chain, progress)
    if ((code = has(isUnreachable)) !== undefined)
      return connect("unreachable", "the host cannot be reached", code, chain, progress)
    if ((code = has(isTls)) !== undefined)
      return connect("tls", "no trusted TLS connection came about", code, chain, progress)
    if (chain.some(isHandshake)) return connect("other", "the TLS handshake was cut off", codes[0], chain, progress)
    if ((code = has((it) => it === "ETIMEDOUT")) !== undefined && chain.some((it) => it.syscall === "connect"))
      return connect("unreachable", "the host did not answer", code, chain, progress)
  }
  // The sentences are short ones: only where `fetch` says them are they its own.
  if (has(isMisconfigured) !== undefined || (chain.some(isFetchFailed) && chain.some(isBlocked)))
    return new Configuration({
      message: sentence("the request cannot be made", chain),
      seenIn: "request",
      option: "baseUrl"
    })
  if ((code = has(isUnencodable)) !== undefined)
    return new RequestEncoding({ message: sentence("the request cannot be sent", chain), seenIn: "request", path: "" })
  if ((code = has(isNotHttp)) !== undefined && !isLost(code))
    return new Protocol({ message: `what came back is not HTTP (${code})`, seenIn: "socket", code })
  const beforeBody = phase === "headers" || (phase === undefined && chain.some(isFetchFailed))
  if (beforeBody && (code = has(isContradiction)) !== undefined)
    return new Protocol({ message: `the answer's headers contradict each other (${code})`, seenIn: "socket", code })
  if (chain.some(isUnasked))
    return new Protocol({
      message: sentence("what came back is no answer", chain),
      seenIn: "socket",
      code: "UND_ERR_SOCKET"
    })
  // undici's parser does not always give a code.
  if (codes.length === 0 && chain.some(({ name }) => name === "HTTPParserError"))
    return new Protocol({ message: "what came back is not HTTP", seenIn: "socket" })
  if (phase === "connect" && (code = codes[0]) !== undefined)
    return connect("other", "no connection came about", code, chain, progress)
  if (phase === "connect")
    return connect("other", sentence("no connection came about", chain), undefined, chain, progress)
  return lost(has(isLost) ?? codes[0], { ...progress, phase })
}

/** A silence that lasted too long. `limitMs`: the limit in milliseconds, where it is known. */
export const timeout = (phase: Timeout["phase"], limitMs?: number): Timeout => {
  const limit = limitMs === undefined ? undefined : Duration.millis(limitMs)
  return new Timeout({
    message: `timed out: ${silences[phase]}${limit === undefined ? " in time" : ` within ${Duration.format(limit)}`}`,
    seenIn: phase === "idle" ? "stream" : "socket",
    phase,
    ...(limit !== undefined && { limit })
  })
}

const silences: Readonly<Record<Timeout["phase"], string>> = {
  connect: "no connection",
  headers: "no answer",
  body: "no more of the answer",
  idle: "no more of the stream"
}

const timeoutOf = (chain: ReadonlyArray<SystemError>, { limits, phase }: Progress): Timeout | undefined => {
  const is = (code: string): boolean => chain.some((error) => error.code === code)
  if (is("UND_ERR_CONNECT_TIMEOUT")) return timeout("connect", limits?.connect)
  if (is("UND_ERR_HEADERS_TIMEOUT")) return timeout("headers", limits?.headers)
  if (is("UND_ERR_BODY_TIMEOUT")) return timeout(phase === "stream" ? "idle" : "body", limits?.idle)
  if (!chain.some(isTimeout)) return undefined
  if (phase === "stream") return timeout("idle", limits?.idle)
  return phase === "body" ? timeout("body", limits?.idle) : timeout(phase ?? "headers", limits?.[phase ?? "headers"])
}

const connect = (
  kind: Connect["kind"],
  what: string,
  code: string | undefined,
  chain: ReadonlyArray<SystemError>,
  progress: Progress
): Connect => {
  const seen = chain.flatMap(({ address, port }) =>
    address === undefined
      ? []
      : [port === undefined ? address : `${address.includes(":") ? `[${address}]` : address}:${port}`]
  )
  const addresses = [...new Set(seen)]
  if (addresses.length === 0 && progress.address !== undefined) addresses.push(progress.address)
  const where = addresses.length === 0 ? "" : `: ${addresses.join(", ")}`
  return new Connect({
    message: `${what}${where}`,
    seenIn: "socket",
    kind,
    addresses,
    ...(code !== undefined && { code })
  })
}

const lost = (code: string | undefined, { phase, bytesPromised, bytesReceived = 0 }: Progress): ConnectionLost => {
  const at = phase === "body" || phase === "stream" ? phase : "headers"
  const of = bytesPromised === undefined ? "" : ` of ${bytesPromised}`
  return new ConnectionLost({
    message:
      at === "headers"
        ? "the connection ended before an answer came"
        : `the connection ended within the ${at === "body" ? "answer" : "stream"}, after ${bytesReceived}${of} bytes`,
    seenIn: at === "stream" ? "stream" : "socket",
    phase: at,
    bytesReceived,
    ...(code !== undefined && { code }),
    ...(bytesPromised !== undefined && { bytesPromised })
  })
}

const sentence = (what: string, chain: ReadonlyArray<SystemError>): string => {
  const deepest = chain.at(-1)
  return deepest === undefined || deepest.message === "" ? what : `${what}: ${deepest.message.slice(0, 300)}`
}
