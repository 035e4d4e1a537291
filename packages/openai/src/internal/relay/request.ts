/** A relayed request as it goes out. */
import * as Redaction from "@causeway/core/Redaction"
import type { Rule } from "@causeway/core/Rule"
import * as Upstream from "@causeway/core/Upstream"
import { RequestEncoding } from "@causeway/core/UpstreamReason"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import type { ForwardedHeaders } from "../../ForwardedHeaders.ts"
import { Recording } from "../../Recording.ts"
import { type Call, errorOf } from "../failure.ts"
import type { Outgoing } from "../request.ts"
import { isHeaderValue, type Ready, requestIdNames, requestIdOf, traceHeadersOf } from "../upstreams.ts"
import { isForm, renameInForm } from "./form.ts"
import { renameModel } from "./renameModel.ts"
import { foreignRoute, replayOf, type Route, routeOf } from "./routes.ts"

/** What a caller asks for. */
export interface RelayRequest {
  readonly path: string
  readonly method: string
  readonly body?: string | Uint8Array | undefined
  /** Of the body. Default: JSON. */
  readonly contentType?: string | undefined
  /** What the caller takes for an answer. Default: by the kind of call. */
  readonly accept?: string | undefined
  /** Of the caller's own, names in lower case. */
  readonly headers?: ForwardedHeaders | Readonly<Record<string, string>> | undefined
}

/** An upstream with the headers that each request to it has. */
export interface Target extends Ready {
  /** Names and values in turn, by what is accepted as an answer. */
  readonly accepting: Readonly<Record<Accept, ReadonlyArray<string>>>
  /** The upstream's own, which win over the content type of a body. */
  readonly own: Readonly<Record<string, string>>
  /** Of an upstream with an API of its own. */
  readonly foreign?: Foreign
}

/** What is known of an upstream with an API of its own. */
export interface Foreign {
  /** Its paths, by those that callers use. */
  readonly paths: ReadonlyMap<string, string>
  readonly rules: ReadonlyArray<Rule>
}

type Accept = "application/json" | "text/event-stream" | "*/*"

const json = "application/json"

/** Puts the headers of an upstream's requests together once. */
export const targetOf = (upstream: Ready): Target => {
  const own: Record<string, string> = {}
  if (upstream.apiKey !== undefined) own["authorization"] = `Bearer ${Redacted.value(upstream.apiKey)}`
  for (const [name, value] of Object.entries(upstream.headers)) own[name.toLowerCase()] = value
  const accepting = {
    "application/json": headersOf(json, json, own),
    "text/event-stream": headersOf("text/event-stream", json, own),
    "*/*": headersOf("*/*", json, own)
  }
  return { ...upstream, own, accepting }
}

const headersOf = (accept: string, type: string, own: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  Object.entries({ accept, "content-type": type, "user-agent": "causeway", ...own }).flat()

/** One attempt at a relayed call, ready to be sent. */
export interface Attempt {
  readonly call: Call
  readonly request: RelayRequest
  readonly route: Route
  readonly recording: Recording
  readonly sent: Outgoing
}

/** Makes an attempt ready, or says why there cannot be one. */
export const attemptOf = (
  target: Target,
  request: RelayRequest,
  accept: Accept,
  fiber: Fiber.Fiber<unknown, unknown>
): Attempt | UpstreamError => {
  const stream = accept === "text/event-stream"
  const route = (target.foreign === undefined ? routeOf : foreignRoute)(request.method, request.path)
  const replay =
    target.foreign === undefined ? replayOf(route, request.body, request.headers?.["idempotency-key"]) : undefined
  const call: Call = { upstream: target.name, operation: route.operation, ...(replay !== undefined && { replay }) }
  const recording = new Recording({ stream, firstAttempt: fiber.getRef(Upstream.CurrentAttempt)?.number })
  const sent = outgoing(target, request, accept, stream, fiber)
  return sent instanceof RequestEncoding
    ? errorOf(call, { reason: sent }, recording)
    : { call, request, route, recording, sent }
}

const outgoing = (
  target: Target,
  { body, contentType = json, headers: callers = {}, method, path, accept: accepted }: RelayRequest,
  accept: Accept,
  stream: boolean,
  fiber: Fiber.Fiber<unknown, unknown>
): Outgoing | RequestEncoding => {
  if (!/^\/[\x21-\x7e]*$/.test(path) || stepsUp.test(path)) return unsendable("path", path)
  if (!/^[A-Z]{1,20}$/.test(method)) return unsendable("method", method)
  if (!isHeaderValue(contentType)) return unsendable("content type", contentType)
  if (accepted !== undefined && !isHeaderValue(accepted)) return unsendable("header accept", accepted)
  const forwarded = Object.entries(callers).filter(([name]) => target.own[name] === undefined)
  const wrong = forwarded.find(([, value]) => !isHeaderValue(value))
  if (wrong !== undefined) return unsendable(`header ${wrong[0]}`, wrong[1])
  const id = requestIdOf(fiber)
  const ids = id === undefined ? [] : requestIdNames.map((name) => [name, id])
  const isUsual = contentType === json && accepted === undefined
  const headers = isUsual ? target.accepting[accept] : headersOf(accepted ?? accept, contentType, target.own)
  return {
    method,
    origin: target.origin,
    path: target.prefix + withQuery(mapped(renamed(path, target.models), target.foreign), target.query),
    headers: [...headers, ...forwarded.flat(), ...ids.flat(), ...Object.entries(traceHeadersOf(fiber)).flat()],
    body: bodyOf(body, contentType, target.models),
    stream,
    ...(target.foreign !== undefined && { rules: target.foreign.rules })
  }
}

/** The path that an upstream has for one of its callers', with the query as it is. */
const mapped = (path: string, foreign: Foreign | undefined): string => {
  if (foreign === undefined || foreign.paths.size === 0) return path
  const [, plain = path, query = ""] = /^([^?]*)(.*)$/s.exec(path) ?? []
  return (foreign.paths.get(plain) ?? plain) + query
}

/** A path with a step such as `..`, in any spelling that a server may take for it, leads anywhere on the upstream. */
const stepsUp = /^[^?]*?[/\\](?:\.|%2e){1,2}(?:[/\\?#;]|$)/i

const bodyOf = (
  body: RelayRequest["body"],
  contentType: string,
  models: ReadonlyMap<string, string>
): Outgoing["body"] => {
  if (body === undefined || models.size === 0) return body
  if (typeof body === "string") return renameModel(body, models)
  return isForm(contentType)
    ? renameInForm(body, contentType, models)
    : /json/i.test(contentType)
      ? renameModel(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString(), models)
      : body
}

/** A model's own page is named after it. */
const renamed = (path: string, models: ReadonlyMap<string, string>): string => {
  if (models.size === 0) return path
  const [, encoded, rest = ""] = /^\/models\/([^/?]+)(.*)$/.exec(path) ?? []
  const name = encoded === undefined ? undefined : models.get(decoded(encoded))
  return name === undefined ? path : `/models/${encodeURIComponent(name)}${rest}`
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const withQuery = (path: string, query: string): string =>
  query === "" ? path : path.includes("?") ? `${path}&${query.slice(1)}` : path + query

const unsendable = (what: string, value: string): RequestEncoding =>
  new RequestEncoding({
    message: `the ${what} cannot be sent: ${JSON.stringify(Redaction.url(value).slice(0, 100))}`,
    seenIn: "request",
    path: what
  })
