/** The routes of the API, and the right answer of each. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Answer from "../Answer.ts"
import * as Fault from "../Fault.ts"
import * as Reply from "../Reply.ts"
import * as ChatCompletion from "./api/chatCompletion.ts"
import * as Completion from "./api/completion.ts"
import * as Embedding from "./api/embedding.ts"
import * as File from "./api/file.ts"
import * as Image from "./api/image.ts"
import * as Model from "./api/model.ts"
import * as Moderation from "./api/moderation.ts"
import * as Response from "./api/response.ts"
import * as Speech from "./api/speech.ts"
import * as Transcription from "./api/transcription.ts"
import { bodyLimit } from "./exchange.ts"
import * as Input from "./input.ts"
import { type Content, nothing } from "./journal.ts"
import type { Store } from "./store.ts"

/** A request whose body has been read. */
export interface Call {
  readonly number: number
  readonly method: string
  /** Without its query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Where the simulator is reached: scheme, host and port. */
  readonly origin: string
  readonly contentType: string
  readonly body: Uint8Array
  readonly store: Store
}

/** The right answer, and what the record says of the request. */
export interface Answered {
  readonly answer: Answer.Answer
  readonly content: Content
}

/** Names in the record are cut to this length. */
const nameLimit = 256
const maxFields = 64

type Handler = (body: Input.Fields, call: Call, parameter: string) => Input.Input<Answer.Answer>

interface Route {
  readonly method: "GET" | "POST" | "DELETE"
  readonly path: RegExp
  /** Whether the request has a body. */
  readonly input: "json" | "form" | "none"
  readonly handler: Handler
}

/** A pattern as `/v1/files/:id`; a last `*` stands for the rest, slashes included. */
const route = (pattern: string, input: Route["input"], handler: Handler): Route => {
  const [method = "GET", path = ""] = pattern.split(" ")
  const source = path.replaceAll(/:[a-z]+/g, "([^/]+)").replace("*", "(.+)")
  return { method: method as Route["method"], path: new RegExp(`^${source}$`), input, handler }
}

const routes: ReadonlyArray<Route> = [
  route("POST /v1/chat/completions", "json", (body, { number }) => ChatCompletion.answer(body, number)),
  route("POST /v1/responses", "json", (body, { number, store }) => Response.create(body, number, store)),
  route("POST /v1/responses/input_tokens", "json", (body, { number }) => Response.inputTokens(body, number)),
  route("GET /v1/responses/:id", "none", (_, { query, store }, id) => Response.retrieve(id, query, store)),
  route("DELETE /v1/responses/:id", "none", (_, { store }, id) => Response.remove(id, store)),
  route("POST /v1/responses/:id/cancel", "none", (_, { store }, id) => Response.cancel(id, store)),
  route("GET /v1/responses/:id/input_items", "none", (_, { query, store }, id) =>
    Response.inputItems(id, query, store)
  ),
  route("POST /v1/embeddings", "json", Embedding.answer),
  route("GET /v1/models", "none", () => Result.succeed(Model.list())),
  route("GET /v1/models/*", "none", (_, __, id) => Result.succeed(Model.retrieve(id))),
  route("POST /v1/completions", "json", (body, { number }) => Completion.answer(body, number)),
  route("POST /v1/moderations", "json", (body, { number }) => Moderation.answer(body, number)),
  route("POST /v1/audio/speech", "json", Speech.answer),
  route("POST /v1/audio/transcriptions", "form", Transcription.transcription),
  route("POST /v1/audio/translations", "form", Transcription.translation),
  route("POST /v1/images/generations", "json", (body, { origin }) => Image.answer("generation")(body, origin)),
  route("POST /v1/images/edits", "form", (body, { origin }) => Image.answer("edit")(body, origin)),
  route("POST /v1/images/variations", "form", (body, { origin }) => Image.answer("variation")(body, origin)),
  route("POST /v1/files", "form", (body, { number, store }) => File.create(body, number, store)),
  route("GET /v1/files", "none", (_, { query, store }) => Result.succeed(File.list(query, store))),
  route("GET /v1/files/:id", "none", (_, { store }, id) => File.retrieve(id, store)),
  route("GET /v1/files/:id/content", "none", (_, { store }, id) => File.content(id, store)),
  route("DELETE /v1/files/:id", "none", (_, { store }, id) => File.remove(id, store))
]

/** What there is, for people. */
const served = "chat completions, responses, embeddings, models, completions, moderations, audio, images and files"

const bodyOf = (call: Call, input: Route["input"]): Effect.Effect<Input.Input<Input.Fields>> =>
  input === "none"
    ? Effect.succeed(Result.succeed({}))
    : input === "json"
      ? Effect.sync(() => Input.fields(call.body))
      : Effect.promise(() => Input.form(call.body, call.contentType))

const contentOf = (call: Call, body: Input.Fields): Content => {
  const { model, stream, stream_format: format } = body
  return {
    ...nothing,
    model: typeof model === "string" ? model.slice(0, nameLimit) : undefined,
    stream: stream === true || format === "sse",
    fields: Object.keys(body)
      .slice(0, maxFields)
      .map((name) => name.slice(0, nameLimit)),
    bytes: call.body.length,
    body
  }
}

/** The right answer to a request, which always has one. */
export const answer = Effect.fnUntraced(function* (call: Call): Effect.fn.Return<Answered> {
  const found = routes.flatMap((each) => {
    const match = each.path.exec(call.path)
    return match === null ? [] : [{ each, parameter: match[1] ?? "" }]
  })
  const fitting = found.find(({ each }) => each.method === call.method)
  if (fitting === undefined) {
    const methods = [...new Set(found.map(({ each }) => each.method))]
    return refused(methods.length === 0 ? unknown(call) : notAllowed(call, methods.join(", ")), call)
  }
  const { each, parameter } = fitting
  const body = yield* bodyOf(call, each.input)
  if (Result.isFailure(body)) return refused(body.failure, call)
  const content = contentOf(call, body.success)
  const model = content.model ?? ""
  if (Fault.isFaultModel(model) && Fault.parse(model) === undefined) {
    return { answer: Answer.json(Model.notFound(model)), content }
  }
  const answered = each.handler(body.success, call, parameter)
  return { answer: Result.getOrElse(answered, Answer.json), content }
})

const refused = (reply: Reply.Reply, { body }: Call): Answered => ({
  answer: Answer.json(reply),
  content: { ...nothing, bytes: body.length }
})

const subjectOf = ({ method, path }: Call): string => `${method} ${path.slice(0, nameLimit)}`

const unknown = (call: Call): Reply.Reply =>
  Reply.problem(404, {
    type: "invalid_request_error",
    code: "unknown_url",
    message: `There is no route ${subjectOf(call)}; the simulator serves OpenAI's ${served} under /v1.`
  })

const notAllowed = (call: Call, allow: string): Reply.Reply =>
  Reply.problem(
    405,
    {
      type: "invalid_request_error",
      code: "method_not_allowed",
      message: `${subjectOf(call)} is not allowed: use ${allow}.`
    },
    { allow }
  )

/** The answer to a body over the limit, after which the connection is of no more use. */
export const tooLarge: Answered = {
  content: nothing,
  answer: Answer.json(
    Reply.problem(
      413,
      {
        type: "invalid_request_error",
        code: "request_too_large",
        message: `The body is larger than ${bodyLimit} bytes.`
      },
      { connection: "close" }
    )
  )
}
