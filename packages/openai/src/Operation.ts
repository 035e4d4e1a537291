/**
 * The operations of `OpenAiClient` as data: the route of each, what a repetition of it
 * can do, and what OpenTelemetry's conventions call it. The client retries by it and
 * marks its errors by it, so that a policy does the same without knowing the table.
 *
 * **Details**
 *
 * `replay` is about effects, not about cost: a repeated completion costs tokens and
 * changes nothing. A call `with-key` is repeated after a failure that may have run
 * only if it has an idempotency key; without one its errors carry `replay: "never"`.
 *
 * **Example** (What may be repeated)
 *
 * ```ts
 * import * as Operation from "@causeway/openai/Operation"
 *
 * Operation.replayOf("chat.completions.create", {}) // => "safe"
 * Operation.replayOf("responses.create", { background: true }) // => "never"
 * Operation.replayOf("files.create", {}, "my-key") // => "safe"
 * ```
 */

/**
 * Whether a call may be made again though it may have run. `safe`: it changes nothing,
 * or a repetition changes nothing more. `with-key`: only with an idempotency key.
 */
export type Replay = "safe" | "with-key"

/** One operation. */
export interface Operation {
  readonly method: "GET" | "POST" | "DELETE"
  /** Below the base URL; what stands in braces is a parameter. */
  readonly path: string
  readonly replay: Replay
  /** Parameters that give the call an effect of its own: with one of them it is as `with-key`. */
  readonly effects?: ReadonlyArray<string>
  /**
   * `gen_ai.operation.name`, by the conventions where they have a name
   * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/), else the operation's own.
   */
  readonly genAi?: string
  /** `gen_ai.output.type`, where the operation has only one. */
  readonly output?: "text" | "image" | "speech"
}

const post = (path: string, more: Partial<Operation> = {}): Operation => ({
  method: "POST",
  path,
  replay: "safe",
  ...more
})

const get = (path: string): Operation => ({ method: "GET", path, replay: "safe" })

/** A repeated deletion deletes nothing more (RFC 9110, 9.2.2); it may find that the object is gone. */
const remove = (path: string): Operation => ({ method: "DELETE", path, replay: "safe" })

const chat = post("/chat/completions", { genAi: "chat" })
// A response in the background is a job; one of a conversation adds to it.
const response = post("/responses", { genAi: "chat", effects: ["background", "conversation"] })
const completion = post("/completions", { genAi: "text_completion", output: "text" })
const speech = post("/audio/speech", { genAi: "generate_content", output: "speech" })
const transcription = post("/audio/transcriptions", { genAi: "generate_content", output: "text" })
const images = (path: string) => post(path, { genAi: "generate_content", output: "image" })

/** Every operation of the client, and a few that are reached by `use` and must not happen twice. */
export const operations = {
  "chat.completions.create": chat,
  "chat.completions.stream": chat,
  "chat.completions.parse": chat,
  "responses.create": response,
  "responses.stream": response,
  "responses.parse": response,
  "responses.retrieve": get("/responses/{id}"),
  "responses.retrieveStream": get("/responses/{id}"),
  "responses.cancel": post("/responses/{id}/cancel"),
  "responses.delete": remove("/responses/{id}"),
  "responses.inputItems.list": get("/responses/{id}/input_items"),
  "responses.inputItems.listStream": get("/responses/{id}/input_items"),
  "embeddings.create": post("/embeddings", { genAi: "embeddings" }),
  "models.list": get("/models"),
  "models.retrieve": get("/models/{id}"),
  "completions.create": completion,
  "completions.stream": completion,
  "moderations.create": post("/moderations"),
  "audio.speech.create": speech,
  "audio.speech.stream": speech,
  "audio.transcriptions.create": transcription,
  "audio.transcriptions.stream": transcription,
  "audio.translations.create": post("/audio/translations", { genAi: "generate_content", output: "text" }),
  "images.generate": images("/images/generations"),
  "images.generateStream": images("/images/generations"),
  "images.edit": images("/images/edits"),
  "images.editStream": images("/images/edits"),
  "images.createVariation": images("/images/variations"),
  "files.create": post("/files", { replay: "with-key" }),
  "files.retrieve": get("/files/{id}"),
  "files.list": get("/files"),
  "files.listStream": get("/files"),
  "files.delete": remove("/files/{id}"),
  "files.content": get("/files/{id}/content"),
  "files.contentStream": get("/files/{id}/content"),
  "batches.create": post("/batches", { replay: "with-key" }),
  "fineTuning.jobs.create": post("/fine_tuning/jobs", { replay: "with-key" }),
  "beta.threads.runs.create": post("/threads/{id}/runs", { replay: "with-key" })
} as const satisfies Readonly<Record<string, Operation>>

/** The name of an operation. */
export type Name = keyof typeof operations

/** The operation of a name, if it has one here. */
export const find = (name: string): Operation | undefined =>
  Object.hasOwn(operations, name) ? operations[name as Name] : undefined

/** Whether a call with these parameters may be made again though it may have run. One that is not known here may. */
export const replayOf = (name: string, params: object = {}, idempotencyKey?: string): "safe" | "never" => {
  const operation = find(name)
  if (operation === undefined || idempotencyKey !== undefined) return "safe"
  if (operation.replay === "with-key") return "never"
  return operation.effects?.some((effect) => hasEffect(Reflect.get(params, effect))) === true ? "never" : "safe"
}

const hasEffect = (value: unknown): boolean => value !== undefined && value !== null && value !== false
