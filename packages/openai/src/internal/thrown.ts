/** What an SDK threw, by its shape: copies of its classes, and errors that crossed a thread, are recognised too. */
import * as Classification from "@causeway/core/Classification"
import * as TransportFailure from "@causeway/core/TransportFailure"
import { isUpstreamError, type UpstreamError } from "@causeway/core/UpstreamError"
import {
  Aborted,
  Configuration,
  Credential,
  InvalidRequest,
  MalformedResponse,
  OutputUnusable,
  RequestEncoding,
  Session,
  StreamProtocol,
  StreamTruncated,
  UpstreamReason
} from "@causeway/core/UpstreamReason"
import * as Redaction from "@causeway/core/Redaction"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import { classified, type Head, ofStatus, type Verdict } from "./failure.ts"

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

const isReason = Schema.is(UpstreamReason)

/** The reason that a recorder's `fetch` rejected with, however it was wrapped since. */
const reasonWithin = (error: unknown): UpstreamReason | undefined => chain(error).find(isReason)

/** The error of this model that an error was made of, or wrapped. */
export const upstreamErrorWithin = (error: unknown): UpstreamError | undefined => {
  try {
    return chain(error).find(isUpstreamError)
  } catch {
    return undefined
  }
}

/** The names of an error's class and of those above it. Never throws: one that lets nobody look has none. */
export const classesOf = (error: unknown): ReadonlyArray<string> => {
  try {
    return namesOf(error)
  } catch {
    return []
  }
}

const namesOf = (error: unknown): ReadonlyArray<string> => {
  const names: Array<string> = hasProperty(error, "name") && typeof error.name === "string" ? [error.name] : []
  let prototype: unknown = typeof error === "object" && error !== null ? Object.getPrototypeOf(error) : null
  while (typeof prototype === "object" && prototype !== null && names.length < 16) {
    const { constructor }: { readonly constructor?: unknown } = prototype
    if (typeof constructor === "function") names.push(constructor.name)
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
  let length = 0
  for (const [name, value] of pairs) {
    if (typeof value !== "string") continue
    length += name.length + value.length
    if (length > mostOfHeaders) break
    record[name.toLowerCase()] = value
  }
  return record
}

/** Names and values together, in characters: Node takes no more of an answer's headers by far, and what was put there by hand has no bound. */
const mostOfHeaders = 65_536

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
  if (answer !== undefined && !classesOf(error).includes("OAuthError")) {
    const { body, head } = answer
    const verdict = head.status >= 300 ? ofStatus(head, body) : classified(head, body, "stream")
    if (verdict !== undefined) return { ...verdict, cause: error }
  }
  const said = ofClass(error, classesOf(error), messageOf(error)) ?? ofReading(error)
  return said === undefined ? undefined : { reason: said, cause: error }
}

/** What an error's class says, or where that is lost its message. */
const ofClass = (error: unknown, classes: ReadonlyArray<string>, message: string): UpstreamReason | undefined => {
  const is = (name: string, text: string): boolean => classes.includes(name) || message.startsWith(text)
  if (is("LengthFinishReasonError", "Could not parse response content as the length limit")) {
    return unusable("length", message)
  }
  if (is("ContentFilterFinishReasonError", "Could not parse response content as the request was rejected")) {
    return unusable("filtered", message)
  }
  if (is("APIUserAbortError", "Request was aborted.")) {
    return new Aborted({ message: "the call was given up", seenIn: "socket", by: "caller" })
  }
  if (is("APIConnectionTimeoutError", "Request timed out.")) {
    // The SDK's own timer aborts its request, so that the cause is no more than an abort.
    const said = TransportFailure.reasonOf(error)
    return said._tag === "Timeout" ? said : TransportFailure.timeout("headers", defaultTimeout)
  }
  // Before the transport's: a credential is fetched over the network too.
  if (is("OAuthError", "OAuth2 authentication error") || classes.includes("SubjectTokenProviderError")) {
    return credential(message)
  }
  if (classes.includes("InvalidWebhookSignatureError")) {
    const code = "invalid_webhook_signature"
    return new InvalidRequest({ message: clean(message), seenIn: "request", code })
  }
  const encoded = Classification.wrongEncoding(error)
  if (encoded !== undefined) return encoded
  if (TransportFailure.isTransport(error)) return TransportFailure.reasonOf(error)
  if (is("APIConnectionError", "Connection error.")) return TransportFailure.reasonOf(error)
  if (classes.some((name) => /^(?:OpenAIRealtime|WebSocket|WebRTC)Error$/.test(name))) {
    return new Session({ message: clean(message), seenIn: "socket" })
  }
  if (classes.some((name) => /^(?:PartialJSON|MalformedJSON|AgentOutputParseError)$/.test(name))) {
    return unusable("unparsable", message)
  }
  if (!classes.includes("OpenAIError")) return undefined
  const rule = messages.find(([pattern]) => pattern.test(message))
  return rule === undefined
    ? new Configuration({ message: clean(message), seenIn: "request", option: "client" })
    : rule[1](message)
}

