/**
 * Looks at each event of a stream: whether it is what the protocol allows, whether
 * it states an error, and whether the stream came to its proper end.
 */
import * as Redaction from "@causeway/core/Redaction"
import { ProviderFault, StreamProtocol, StreamTruncated } from "@causeway/core/UpstreamReason"
import type { Progress } from "../Recording.ts"
import type { Event } from "../Sse.ts"
import { endsInError, failedWordless, type Fields, isFields, jsonOf, statesError } from "./answer.ts"
import { classified, type Head, type Verdict } from "./failure.ts"
import type { StreamKind, Tally } from "./streamKind.ts"

/** The data of the event that ends most streams. */
const isDone = (data: string): boolean => data === "[DONE]" || data.trim() === "[DONE]"

/** One stream's check. */
export class EventCheck {
  /** Events that were right. */
  events = 0
  /** Whether the stream came to its proper end. */
  isDone = false
  /** Whether the last event brought the stream on. */
  isCarrying = false
  /** Why the stream failed. */
  verdict: Verdict | undefined
  readonly #tally: Tally

  constructor(kind: StreamKind) {
    this.#tally = kind()
  }

  /** The JSON of an event, or `undefined` for one that carries nothing on: the end, an error, an empty one. */
  read(event: Event, head: Head, bytes: number): Fields | undefined {
    const { data } = event
    if (data === "") return undefined
    if (isDone(data)) {
      this.#end(true, bytes)
      return undefined
    }
    const json = jsonOf(data)
    if (json === undefined) return this.#broken(event, "it is not JSON")
    if (!isFields(json)) return this.#broken(event, "it is no JSON object")
    const type = typeof json["type"] === "string" ? json["type"] : event.event
    const isFailed = type === "response.failed" || (type === "response.completed" && statusOf(json) === "failed")
    if (event.event === "error" || isFailed || statesError(json)) {
      const said = classified(head, asError(event.event, json, data), "stream")
      if (said !== undefined) {
        this.verdict = said
        return undefined
      }
      if (event.event === "error") return this.#broken(event, "it states an error without words")
      if (isFailed) {
        this.verdict = { reason: wordless() }
        return undefined
      }
      if (endsInError(json)) {
        this.verdict = { reason: failedWordless("stream") }
        return undefined
      }
    }
    const wrong = this.#tally.add(json, type)
    if (wrong !== undefined) return this.#broken(event, wrong)
    this.events++
    this.isDone = this.#tally.isComplete
    this.isCarrying = this.#tally.carries(json, type)
    return json
  }

  /** An event whose bytes are no UTF-8: with other characters in their place it would be another event. */
  spoilt(event: Event): undefined {
    return this.#broken(event, "its bytes are not UTF-8")
  }

  /** The stream has no more bytes. `stray`: what came that is no event, which says more than that the end is missing. */
  end(bytes: number, stray = ""): void {
    if (this.isDone || this.verdict !== undefined) return
    this.#end(false, bytes)
    if (!this.isDone && stray !== "") this.#broken({ event: "", data: "", text: stray }, "it is no event")
  }

  /** How far the stream came. */
  progress(bytes: number): Progress {
    const { partial } = this.#tally
    return {
      events: this.events,
      bytes,
      ...(partial !== "" && { partial: Redaction.text(partial) })
    }
  }

  #end(isMarked: boolean, bytes: number): void {
    const missing = !isMarked && this.events === 0 ? "first-event" : this.#tally.missing(isMarked)
    if (missing === undefined) {
      this.isDone = true
      return
    }
    this.verdict = {
      reason: new StreamTruncated({
        message: `the stream ended after ${this.events} events, ${missings[missing]}`,
        seenIn: "stream",
        events: this.events,
        bytes,
        partial: Redaction.text(this.#tally.partial),
        missing
      })
    }
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

/** The status of the response that an event holds. */
const statusOf = ({ response }: Fields): unknown => (isFields(response) ? response["status"] : undefined)

const wordless = (): ProviderFault =>
  new ProviderFault({ message: "the response failed, and the upstream does not say why", seenIn: "stream" })

/** An event named `error` states one, also where its data is the bare error. */
const asError = (name: string, json: Fields, data: string): string =>
  name === "error" && !statesError(json) ? JSON.stringify({ error: json }) : data
