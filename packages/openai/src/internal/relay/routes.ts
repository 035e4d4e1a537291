/** What is known of the routes that are relayed. */
import * as Classification from "@causeway/core/Classification"
import * as Operation from "../../Operation.ts"
import {
  embeddings,
  type Fields,
  inputsOf,
  isFields,
  isRecord,
  jsonOf,
  judge,
  moderations,
  type Problem,
  problems,
  responses
} from "../answer.ts"
import { classified, type Head, type Verdict } from "../failure.ts"
import { isText } from "../beginning.ts"
import { asksForStream, isForm } from "./form.ts"
import { type StreamKind, streamKinds } from "../streamKind.ts"

/** The body of a request. */
type Body = string | Uint8Array | undefined

/** How the answer of a route is checked. */
export interface Route {
  /** The call's operation, as the SDK calls it: `chat.completions.create`. */
  readonly operation: string
  /** How an answer in JSON is checked. `body`: the request's. */
  readonly problem: (body: Body) => Problem
  /** How an answer in events is checked. */
  readonly kind: StreamKind
  /** Whether a request in JSON asks for events. Default: by its `stream`. */
  readonly asksForStream?: (request: Fields) => boolean
  /** Which content types answers have that are neither; `any` for content that is somebody's own. Default: none. */
  readonly content?: ((type: string) => boolean) | "any"
  /** The `object` of an answer that is a record of another call: that call's failure is not this one's. */
  readonly record?: string
  /** Whether an answer may say nothing at all. Default: no. */
  readonly isEmptyDone?: boolean
  /** Whether it is somebody else's API: its JSON may be of any shape, and its events are bytes. Default: no. */
  readonly isForeign?: boolean
}

interface Row extends Route {
  readonly method: string
  readonly path: RegExp
}

type More = Partial<Pick<Route, "kind" | "asksForStream" | "content" | "record" | "isEmptyDone">>

/** A route whose answer in JSON is checked by what was asked for: `undefined` where that cannot be told. */
const asked = (name: Operation.Name, problem: (request: () => unknown) => Problem, more: More = {}): Row => {
  const { method, path } = Operation.operations[name]
  return {
    method,
    path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    operation: name,
    problem: (body) => problem(() => requestOf(body)),
    kind: streamKinds.other,
    ...more
  }
}

const row = (name: Operation.Name, problem: Problem, more?: More): Row => asked(name, () => problem, more)

/** Subtitles and plain text, as `response_format` asks for. */
const isTranscript = (type: string): boolean => /^(?:text\/(?:plain|vtt|srt)|application\/x-subrip)/i.test(type)

const transcript = { kind: streamKinds.transcription, content: isTranscript }

const speech = {
  kind: streamKinds.speech,
  asksForStream: ({ stream_format }: Fields) => stream_format === "sse",
  content: (type: string) => !isText(type)
}

const image = { kind: streamKinds.image }

const rows: ReadonlyArray<Row> = [
  row("chat.completions.create", problems.chat, { kind: streamKinds.choices }),
  row("completions.create", problems.completion, { kind: streamKinds.choices }),
  asked("responses.create", (request) => responses(() => mayBeBackground(request())), { kind: streamKinds.response }),
  row("responses.retrieve", problems.output, { kind: streamKinds.response, record: "response" }),
  row("responses.cancel", problems.output, { record: "response" }),
  row("responses.delete", problems.deleted, { isEmptyDone: true }),
  row("responses.inputItems.list", problems.page),
  asked("embeddings.create", (request) => embeddings(inputsOf(request()))),
  asked("moderations.create", (request) => moderations(inputOf(request()))),
  row("models.list", problems.list),
  row("models.retrieve", problems.object),
  row("audio.speech.create", () => "it is JSON, and audio was asked for", speech),
  row("audio.transcriptions.create", problems.text, transcript),
  row("audio.translations.create", problems.text, transcript),
  row("images.generate", problems.images, image),
  row("images.edit", problems.images, image),
  row("images.createVariation", problems.images),
  row("files.list", problems.page),
  row("files.create", problems.object),
  row("files.retrieve", problems.object),
  row("files.delete", problems.object),
  row("files.content", problems.anything, { content: "any" })
]

