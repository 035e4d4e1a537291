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

const oneOf = (...codes: ReadonlyArray<string>): ((code: string) => boolean) => {
  const known = new Set(codes)
  return (code) => known.has(code)
}

const isDns = (code: string): boolean => code === "ENOTFOUND" || code.startsWith("EAI_") || code === "ENODATA"

const isUnreachable = oneOf("EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN", "EADDRNOTAVAIL", "EACCES", "ENOENT")

const isProxy = oneOf("UND_ERR_PRX_TLS", "UND_ERR_PRX_CONN", "UND_ERR_SOCKS5")

const isTls = (code: string): boolean =>
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|CRL_|EPROTO$)/.test(
    code
  )

const isLost = oneOf(
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "HPE_INVALID_EOF_STATE",
  "HPE_CLOSED_CONNECTION"
)

const isNotHttp = (code: string): boolean =>
  code.startsWith("HPE_") || code === "UND_ERR_HEADERS_OVERFLOW" || code.startsWith("ERR_HTTP2_")

const isUnencodable = oneOf("UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", "ERR_INVALID_CHAR", "ERR_HTTP_INVALID_HEADER_VALUE")

/** A file that goes along with the request cannot be read. */
const isFile = ({ code, syscall }: SystemError): boolean =>
  code === "EISDIR" || (syscall !== undefined && /^(?:l?stat|open|opendir|scandir|access)$/.test(syscall))

const isMisconfigured = oneOf(
  "ERR_INVALID_URL",
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
  "ERR_INVALID_ARG_VALUE"
)

const isAbort = (error: SystemError): boolean =>
  error.name === "AbortError" || error.code === "UND_ERR_ABORTED" || error.code === "ABORT_ERR"

/** How the global `fetch` says that a body ended too early. */
const isTerminated = (error: SystemError): boolean => error.name === "TypeError" && error.message === "terminated"

/** How Node says that a connection was lost while it was being secured: nothing was sent on it. */
const isHandshake = (error: SystemError): boolean => error.message.includes("before secure TLS connection")

/**
 * The chain of system errors below anything thrown, outermost first: causes and
 * the members of aggregates, bounded, redacted, and safe against cycles.
 */
export const systemOf = (error: unknown): ReadonlyArray<typeof SystemEvidence.Type> => chainOf(error)

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
  if ((code = has(isMisconfigured)) !== undefined)
    return new Configuration({
      message: sentence("the request cannot be made", chain),
      seenIn: "request",
      option: "baseUrl"
    })
  if ((code = has(isUnencodable)) !== undefined)
    return new RequestEncoding({ message: sentence("the request cannot be sent", chain), seenIn: "request", path: "" })
  if ((code = has(isNotHttp)) !== undefined && !isLost(code))
    return new Protocol({ message: `what came back is not HTTP (${code})`, seenIn: "socket", code })
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
  if (!chain.some((error) => error.name === "TimeoutError")) return undefined
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
