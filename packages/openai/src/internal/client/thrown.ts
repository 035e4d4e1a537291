/** What an SDK threw, by its shape: copies of its classes, and errors that crossed a thread, are recognised too. */
import * as Disposition from "@causeway/core/Disposition"
import * as TransportFailure from "@causeway/core/TransportFailure"
import { Aborted, Configuration, Credential, OutputUnusable, type UpstreamReason } from "@causeway/core/UpstreamReason"
import { hasProperty } from "effect/Predicate"
import { classified, type Head, ofStatus, type Verdict } from "../failure.ts"

/** The SDK's own default, for its timeouts, which do not tell theirs. */
const defaultTimeout = 600_000

const chain = (error: unknown): ReadonlyArray<unknown> => {
  const seen = new Set<unknown>()
  for (let each = error; each !== undefined && !seen.has(each) && seen.size < 16;) {
    seen.add(each)
    each = hasProperty(each, "cause") ? each.cause : undefined
  }
  return [...seen]
}

const isReason = (u: unknown): u is UpstreamReason =>
  Disposition.isDisposed(u) && hasProperty(u, "seenIn") && hasProperty(u, "_tag")

/** The reason that a recorder's `fetch` rejected with, however it was wrapped since. */
const reasonWithin = (error: unknown): UpstreamReason | undefined => chain(error).find(isReason)

/** The names of an error's class and of those above it. */
const classesOf = (error: unknown): ReadonlyArray<string> => {
  const names: Array<string> = hasProperty(error, "name") && typeof error.name === "string" ? [error.name] : []
  let prototype: unknown = typeof error === "object" && error !== null ? Object.getPrototypeOf(error) : null
  while (typeof prototype === "object" && prototype !== null && names.length < 16) {
    names.push(prototype.constructor.name)
    prototype = Object.getPrototypeOf(prototype)
  }
  return names
}

const messageOf = (error: unknown): string =>
  hasProperty(error, "message") && typeof error.message === "string" ? error.message : ""

/** An error's own view of an answer: status, headers, and the body as far as the SDK kept it. */
export interface SdkAnswer {
  readonly head: Head
  readonly body: string
}

/** Headers as a head has them: those of a `Headers`, or of a plain object. */
const recordOf = (headers: unknown): Record<string, string> => {
  if (typeof headers !== "object" || headers === null) return {}
  const pairs: Iterable<readonly [string, unknown]> = headers instanceof Headers ? headers : Object.entries(headers)
  const record: Record<string, string> = {}
  for (const [name, value] of pairs) if (typeof value === "string") record[name.toLowerCase()] = value
  return record
}

/** The answer that an error of the SDK carries, if it carries one. */
export const answerOf = (error: unknown): SdkAnswer | undefined => {
  if (!hasProperty(error, "status") || !hasProperty(error, "headers")) return undefined
  const { status } = error
  if (status !== undefined && (typeof status !== "number" || !(status >= 100 && status < 600))) return undefined
  const stated = hasProperty(error, "error") ? error.error : undefined
  if (status === undefined && stated === undefined) return undefined
  const headers = recordOf(error.headers)
  const body = stated === undefined ? messageOf(error).replace(/^\d{3} /, "") : json({ error: stated })
  return { head: { status: status ?? 200, headers, header: (name) => headers[name] }, body }
}

const json = (value: unknown): string => {
  try {
    return JSON.stringify(value)
  } catch {
    return ""
  }
}

/** Whether an error is the transport's: by a code of the system or of undici, or by its name. */
const isTransport = (error: unknown): boolean =>
  chain(error).some((each) => {
    const names = classesOf(each)
    if (names.includes("AbortError") || names.includes("TimeoutError")) return true
    if (messageOf(each) === "fetch failed" || messageOf(each) === "terminated") return true
    if (hasProperty(each, "errors") && Array.isArray(each.errors)) return each.errors.some(isTransport)
    return (
      hasProperty(each, "code") &&
      typeof each.code === "string" &&
      /^(?:E[A-Z_]{3,}$|EAI_|UND_ERR_|ERR_TLS_|ERR_SSL_|CERT_|HPE_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(each.code)
    )
  })

/** The verdict on anything thrown; `undefined` for what is no failure of an upstream. Never throws. */
export const verdictOf = (error: unknown): Verdict | undefined => {
  try {
    return recognised(error)
  } catch {
    // A property that throws when it is read.
    return undefined
  }
}

const recognised = (error: unknown): Verdict | undefined => {
  const reason = reasonWithin(error)
  if (reason !== undefined) return { reason, cause: error }
  const answer = answerOf(error)
  if (answer !== undefined) {
    const { body, head } = answer
    const verdict = head.status >= 300 ? ofStatus(head, body) : classified(head, body, "stream")
    if (verdict !== undefined) return { ...verdict, cause: error }
  }
  const classes = classesOf(error)
  const message = messageOf(error)
  const is = (name: string, text: string): boolean => classes.includes(name) || message.startsWith(text)
  if (is("LengthFinishReasonError", "Could not parse response content as the length limit")) {
    return { reason: unusable("length", message), cause: error }
  }
  if (is("ContentFilterFinishReasonError", "Could not parse response content as the request was rejected")) {
    return { reason: unusable("filtered", message), cause: error }
  }
  if (is("APIUserAbortError", "Request was aborted.")) {
    const aborted = new Aborted({ message: "the call was given up", seenIn: "socket", by: "caller" })
    return { reason: aborted, cause: error }
  }
  if (is("APIConnectionTimeoutError", "Request timed out.")) {
    // The SDK's own timer aborts its request, so that the cause is no more than an abort.
    const said = TransportFailure.reasonOf(error)
    const reason = said._tag === "Timeout" ? said : TransportFailure.timeout("headers", defaultTimeout)
    return { reason, cause: error }
  }
  if (isTransport(error)) return { reason: TransportFailure.reasonOf(error), cause: error }
  if (is("APIConnectionError", "Connection error.")) return { reason: TransportFailure.reasonOf(error), cause: error }
  if (/credentials|authentication method|'apiKey' function|get token/i.test(message) && isOwn(classes)) {
    return { reason: new Credential({ message, seenIn: "request", missing: "apiKey" }), cause: error }
  }
  if (isOwn(classes)) {
    return { reason: new Configuration({ message, seenIn: "request", option: "client" }), cause: error }
  }
  return undefined
}

const isOwn = (classes: ReadonlyArray<string>): boolean => classes.includes("OpenAIError")

const unusable = (issue: OutputUnusable["issue"], message: string): OutputUnusable =>
  new OutputUnusable({ message, seenIn: "body", issue, output: "" })
