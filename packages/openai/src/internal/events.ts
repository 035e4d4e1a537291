/**
 * From an exchange to a stream of checked events: what came in one turn is one
 * chunk, and whoever is slow slows the upstream down.
 */
import * as Classification from "@causeway/core/Classification"
import * as TransportFailure from "@causeway/core/TransportFailure"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { StreamProtocol, type UpstreamReason } from "@causeway/core/UpstreamReason"
import { isArrayNonEmpty, type NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import type { Recording } from "../Recording.ts"
import { type Event, maxEventLength, Parser } from "../Sse.ts"
import { type Fields, isFields, unreadable } from "./answer.ts"
import { EventCheck } from "./eventCheck.ts"
import type { Exchange, Sink } from "./exchange.ts"
import { type Call, classified, errorOf, ofStatus, type Verdict } from "./failure.ts"

/** Events that wait for the consumer, in UTF-16 code units, before the upstream is told to. */
const window = 256 * 1024

/** How long, and for how many bytes, an upstream may go on after its stream's end before its connection is closed. */
const linger = { ms: 1_000, bytes: 64 * 1024 }

/** Options of {@link Events}. */
export interface Options<A> {
  readonly call: Call
  readonly recording: Recording
  /** Whether the route streams choices, each of which must finish. */
  readonly hasChoices: boolean
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
  #exchange: Exchange | undefined
  /** The answer where it is no stream of events, in pieces. */
  #body: Array<Uint8Array> | undefined
  #bodyBytes = 0
  /** Whether it is known that the answer is a stream. */
  #isStream = false
  #pending: Array<A> = []
  #size = 0
  #isPaused = false
  #outcome: "open" | "done" | Verdict = "open"
  #wake: (() => void) | undefined
  #isWaking = false
  #lastEventAt = 0
  #timer: NodeJS.Timeout | undefined
  #lingered = 0

  constructor(options: Options<A>) {
    this.#options = options
    this.#check = new EventCheck(options.hasChoices)
    this.#parser = new Parser((event) => this.#event(event), maxEventLength)
  }

  head(exchange: Exchange): void {
    this.#exchange = exchange
    const type = exchange.header("content-type") ?? ""
    if (exchange.status >= 300 || /json|html|xml/i.test(type)) this.#body = []
    else {
      this.#isStream = /event-stream/i.test(type)
      this.#lastEventAt = performance.now()
      this.#watch(exchange.limits.event)
    }
  }

  data(chunk: Uint8Array): void {
    if (this.#outcome !== "open") return this.#linger(chunk.length)
    if (this.#body === undefined && !this.#isStream) this.#sniff(chunk)
    if (this.#body !== undefined) return this.#collect(chunk)
    if (!this.#parser.feed(chunk)) this.#tooLong()
    if (this.#size > window && !this.#isPaused) {
      this.#isPaused = true
      this.#exchange?.pause()
    }
  }

  end(): void {
    clearTimeout(this.#timer)
    const exchange = this.#exchange
    if (this.#outcome !== "open" || exchange === undefined) return
    if (this.#body !== undefined) return this.#settle(this.#verdictOfBody(exchange, this.#body))
    const rest = this.#parser.rest
    // Some upstreams forget the empty line after their last event.
    if (/^data: ?\[DONE\]\s*$/.test(rest)) {
      this.#check.read({ event: "", data: "[DONE]", text: rest }, exchange, exchange.bytes)
    }
    if (this.#check.isDone) return this.#settle("done")
    if (this.#check.events === 0 && this.#check.verdict === undefined) {
      // A body under the wrong name says more than that it holds no events.
      const text = this.#options.recording.body(exchange)
      if (/^[\s\uFEFF]*[{[<]/.test(text)) return this.#settle(this.#verdictOfText(exchange, text))
    }
    this.#check.end(exchange.bytes)
    if (this.#check.verdict !== undefined) this.#settle(this.#check.verdict)
  }

  fail(reason: UpstreamReason, cause: unknown): void {
    clearTimeout(this.#timer)
    if (this.#outcome === "open") this.#settle(cause === undefined ? { reason } : { reason, cause })
  }

  /** Calls back as soon as there is something to pull, be it the end. */
  whenReady(then: () => void): void {
    if (this.#pending.length > 0 || this.#outcome !== "open") then()
    else this.#wake = then
  }

  /** Whether the stream came to its end, whichever. */
  get isOver(): boolean {
    return this.#outcome !== "open"
  }

  /** The error with which the stream has begun, where it has failed before any event. */
  get failure(): UpstreamError | undefined {
    return this.#pending.length === 0 && typeof this.#outcome === "object" ? this.#error(this.#outcome) : undefined
  }

  /** The next events. */
  readonly pull: Pull.Pull<NonEmptyReadonlyArray<A>, UpstreamError> = Effect.suspend(() => {
    const now = this.#take()
    return now !== undefined
      ? now
      : Effect.callback<NonEmptyReadonlyArray<A>, UpstreamError | Cause.Done>((resume) => {
          this.#wake = () => resume(this.#take() ?? this.pull)
          return Effect.sync(() => {
            this.#wake = undefined
          })
        })
  })

  /** Gives up what is left: the upstream's socket closes at once, unless the stream is at its end. */
  close(reason?: UpstreamReason): void {
    const exchange = this.#exchange
    if (exchange === undefined || this.#outcome === "done") return
    exchange.abort(reason ?? exchange.givenUp())
  }

  #take(): Pull.Pull<NonEmptyReadonlyArray<A>, UpstreamError> | undefined {
    const exchange = this.#exchange
    const pending = this.#pending
    if (isArrayNonEmpty(pending) && exchange !== undefined) {
      const chunk = this.#options.join(pending, exchange)
      this.#pending = []
      this.#size = 0
      if (this.#isPaused) {
        this.#isPaused = false
        this.#lastEventAt = performance.now()
        exchange.resume()
      }
      return Effect.succeed(chunk)
    }
    if (this.#outcome === "open") return undefined
    return this.#outcome === "done" ? Cause.done() : Effect.fail(this.#error(this.#outcome))
  }

  #error(verdict: Verdict): UpstreamError {
    const bytes = this.#exchange?.bytes ?? 0
    const stream = this.#isStream && this.#check.events > 0 ? { stream: this.#check.progress(bytes) } : {}
    return errorOf(this.#options.call, { ...verdict, ...stream }, this.#options.recording)
  }

  #event(event: Event): void {
    const exchange = this.#exchange
    if (this.#outcome !== "open" || exchange === undefined) return
    const json = this.#check.read(event, exchange, exchange.bytes)
    if (json !== undefined) {
      this.#pending.push(this.#options.emit(event, json))
      this.#size += event.text.length
      this.#lastEventAt = performance.now()
      this.#notify()
    } else if (this.#check.isDone) this.#settle("done")
    else if (this.#check.verdict !== undefined) {
      this.#settle(this.#check.verdict)
      exchange.abort(exchange.givenUp())
    }
  }

  #settle(outcome: "done" | Verdict): void {
    this.#outcome = outcome
    this.#notify()
    clearTimeout(this.#timer)
    const exchange = this.#exchange
    if (outcome !== "done" || exchange === undefined || exchange.settled) return
    // The consumer has all it wants; the connection is kept if the upstream ends its message soon.
    if (this.#isPaused) exchange.resume()
    this.#timer = setTimeout(() => exchange.abort(exchange.givenUp()), linger.ms).unref()
  }

  #linger(bytes: number): void {
    this.#lingered += bytes
    if (this.#lingered > linger.bytes) this.#exchange?.abort(this.#exchange.givenUp())
  }

  /** Wakes the consumer once in this turn, however many events it brings. */
  #notify(): void {
    if (this.#wake === undefined || this.#isWaking) return
    this.#isWaking = true
    queueMicrotask(() => {
      this.#isWaking = false
      const wake = this.#wake
      this.#wake = undefined
      wake?.()
    })
  }

  /** Bounds the wait for the next event, which comments prolong for ever otherwise. */
  #watch(ms: number): void {
    this.#timer = setTimeout(() => {
      const exchange = this.#exchange
      if (exchange === undefined || this.#outcome !== "open") return
      const limit = exchange.limits.event
      const left = this.#isPaused ? limit : this.#lastEventAt + limit - performance.now()
      if (left > 0) this.#watch(Math.ceil(left))
      else exchange.abort(TransportFailure.timeout("idle", limit))
    }, ms)
  }

  /** Of an answer without a telling content type, the first bytes tell. */
  #sniff(chunk: Uint8Array): void {
    const beginning = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.byteLength, 64)).toString().trimStart()
    if (beginning === "") return
    this.#isStream = !/^\uFEFF?\s*[{[<]/.test(beginning)
    if (this.#isStream) return
    clearTimeout(this.#timer)
    this.#body = []
  }

  #collect(chunk: Uint8Array): void {
    const exchange = this.#exchange
    this.#body?.push(chunk)
    this.#bodyBytes += chunk.length
    // Its beginning is all that a verdict needs.
    if (exchange !== undefined && exchange.status < 400 && this.#bodyBytes > exchange.limits.errorBodyBytes) {
      this.end()
      exchange.abort(exchange.givenUp())
    }
  }

  #verdictOfBody(exchange: Exchange, body: ReadonlyArray<Uint8Array>): Verdict {
    const text = Buffer.concat(body).toString()
    return exchange.status >= 300 ? ofStatus(exchange, text) : this.#verdictOfText(exchange, text)
  }

  #verdictOfText(exchange: Exchange, text: string): Verdict {
    const said = classified(exchange, text, "body")
    if (said !== undefined) return said
    const isJson = isFields(parsed(text)) || Array.isArray(parsed(text))
    return {
      reason: isJson
        ? Classification.malformed("wrong-shape", text, "it is JSON, and a stream of events was asked for")
        : unreadable(text)
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

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
