/**
 * The answer to a call: in the form that its schemas have, and of those the one that
 * the client wants most.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as Contract from "@causeway/core/Contract"
import type { PolicyError } from "@causeway/core/PolicyError"
import * as Made from "@causeway/resilience/Call"
import * as Policy from "@causeway/resilience/Policy"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { isObject } from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as PublicError from "../PublicError.ts"
import { InvalidValue, NotAcceptable, RequestError } from "../RequestError.ts"
import * as Accept from "./accept.ts"
import * as Body from "./body.ts"
import type { Call, CallError, CallOptions } from "./calls.ts"
import * as EventStream from "./eventStream.ts"
import * as StreamedAnswer from "./streamedAnswer.ts"

/** What a call is made with, beside what comes with the request. */
export interface Options {
  readonly policy: Policy.Policy | undefined
  /** The headers of the request that the handler gets, in lower case. */
  readonly headers: ReadonlyArray<string>
}

type Failure = CallError | BoundaryError | PolicyError | RequestError

type Answer<R = never> = Effect.Effect<HttpServerResponse.HttpServerResponse, Failure, HttpServerRequest | R>

/** Lines of JSON, under each of their names. */
const lines = ["application/x-ndjson", "application/ndjson", "application/jsonl"] as const

const json = "application/json"

/** The media types in which a call is answered, the usual one first; none where there is nothing to tell. */
export const mediaTypes = (call: Call): readonly [] | readonly [string, ...Array<string>] => {
  const text = call.kind === "many" ? (["text/event-stream", ...lines] as const) : ([json] as const)
  if (call.gives === "bytes") return [call.bytesType, ...text]
  return call.kind === "one" && call.gives === "nothing" ? [] : text
}

/** Answers a request by a call. */
export const answer = (call: Call, options: Options): Answer<Scope.Scope> => {
  const offered = mediaTypes(call)
  const [first] = offered
  if (first === undefined) return respond(call, options, json)
  const byType = new Map(offered.map((type) => [type, respond(call, options, type)]))
  return Effect.flatMap(HttpServerRequest, ({ headers }): Answer<Scope.Scope> => {
    const type = Accept.choose(headers["accept"], [first, ...offered.slice(1)])
    const answer = type === undefined ? undefined : byType.get(type)
    return answer ?? Effect.fail(new RequestError({ reason: new NotAcceptable({ offered }) }))
  })
}

/** Answers in a media type. */
const respond = (call: Call, { headers, policy }: Options, type: string): Answer<Scope.Scope> => {
  const payload = payloadOf(call)
  const made = Effect.map(HttpServerRequest, madeOf(call, headers))
  const options = optionsOf(headers)
  const isBytes = call.gives === "bytes" && type === call.bytesType
  if (call.kind === "many") {
    const form = formOf(type, isBytes)
    const pieces = piecesOf(call, type, isBytes)
    const stream = Effect.map(Effect.all([payload, options, made]), ([value, options, made]) => {
      const elements = call.run(value, options)
      return pieces(policy === undefined ? elements : Made.annotateStream(made)(Policy.applyStream(policy)(elements)))
    })
    return Effect.flatMap(Effect.flatMap(stream, EventStream.pullOf), (pull) =>
      Effect.flatMap(EventStream.first(pull), (first) => StreamedAnswer.respond(first, pull, form))
    )
  }
  const result = Effect.flatMap(payload, (value) =>
    Effect.flatMap(options, (options) => {
      const result = call.run(value, options)
      if (policy === undefined) return result
      return Effect.flatMap(made, (made) => Made.annotate(made)(Policy.apply(policy)(result)))
    })
  )
  if (call.gives === "nothing") return Effect.as(result, HttpServerResponse.empty())
  return isBytes
    ? Effect.map(Effect.flatMap(result, call.encodeBytes), (bytes) =>
        HttpServerResponse.uint8Array(bytes, { contentType: type })
      )
    : Effect.map(Effect.flatMap(result, call.encode), (text) => HttpServerResponse.text(text, { contentType: type }))
}

const key = "idempotency-key"

/**
 * What a policy is told of the call. What it learns of an upstream by one call says nothing
 * of another, which may take another time, ask another model, or no upstream at all. Twice
 * is as good as once where the contract says so, or where the handler can tell by the
 * caller's key.
 */
const madeOf = ({ rpc, tag }: Call, passed: ReadonlyArray<string>): ((request: HttpServerRequest) => Made.Call) => {
  const replay = Context.get(rpc.annotations, Contract.Replay)
  const isKeyPassed = passed.includes(key)
  const safe: Made.Call = { model: tag }
  const stated: Made.Call = { model: tag, replay }
  return ({ headers }) => (replay === "safe" || (isKeyPassed && headers[key] !== undefined) ? safe : stated)
}

const payloadOf = ({ decode, decodeBytes, takes }: Call): Effect.Effect<unknown, RequestError, HttpServerRequest> => {
  const fromJson = Effect.flatMap(Body.json, ({ value }) => decode(value))
  switch (takes) {
    case "nothing":
      return Effect.flatMap(Body.text, noPayload)
    case "json":
      return fromJson
    case "bytes":
      return Effect.flatMap(Body.mediaType, (type) =>
        type === json ? fromJson : Effect.flatMap(Body.bytes, decodeBytes)
      )
  }
}

/** Clients that always send JSON send `null` or `{}` where there is nothing to say. */
const noPayload = (text: string): Effect.Effect<undefined, RequestError> =>
  text.trim() === ""
    ? Effect.undefined
    : Effect.flatMap(Body.parse(text), ({ value }) =>
        value === null || (isObject(value) && Object.keys(value).length === 0)
          ? Effect.undefined
          : Effect.fail(
              new RequestError({ reason: new InvalidValue({ path: "", issue: "the call takes no payload" }) })
            )
      )

const optionsOf = (names: ReadonlyArray<string>): Effect.Effect<CallOptions, never, HttpServerRequest> =>
  names.length === 0
    ? Effect.succeed({})
    : Effect.map(HttpServerRequest, (request) => {
        const headers: Record<string, string> = {}
        for (const name of names) {
          const value = request.headers[name]
          if (value !== undefined) headers[name] = value
        }
        return { headers }
      })

const piecesOf = (call: Call, type: string, isBytes: boolean) => {
  const piece = (value: unknown): Effect.Effect<StreamedAnswer.Piece, BoundaryError> => {
    if (isBytes) return call.encodeBytes(value)
    const text = call.encode(value)
    return Effect.map(text, type === "text/event-stream" ? (json) => `data: ${json}\n\n` : (json) => `${json}\n`)
  }
  return <E>(elements: Stream.Stream<unknown, E>): Stream.Stream<StreamedAnswer.Piece, E | BoundaryError> =>
    Stream.mapArrayEffect(elements, (values) => Effect.forEach(values, piece))
}

/** How a stream looks around its elements, and how it says that it failed. */
const formOf = (type: string, isBytes: boolean): StreamedAnswer.Form => {
  if (type === "text/event-stream") return { ...EventStream.marked, headers: EventStream.headersWith({}) }
  const headers = { "cache-control": "no-cache", "x-accel-buffering": "no", "content-type": type }
  // Bytes have no way to say it: their connection is broken.
  return { headers, done: "", ...(!isBytes && { failed: toLine }) }
}

const toLine = ({ body }: PublicError.PublicError): string => `${JSON.stringify(body)}\n`