/** What the SDK's plain `OpenAIError` says, by its sentences in 7.57. */
const messages: ReadonlyArray<readonly [RegExp, (message: string) => UpstreamReason]> = [
  [
    /credentials|authentication method|'apiKey' function|get token|token exchange|X\.509|workload identity/i,
    (message) => credential(message)
  ],
  [/^request ended without sending any/, (message) => truncated("first-event", message)],
  [/^missing finish_reason/, (message) => truncated("finish-reason", message)],
  [
    /^missing |^expected |^Duplicate |^duplicate |^Received .+(?:run.step|message)|^When snapshot|stream contains|stream has ended|stream exceeded|stream does not match/,
    (message) => new StreamProtocol({ message: clean(message), seenIn: "stream", index: 0, event: "" })
  ],
  [/validation failed|could not be parsed/, (message) => unusable("unparsable", message)],
  [
    /^Path parameters|must be JSON serializable/,
    (message) => new RequestEncoding({ message: clean(message), seenIn: "request", path: "" })
  ]
]

const credential = (message: string): Credential =>
  new Credential({ message: clean(message), seenIn: "request", missing: "apiKey" })

const truncated = (missing: StreamTruncated["missing"], message: string): StreamTruncated =>
  new StreamTruncated({ message: clean(message), seenIn: "stream", events: 0, bytes: 0, partial: "", missing })

/**
 * What was thrown while the SDK wrote a request or read an answer. Such errors have
 * no class of their own; the SDK's sentences tell them, or the place in the stack.
 */
const ofReading = (error: unknown): UpstreamReason | undefined => {
  const classes = classesOf(error)
  const message = messageOf(error)
  if (/^(?:Could not parse )?Realtime WebSocket event /.test(message)) {
    return new Session({ message: clean(message), seenIn: "socket" })
  }
  if (classes.includes("SyntaxError")) {
    if (/server-sent event/.test(message)) {
      return new StreamProtocol({ message: clean(message), seenIn: "stream", index: 0, event: "" })
    }
    if (!message.startsWith("Error reading response") && !isIn(error, reading)) return undefined
    const issue = Classification.jsonIssue(error) ?? "not-json"
    return new MalformedResponse({ message: clean(message), seenIn: "body", issue, excerpt: "" })
  }
  if (!classes.includes("TypeError")) return undefined
  if (/^(?:Received null for|Invalid value given to form|Multipart field|Invalid streaming file chunk)/.test(message)) {
    return new RequestEncoding({ message: clean(message), seenIn: "request", path: "" })
  }
  if (/serialize a BigInt|circular structure/.test(message) && isIn(error, sdk)) {
    return new RequestEncoding({ message: clean(message), seenIn: "request", path: "" })
  }
  return isIn(error, reading) && /^Cannot read properties|is not iterable|is not a function/.test(message)
    ? new MalformedResponse({ message: clean(message), seenIn: "body", issue: "wrong-shape", excerpt: "" })
    : undefined
}

/** The SDK's own modules in a stack. */
const sdk = /[/\\]openai[/\\](?:src[/\\])?(?:internal|core|lib|client|resources)/

/** Those that read answers, and `fetch` where it does so for them. */
const reading = /[/\\]openai[/\\](?:src[/\\])?(?:internal[/\\]parse|core[/\\](?:pagination|streaming)|lib[/\\])/

/**
 * Whether an error was thrown in these modules: further down the stack they only called.
 * A stack that was trimmed, or the SDK within a bundle, does not tell.
 */
const isIn = (error: unknown, modules: RegExp): boolean => {
  const stack = hasProperty(error, "stack") && typeof error.stack === "string" ? error.stack : ""
  const frames = stack.split("\n").filter((line) => /^\s*at /.test(line))
  return frames
    .filter((frame) => !/\(<anonymous>\)|node:internal/.test(frame))
    .slice(0, 1)
    .some((frame) => modules.test(frame))
}

const clean = (message: string): string => Redaction.text(message.slice(0, 4_096)).slice(0, 500)

const unusable = (issue: OutputUnusable["issue"], message: string): OutputUnusable =>
  new OutputUnusable({ message: clean(message), seenIn: "body", issue, output: "" })
