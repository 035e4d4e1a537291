/** From an exchange to a stream of checked events. */
import * as Classification from "@causeway/core/Classification"
import * as TransportFailure from "@causeway/core/TransportFailure"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { StreamProtocol, type UpstreamReason } from "@causeway/core/UpstreamReason"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Pull from "effect/Pull"
import type { Recording } from "../Recording.ts"
import { type Event, maxEventLength, Parser } from "../Sse.ts"
import { type Fields, jsonOf } from "./answer.ts"
import { Beginning, firstOf } from "./beginning.ts"
import { EventCheck } from "./eventCheck.ts"
import type { Exchange, Sink } from "./exchange.ts"
import { type Call, classified, errorOf, ofStatus, type Verdict } from "./failure.ts"
import { Pending } from "./pending.ts"
import type { StreamKind } from "./streamKind.ts"

/** How long, and for how many bytes, an upstream may go on after its stream's end before its connection is closed. */
const linger = { ms: 1_000, bytes: 64 * 1024 }

/** A line that could be a field of a later standard: readers have to skip it. */
const isField = /^[\w-]+(?::|\n|$)/

/** Options of {@link Events}. */
export interface Options<A> {
  readonly call: Call
  readonly recording: Recording
  readonly kind: StreamKind
  /** What is handed on of an event. */
  readonly emit: (event: Event, json: Fields) => A
  /** What a chunk becomes. */
  readonly join: (chunk: NonEmptyReadonlyArray<A>, head: Exchange) => NonEmptyReadonlyArray<A>
}

/** A sink for an exchange whose answer is a stream of events, and the consumer's end of it. */
export class Events<A> implements Sink {
  readonly #options: Options<A>
  readonly #check: EventCheck
  readonly #parser: Parser
  readonly #pending: Pending<A>
  #exchange: Exchange | undefined
  /** The answer where it is no stream of events. */
  #body: Beginning | undefined
  /** Whether it is known that the answer is a stream. */
  #isStream = false
  #lastEventAt = 0
  #timer: NodeJS.Timeout | undefined
  #lingered = 0

  constructor(options: Options<A>) {
    this.#options = options
    this.#check = new EventCheck(options.kind)
    this.#parser = new Parser((event) => this.#event(event), maxEventLength)
    this.#pending = new Pending(
      (elements) => (this.#exchange === undefined ? elements : options.join(elements, this.#exchange)),
      () => {
        this.#lastEventAt = performance.now()
      }
    )
  }

  head(exchange: Exchange): void {
    this.#exchange = exchange
    this.#pending.exchange = exchange
    const type = exchange.header("content-type") ?? ""
    if (exchange.status >= 300 || /json|html|xml/i.test(type)) this.#body = new Beginning()
    else {
      this.#isStream = /event-stream/i.test(type)
      this.#lastEventAt = performance.now()
      this.#watch(exchange.limits.event)
    }
  }