/** What is known of a route; of one that is not known, that its answers are JSON or end with `[DONE]`. */
export const routeOf = (method: string, path: string): Route => {
  const plain = withoutQuery(path)
  for (const each of rows) if (each.method === method && each.path.test(plain)) return each
  return {
    operation: `${plain.slice(1).replaceAll("/", ".")}.${verbs[method] ?? "create"}`.slice(0, 200),
    problem: () => problems.anything,
    kind: plain.endsWith("/completions") ? streamKinds.choices : streamKinds.other
  }
}

const isJson = (type: string): boolean => /^application\/(?:[\w.+-]+\+)?json\b/i.test(type)

/** A route of an API of which nothing is known but that it is HTTP. */
export const foreignRoute = (method: string, path: string): Route => ({
  operation: `${method} ${withoutQuery(path)}`.slice(0, 200),
  problem: () => problems.anything,
  kind: streamKinds.other,
  content: (type) => !isJson(type),
  isEmptyDone: true,
  isForeign: true
})

/** As {@link judge}, of JSON of any shape. */
const judgeForeign = (head: Head, text: string): Verdict | undefined => {
  const answer = jsonOf(text)
  if (answer === undefined) return classified(head, text, "body") ?? { reason: Classification.unreadable(text) }
  return statesError(answer) || head.outgoing?.rules !== undefined ? classified(head, text, "body") : undefined
}

const statesError = (answer: unknown): boolean =>
  isFields(answer) && answer["error"] !== undefined && answer["error"] !== null

/** A verdict on the text of an answer to a request of a route. */
export const judgeFor = (route: Route, body: Body, head: Head, text: string): Verdict | undefined => {
  if (route.isEmptyDone === true && text === "") return undefined
  if (route.isForeign === true) return judgeForeign(head, text)
  const problem = route.problem(body)
  return route.record !== undefined && isRecord(jsonOf(text), route.record, problem)
    ? undefined
    : judge(head, text, problem)
}

/** Whether an answer in events was asked for. Of a request that does not tell, any answer will do. */
export const asksForEvents = ({ asksForStream: asks = inItself }: Route, body: Body, contentType = ""): boolean => {
  if (body instanceof Uint8Array && isForm(contentType)) return asksForStream(body, contentType)
  const request = requestOf(body)
  return !isFields(request) || asks(request)
}

const inItself = ({ stream }: Fields): boolean => stream === true

const verbs: Readonly<Record<string, string>> = { GET: "list", DELETE: "delete" }

const withoutQuery = (path: string): string => {
  const query = path.indexOf("?")
  return query === -1 ? path : path.slice(0, query)
}

/** Whether the call may be made again though it may have run, by what its body asks for. */
export const replayOf = ({ operation }: Route, body: Body, idempotencyKey?: string): "never" | undefined => {
  const params = names(body, Operation.find(operation)?.effects) ? requestOf(body) : undefined
  const replay = Operation.replayOf(operation, isFields(params) ? params : {}, idempotencyKey)
  return replay === "never" ? replay : undefined
}

/** Whether a body has one of these words at all, which is cheaper to see than what it says. */
const names = (body: Body, words: ReadonlyArray<string> = []): boolean => {
  const searched = body instanceof Uint8Array ? bufferOf(body) : body
  return searched !== undefined && words.some((word) => searched.includes(`"${word}"`))
}

const bufferOf = (body: Uint8Array): Buffer => Buffer.from(body.buffer, body.byteOffset, body.byteLength)

const inputOf = (request: unknown): unknown => (isFields(request) ? request["input"] : undefined)

const mayBeBackground = (request: unknown): boolean => !isFields(request) || request["background"] === true

const requestOf = (body: Body): unknown =>
  body === undefined ? undefined : jsonOf(typeof body === "string" ? body : bufferOf(body).toString())
