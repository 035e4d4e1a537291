/**
 * Looks at each event of a stream of completions: whether it is what the protocol
 * allows, whether it states an error, and whether the stream came to its proper end.
 */
import * as Redaction from "@causeway/core/Redaction"
import { StreamProtocol, StreamTruncated } from "@causeway/core/UpstreamReason"
import type { Progress } from "../Recording.ts"
import type { Event } from "../Sse.ts"
import { type Fields, isFields, statesError } from "./answer.ts"
import { classified, type Head, type Verdict } from "./failure.ts"

/** How much of the output is kept for evidence, in UTF-16 code units. */
const partialLimit = 16_384

/** No route has more choices; what they need of memory is the upstream's to say otherwise. */
const mostChoices = 1_024

/** The data of the event that ends a stream. */
const isDone = (data: string): boolean => data === "[DONE]" || data.trim() === "[DONE]"

/** One stream's check. */
export class EventCheck {
  /** Events that were right. */
  events = 0
  /** Whether the stream came to its proper end. */
  isDone = false
  /** Why the stream failed. */
  verdict: Verdict | undefined
  /** The first choice's output so far, bounded. */
  #partial = ""
  /** The choices that have started, each with whether it has finished. */
  readonly #choices = new Map<unknown, boolean>()
  #open = 0
  readonly #hasChoices: boolean

  /** `hasChoices`: whether the route streams choices, each of which must finish. */
  constructor(hasChoices: boolean) {
    this.#hasChoices = hasChoices
  }

  /** The JSON of an event, or `undefined` for one that carries nothing on: the end, an error, an empty one. */
  read(event: Event, head: Head, bytes: number): Fields | undefined {
    const { data } = event
    if (data === "") return undefined
    if (isDone(data)) {
      this.#finish(bytes)
      return undefined
    }
    let json: unknown
    try {
      json = JSON.parse(data)
    } catch {
      return this.#broken(event, "it is not JSON")
    }
    if (!isFields(json)) return this.#broken(event, "it is no JSON object")
    const { choices } = json
    if (event.event === "error" || statesError(json)) {
      const said = classified(head, asError(event.event, json, data), "stream")
      if (said !== undefined) {
        this.verdict = said
        return undefined
      }
      if (event.event === "error") return this.#broken(event, "it states an error without words")
    }
    if (Array.isArray(choices)) for (const choice of choices) if (isFields(choice)) this.#choice(choice)
    if (this.#choices.size > mostChoices) return this.#broken(event, `the stream has more than ${mostChoices} choices`)
    this.events++
    return json
  }

  /** The stream has no more bytes. */
  end(bytes: number): void {
    if (this.isDone || this.verdict !== undefined) return
    this.verdict = { reason: this.#truncated(this.events === 0 ? "first-event" : "done", bytes) }
  }

  /** How far the stream came. */
  progress(bytes: number): Progress {
    return {
      events: this.events,
      bytes,
      ...(this.#partial !== "" && { partial: Redaction.text(this.#partial) })
    }
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
    if (index !== 0 || this.#partial.length >= partialLimit) return
    const { delta, text } = choice
    const piece = isFields(delta) ? delta["content"] : text
    if (typeof piece === "string") this.#partial += piece.slice(0, partialLimit - this.#partial.length)
  }

  #finish(bytes: number): void {
    if (this.#hasChoices && (this.#open > 0 || this.#choices.size === 0)) {
      this.verdict = { reason: this.#truncated("finish-reason", bytes) }
    } else this.isDone = true
  }

  #truncated(missing: StreamTruncated["missing"], bytes: number): StreamTruncated {
    return new StreamTruncated({
      message: `the stream ended after ${this.events} events, ${missings[missing]}`,
      seenIn: "stream",
      events: this.events,
      bytes,
      partial: Redaction.text(this.#partial),
      missing
    })
  }

  #broken({ text }: Event, what: string): undefined {
    this.verdict = {
      reason: new StreamProtocol({
        message: `event ${this.events} of the stream is wrong: ${what}`,
        seenIn: "stream",
        index: this.events,
        event: Redaction.text(text.slice(0, 2_000)).slice(0, 500)
      })
    }
    return undefined
  }
}

const missings: Readonly<Record<StreamTruncated["missing"], string>> = {
  done: "without [DONE]",
  "finish-reason": "without a finish reason",
  "final-event": "without its final event",
  "first-event": "before any event came"
}

/** An event named `error` states one, also where its data is the bare error. */
const asError = (name: string, json: Fields, data: string): string =>
  name === "error" && !statesError(json) ? JSON.stringify({ error: json }) : data
