/** Which reply a request gets. */
import * as Result from "effect/Result"
import * as Fault from "../Fault.ts"
import * as Reply from "../Reply.ts"
import * as ChatCompletion from "./chatCompletion.ts"
import * as Embedding from "./embedding.ts"
import { bodyLimit } from "./exchange.ts"
import * as Input from "./input.ts"
import type { Content } from "./journal.ts"
import { created, identity } from "./protocol.ts"

/** A request whose body has been read. */
export interface Call {
  readonly number: number
  readonly method: string
  /** Without its query. */
  readonly path: string
  readonly body: Uint8Array
  /** Whether a fault that happens a limited number of times happens now. */
  readonly isDue: (model: string, times: number) => boolean
}

export interface Answer {
  readonly reply: Reply.Reply
  readonly content: Content
}

/** Names in the record are cut to this length. */
const nameLimit = 256
const maxFields = 64

const nothing: Content = { model: undefined, fault: undefined, stream: false, fields: [], bytes: 0 }

const modelNotFound = (model: string): Reply.Reply =>
  Reply.problem(404, {
    type: "invalid_request_error",
    param: "model",
    code: "model_not_found",
    message:
      `The model '${model.slice(0, nameLimit)}' does not exist. The simulator's faults are ` +
      `${Fault.all.map(({ name }) => `fault:${name}`).join(", ")}; with *<n> behind it a fault happens n times.`
  })

const model = (id: string, description: string) => ({ id, object: "model", created, owned_by: identity, description })

const models = [
  model("simulator", "Answers chat completions; no model is running."),
  model("simulator-embedding", "Answers embeddings; no model is running."),
  ...Fault.all.map(({ description, name }) => model(`fault:${name}`, description))
]

const listModels = (): Reply.Reply => Reply.json(200, { object: "list", data: models })

const getModel = (encoded: string): Reply.Reply => {
  let id: string
  try {
    id = decodeURIComponent(encoded)
  } catch {
    return modelNotFound(encoded)
  }
  const description = Fault.isFaultModel(id)
    ? Fault.parse(id)?.fault.description
    : (models.find((known) => known.id === id)?.description ?? "Any name is answered; no model is running.")
  return description === undefined ? modelNotFound(id) : Reply.json(200, model(id, description))
}

interface Decoded {
  readonly model: string
  readonly stream: boolean
  readonly reply: Reply.Reply
}

type Handler = (body: Input.Fields, number: number) => Input.Input<Decoded>

const chatCompletion: Handler = (body, number) =>
  Result.map(ChatCompletion.decode(body), (request) => ({
    model: request.model,
    stream: request.stream,
    reply: ChatCompletion.reply(request, number)
  }))

const embedding: Handler = (body) =>
  Result.map(Embedding.decode(body), (request) => ({
    model: request.model,
    stream: false,
    reply: Embedding.reply(request)
  }))

/** The reply of the model's fault, or `undefined` where it is not its turn. */
const faulty = ({ isDue }: Call, { model, reply, stream }: Decoded) => {
  const invocation = Fault.parse(model)
  if (invocation === undefined || !isDue(model, invocation.times)) return undefined
  const { fault } = invocation
  return { fault: fault.name, reply: stream ? fault.stream(reply) : fault.plain(reply) }
}

const post = (call: Call, handler: Handler): Answer => {
  const body = Input.fields(call.body)
  if (Result.isFailure(body)) return { reply: body.failure, content: { ...nothing, bytes: call.body.length } }
  const { model, stream } = body.success
  const content: Content = {
    ...nothing,
    model: typeof model === "string" ? model.slice(0, nameLimit) : undefined,
    stream: stream === true,
    fields: Object.keys(body.success)
      .slice(0, maxFields)
      .map((name) => name.slice(0, nameLimit)),
    bytes: call.body.length
  }
  const decoded = handler(body.success, call.number)
  if (Result.isFailure(decoded)) return { reply: decoded.failure, content }
  if (Fault.isFaultModel(decoded.success.model) && Fault.parse(decoded.success.model) === undefined) {
    return { reply: modelNotFound(decoded.success.model), content }
  }
  const fault = faulty(call, decoded.success)
  return { reply: fault?.reply ?? decoded.success.reply, content: { ...content, fault: fault?.fault } }
}

interface Route {
  readonly method: "GET" | "POST"
  readonly path: RegExp
  readonly answer: (call: Call, match: string) => Answer
}

const routes: ReadonlyArray<Route> = [
  { method: "POST", path: /^\/v1\/chat\/completions$/, answer: (call) => post(call, chatCompletion) },
  { method: "POST", path: /^\/v1\/embeddings$/, answer: (call) => post(call, embedding) },
  { method: "GET", path: /^\/v1\/models$/, answer: () => ({ reply: listModels(), content: nothing }) },
  { method: "GET", path: /^\/v1\/models\/(.+)$/, answer: (_, id) => ({ reply: getModel(id), content: nothing }) }
]

/** The answer to a body over the limit, after which the connection is of no more use. */
export const tooLarge: Answer = {
  content: nothing,
  reply: Reply.problem(
    413,
    {
      type: "invalid_request_error",
      code: "request_too_large",
      message: `The body is larger than ${bodyLimit} bytes.`
    },
    { connection: "close" }
  )
}

/** The answer to a request, which always has one. */
export const answer = (call: Call): Answer => {
  const found = routes.flatMap((route) => {
    const match = route.path.exec(call.path)
    return match === null ? [] : [{ route, parameter: match[1] ?? "" }]
  })
  const fitting = found.find(({ route }) => route.method === call.method)
  if (fitting !== undefined) return fitting.route.answer(call, fitting.parameter)
  const allow = found.map(({ route }) => route.method).join(", ")
  const subject = `${call.method} ${call.path.slice(0, nameLimit)}`
  const content = { ...nothing, bytes: call.body.length }
  return {
    content,
    reply:
      allow === ""
        ? Reply.problem(404, {
            type: "invalid_request_error",
            code: "unknown_url",
            message: `There is no route ${subject}; the simulator serves POST /v1/chat/completions, POST /v1/embeddings and GET /v1/models.`
          })
        : Reply.problem(
            405,
            {
              type: "invalid_request_error",
              code: "method_not_allowed",
              message: `${subject} is not allowed: use ${allow}.`
            },
            { allow }
          )
  }
}
