/** What is known of the routes that are relayed. */
import * as Operation from "../../Operation.ts"
import { embeddings, inputsOf, isFields, moderations, type Problem, problems } from "../answer.ts"
import { type StreamKind, streamKinds } from "../streamKind.ts"

/** How the answer of a route is checked. */
export interface Route {
  /** The call's operation, as the SDK calls it: `chat.completions.create`. */
  readonly operation: string
  /** How an answer in JSON is checked. `body`: the request's, looked at where it is text. */
  readonly problem: (body: unknown) => Problem
  /** How an answer in events is checked. */
  readonly kind: StreamKind
  /** The content types of answers that are neither; `any` for content that is somebody's own. Default: none. */
  readonly content?: RegExp | "any"
}

interface Row extends Route {
  readonly method: string
  readonly path: RegExp
}

const row = (
  name: Operation.Name,
  problem: Problem,
  more: Partial<Pick<Route, "problem" | "kind" | "content">> = {}
): Row => {
  const { method, path } = Operation.operations[name]
  const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`)
  return { method, path: pattern, operation: name, problem: () => problem, kind: streamKinds.other, ...more }
}

/** Whatever is no text. */
const audio = /^(?!.*(?:json|html|xml|text\/))/i

/** Subtitles and plain text, as `response_format` asks for. */
const transcript = { kind: streamKinds.transcription, content: /^(?:text\/(?:plain|vtt|srt)|application\/x-subrip)/i }

const image = { kind: streamKinds.image }

const rows: ReadonlyArray<Row> = [
  row("chat.completions.create", problems.chat, { kind: streamKinds.choices }),
  row("completions.create", problems.completion, { kind: streamKinds.choices }),
  row("responses.create", problems.response, { kind: streamKinds.response }),
  row("embeddings.create", problems.anything, { problem: (body) => embeddings(inputsOf(parsed(body))) }),
  row("moderations.create", problems.moderation, { problem: (body) => moderations(inputOf(parsed(body))) }),
  row("models.list", problems.list),
  row("models.retrieve", problems.object),
  row("audio.speech.create", () => "it is JSON, and audio was asked for", { kind: streamKinds.speech, content: audio }),
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

const verbs: Readonly<Record<string, string>> = { GET: "list", DELETE: "delete" }

const withoutQuery = (path: string): string => {
  const query = path.indexOf("?")
  return query === -1 ? path : path.slice(0, query)
}

/** Whether the call may be made again though it may have run, by what its body asks for. */
export const replayOf = ({ operation }: Route, body: unknown): "never" | undefined => {
  const known = Operation.find(operation)
  if (known === undefined || (known.replay === "safe" && !names(body, known.effects))) return undefined
  const params = parsed(body)
  return Operation.replayOf(operation, isFields(params) ? params : {}) === "never" ? "never" : undefined
}

/** Whether a body has one of these words at all, which is cheaper to see than what it says. */
const names = (body: unknown, words: ReadonlyArray<string> = []): boolean =>
  typeof body === "string" && words.some((word) => body.includes(`"${word}"`))

const inputOf = (request: unknown): unknown => (isFields(request) ? request["input"] : undefined)

const parsed = (body: unknown): unknown => {
  try {
    return typeof body === "string" ? JSON.parse(body) : undefined
  } catch {
    return undefined
  }
}
