/** What the streams of each API are made of, and what their proper end is. */
import type { StreamTruncated } from "@causeway/core/UpstreamReason"
import { type Fields, isFields } from "./answer.ts"

/** How much of the output is kept for evidence, in UTF-16 code units. */
const partialLimit = 16_384

/** No route has more choices; what they need of memory is the upstream's to say otherwise. */
const mostChoices = 1_024

/** One stream, as far as it has come. */
export interface Tally {
  /** Takes in an event that states no error. Gives what is wrong with it, if anything is. `type`: as the event calls itself. */
  add(json: Fields, type: string): string | undefined
  /** Whether an event brings its stream on: one that is empty only keeps the connection. */
  carries(json: Fields, type: string): boolean
  /** The beginning of the output. */
  readonly partial: string
  /** Whether the last event was there, after which there is nothing to wait for. */
  readonly isComplete: boolean
  /** What is missing if the stream ends now. `isMarked`: by `[DONE]`, not only by the end of its bytes. */
  missing(isMarked: boolean): StreamTruncated["missing"] | undefined
}

/** A kind of stream. */
export type StreamKind = () => Tally

const problemOfDelta = (delta: unknown): string | undefined => {
  if (delta === undefined || delta === null) return undefined
  if (!isFields(delta)) return "its delta is no object"
  const { tool_calls: calls } = delta
  if (calls === undefined || calls === null) return undefined
  return Array.isArray(calls) && calls.every(isFields) ? undefined : "its tool calls are no list of objects"
}

/** Whether a value is worth waiting for: not absent, empty or a mere list of such. */
const isSomething = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0)

/** Whether a choice of a stream carries anything but its role. */
const carries = (choice: Fields): boolean => {
  const { delta, finish_reason: finish, text } = choice
  if (isSomething(finish) || isSomething(text)) return true
  if (isFields(delta)) for (const name in delta) if (name !== "role" && isSomething(delta[name])) return true
  return false
}

/** Choices, each of which must finish, and `[DONE]`. */
class Choices implements Tally {
  readonly isComplete = false
  /** Of the first choice. */
  partial = ""
  /** The choices that have started, each with whether it has finished. */
  readonly #choices = new Map<unknown, boolean>()
  #open = 0

  add({ choices }: Fields): string | undefined {
    // An event beside the choices has none, or none to tell of.
    if (choices === undefined || choices === null) return undefined
    if (!Array.isArray(choices)) return "its choices are no list"
    for (const choice of choices) {
      if (!isFields(choice)) return "a choice is no object"
      const wrong = problemOfDelta(choice["delta"])
      if (wrong !== undefined) return wrong
      this.#choice(choice)
    }
    return this.#choices.size > mostChoices ? `the stream has more than ${mostChoices} choices` : undefined
  }

  carries({ choices, prompt_filter_results, usage }: Fields): boolean {
    return Array.isArray(choices) && choices.length > 0
      ? choices.some((choice) => isFields(choice) && carries(choice))
      : isSomething(usage) || isSomething(prompt_filter_results)
  }

  missing(isMarked: boolean): StreamTruncated["missing"] | undefined {
    if (!isMarked) return "done"
    return this.#open > 0 || this.#choices.size === 0 ? "finish-reason" : undefined
  }

  #choice(choice: Fields): void {
    const index = choice["index"] ?? 0
    const finish = choice["finish_reason"]
    const isFinished = this.#choices.get(index)
    if (typeof finish === "string" && finish !== "") {
      if (isFinished === false) this.#open--
      this.#choices.set(index, true)
    } else if (isFinished === undefined) {
      this.#choices.set(index, false)
      this.#open++
    }
    if (index !== 0) return
    const { delta, text } = choice
    this.partial = extended(this.partial, isFields(delta) ? delta["content"] : text)
  }
}

/** Events that name their type, with a type for the last one. Some upstreams send `[DONE]` behind it. */
class Typed implements Tally {
  partial = ""
  #isFinal = false
  readonly #final: ReadonlySet<string>
  /** Whether there is one final event, not one for each of several outputs. */
  readonly #isSingle: boolean

  constructor(final: ReadonlyArray<string>, isSingle: boolean) {
    this.#final = new Set(final)
    this.#isSingle = isSingle
  }

  get isComplete(): boolean {
    return this.#isFinal && this.#isSingle
  }

  add({ delta, response }: Fields, type: string): string | undefined {
    const status = isFields(response) ? response["status"] : undefined
    if (type === "response.completed" && (status === "in_progress" || status === "queued")) {
      return `the response is said to be completed, and is ${status}`
    }
    if (this.#final.has(type)) this.#isFinal = true
    else if (texts.has(type)) this.partial = extended(this.partial, delta)
    return undefined
  }

  carries(_json: Fields, type: string): boolean {
    return !empty.has(type)
  }

  missing(): StreamTruncated["missing"] | undefined {
    return this.#isFinal ? undefined : "final-event"
  }
}

/** Events of any sort, and `[DONE]`. */
const marked: Tally = {
  partial: "",
  isComplete: false,
  add: () => undefined,
  carries: () => true,
  missing: (isMarked) => (isMarked ? undefined : "done")
}

/** Events that only keep the connection, or say again that it goes on. */
const empty: ReadonlySet<string> = new Set(["keepalive", "ping", "response.in_progress", "response.queued"])

/** Events whose `delta` is text of the output. */
const texts: ReadonlySet<string> = new Set(["response.output_text.delta", "transcript.text.delta"])

const extended = (partial: string, piece: unknown): string =>
  typeof piece === "string" && partial.length < partialLimit
    ? partial + piece.slice(0, partialLimit - partial.length)
    : partial

/**
 * Streams by what they carry. From OpenAI's API reference, "Streaming events" of each
 * API; a response that is incomplete or cancelled has come to its end as well.
 */
export const streamKinds = {
  /** Chat completions and the older completions. */
  choices: () => new Choices(),
  response: () => new Typed(["response.completed", "response.incomplete", "response.cancelled"], true),
  image: () => new Typed(["image_generation.completed", "image_edit.completed"], false),
  speech: () => new Typed(["speech.audio.done"], true),
  transcription: () => new Typed(["transcript.text.done"], true),
  /** What is not known here. */
  other: () => marked
} satisfies Readonly<Record<string, StreamKind>>