  data(chunk: Uint8Array): void {
    if (this.isOver) return this.#linger(chunk.length)
    if (this.#body === undefined && !this.#isStream) this.#sniff(chunk)
    if (this.#body !== undefined) return this.#collect(this.#body, chunk)
    if (!this.#parser.feed(chunk)) this.#tooLong()
    if (!this.isOver) this.#pending.bound()
  }

  end(): void {
    clearTimeout(this.#timer)
    const exchange = this.#exchange
    if (this.isOver || exchange === undefined) return
    if (this.#body !== undefined) return this.#settle(this.#verdictOfBody(exchange, this.#body))
    const rest = this.#parser.rest
    // Some upstreams forget the empty line after their last event.
    if (/^data: ?\[DONE\]\s*$/.test(rest)) {
      this.#check.read({ event: "", data: "[DONE]", text: rest }, exchange, exchange.bytes)
    }
    if (this.#check.isDone) return this.#settle("done")
    const { stray } = this.#parser
    if (this.#check.events === 0 && this.#check.verdict === undefined) {
      // A body under the wrong name says more than that it holds no events.
      const text = this.#options.recording.body(exchange)
      const isNothing = !this.#isStream && text.trim() === ""
      if (isNothing || stray !== "" || /^[\s\uFEFF]*[{[<]/.test(text)) {
        return this.#settle(this.#verdictOfText(exchange, text))
      }
    }
    this.#check.end(exchange.bytes, isField.test(stray) ? "" : stray)
    this.#settle(this.#check.verdict ?? "done")
  }

  fail(reason: UpstreamReason, cause: unknown): void {
    clearTimeout(this.#timer)
    if (!this.isOver) this.#settle(cause === undefined ? { reason } : { reason, cause })
  }

  /** Calls back as soon as there is something to pull, be it the end. */
  whenReady(then: () => void): void {
    this.#pending.whenReady(then)
  }

  /** Whether the stream came to its end, whichever. */
  get isOver(): boolean {
    return this.#pending.isOver
  }

  /** The error with which the stream has begun, where it has failed before any event. */
  get failure(): UpstreamError | undefined {
    return this.#pending.failure
  }

  /** The next events. */
  get pull(): Pull.Pull<NonEmptyReadonlyArray<A>, UpstreamError> {
    return this.#pending.pull
  }

  /** Gives up what is left: the upstream's socket closes at once, unless the stream is at its end. */
  close(): void {
    const exchange = this.#exchange
    if (exchange === undefined || this.#check.isDone) return
    exchange.abort(exchange.givenUp())
  }

  #error(verdict: Verdict): UpstreamError {
    const bytes = this.#exchange?.bytes ?? 0
    const stream = this.#isStream && this.#check.events > 0 ? { stream: this.#check.progress(bytes) } : {}
    return errorOf(this.#options.call, { ...verdict, ...stream }, this.#options.recording)
  }

  #event(event: Event): void {
    const exchange = this.#exchange
    if (this.isOver || exchange === undefined) return
    const isSpoilt = !this.#parser.isUtf8 && event.text.includes("\uFFFD")
    const json = isSpoilt ? this.#check.spoilt(event) : this.#check.read(event, exchange, exchange.bytes)
    if (json !== undefined) {
      if (this.#check.isCarrying) this.#lastEventAt = performance.now()
      this.#pending.push(this.#options.emit(event, json), event.text.length)
    }
    if (this.#check.isDone) this.#settle("done")
    else if (this.#check.verdict !== undefined) {
      this.#settle(this.#check.verdict)
      exchange.abort(exchange.givenUp())
    }
  }

  #settle(outcome: "done" | Verdict): void {
    this.#pending.settle(outcome === "done" ? outcome : () => this.#error(outcome))
    clearTimeout(this.#timer)
    const exchange = this.#exchange
    if (outcome !== "done" || exchange === undefined || exchange.settled) return
    // The consumer has all it wants; the connection is kept if the upstream ends its message soon.
    this.#timer = setTimeout(() => exchange.abort(exchange.givenUp()), linger.ms).unref()
  }

  #linger(bytes: number): void {
    this.#lingered += bytes
    if (this.#lingered > linger.bytes) this.#exchange?.abort(this.#exchange.givenUp())
  }

  /** Bounds the wait for the next event that carries anything, which comments and empty events prolong for ever otherwise. */
  #watch(ms: number): void {
    this.#timer = setTimeout(() => {
      const exchange = this.#exchange
      if (exchange === undefined || this.isOver) return
      const limit = exchange.limits.event
      const left = this.#pending.isPaused ? limit : this.#lastEventAt + limit - performance.now()
      if (left > 0) this.#watch(Math.ceil(left))
      else exchange.abort(TransportFailure.timeout("idle", limit))
    }, ms)
  }

  /** Of an answer without a telling content type, the first bytes tell. */
  #sniff(chunk: Uint8Array): void {
    const beginning = firstOf(chunk).trimStart()
    if (beginning === "") return
    this.#isStream = !/^\uFEFF?\s*[{[<]/.test(beginning)
    if (this.#isStream) return
    clearTimeout(this.#timer)
    this.#body = new Beginning()
  }

  #collect(body: Beginning, chunk: Uint8Array): void {
    const exchange = this.#exchange
    if (exchange === undefined || !body.add(chunk, exchange)) return
    if (exchange.status < 300 && body.text.trim() === "") {
      this.#settle({ reason: Classification.malformed("too-large", body.text, "it is white space, and does not end") })
    } else this.end()
    exchange.abort(exchange.givenUp())
  }

  #verdictOfBody(exchange: Exchange, body: Beginning): Verdict {
    if (exchange.status >= 300) return ofStatus(exchange, body.text)
    const reason = body.undecodable(exchange)
    return reason === undefined ? this.#verdictOfText(exchange, body.text) : { reason }
  }

  #verdictOfText(exchange: Exchange, text: string): Verdict {
    const said = classified(exchange, text, "body")
    if (said !== undefined) return said
    return {
      reason:
        jsonOf(text) === undefined
          ? Classification.unreadable(text)
          : Classification.malformed("wrong-shape", text, "it is JSON, and a stream of events was asked for")
    }
  }

  #tooLong(): void {
    const exchange = this.#exchange
    this.#settle({
      reason: new StreamProtocol({
        message: `event ${this.#check.events} of the stream is longer than ${maxEventLength} characters`,
        seenIn: "stream",
        index: this.#check.events,
        event: ""
      })
    })
    exchange?.abort(exchange.givenUp())
  }
}
