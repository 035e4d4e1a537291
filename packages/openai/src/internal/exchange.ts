/**
 * One request and its answer over undici's `dispatch`, without streams, `Response`
 * objects or promises of its own: whoever wants the answer gives a sink.
 */
import * as Redaction from "@causeway/core/Redaction"
import * as TransportFailure from "@causeway/core/TransportFailure"
import { Aborted, type UpstreamReason } from "@causeway/core/UpstreamReason"
import type { Dispatcher } from "undici"
import { type Decompressor, decompressorOf } from "./decompress.ts"
import type { Limits } from "./limits.ts"
import type { Outgoing } from "./request.ts"

/** Takes an answer. After `end` or `fail`, of which exactly one is called, nothing follows. */
export interface Sink {
  head(exchange: Exchange): void
  data(chunk: Uint8Array): void
  end(): void
  fail(reason: UpstreamReason, cause: unknown): void
}

/** How much of a body is kept for evidence, in bytes: the answer's, or a stream's beginning. */
const keep = { answer: 16_384, stream: 4_096 }

/** What an exchange needs of the transport below it. */
export interface Controller {
  readonly rawHeaders?: Dispatcher.DispatchController["rawHeaders"]
  pause(): void
  resume(): void
  abort(reason: Error): void
}

/** An exchange in progress, and afterwards the record of it. */
export class Exchange {
  readonly outgoing: Outgoing
  readonly limits: Limits
  /** Counts from 1. */
  readonly number: number
  /** On `performance`'s clock. */
  readonly startedAt = performance.now()
  headersAt: number | undefined
  endedAt: number | undefined
  /** 0 until the answer's head is there. */
  status = 0
  statusText = ""
  /** By lower-case name. */
  headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>> = {}
  rawHeaders: Dispatcher.DispatchController["rawHeaders"]
  /** Bytes of body that arrived, as they came over the wire. */
  bytes = 0
  /** Why the exchange failed. */
  failure: UpstreamReason | undefined
  /** What was thrown, where something was. */
  cause: unknown
  /** The beginning of the body, decompressed. */
  readonly kept: Array<Uint8Array> = []

  #keptBytes = 0
  /** Bytes that were handed on, decompressed. */
  #delivered = 0
  #settled = false
  /** Whether undici is done with the exchange: its controller belongs to the connection's next one then. */
  #over = false
  #controller: Controller | undefined
  #isConnected = false
  #decompressor: Decompressor | undefined
  /** On `performance`'s clock: when the request left, when the last piece came, when the timer is due. */
  #sentAt: number | undefined
  #lastAt = 0
  #dueAt = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #isPaused = false
  /** Whether the answer is a stream, by the request or by its content type. */
  #isStream: boolean
  readonly #sink: Sink
  readonly #released: () => void

  constructor(outgoing: Outgoing, limits: Limits, number: number, sink: Sink, released: () => void) {
    this.outgoing = outgoing
    this.limits = limits
    this.number = number
    this.#sink = sink
    this.#released = released
    this.#isStream = outgoing.stream
    this.#arm()
  }

  /** Whether the answer has come to its end, whichever. */
  get settled(): boolean {
    return this.#settled
  }

  /** Whether all of the body came, and is kept. */
  get isWhole(): boolean {
    return this.#settled && this.failure === undefined && this.#keptBytes === this.#delivered
  }

  /** The first value of a header, by its lower-case name. */
  header(name: string): string | undefined {
    const value = this.headers[name]
    return typeof value === "string" ? value : value?.[0]
  }

  /** Gives the exchange up and closes its socket at once. */
  abort(reason: UpstreamReason, cause?: unknown): void {
    if (this.#settled) return
    this.#settleWith(reason, cause)
    this.#close()
  }

  /** The reason of an exchange whose rest nobody wants any more. */
  givenUp(): Aborted {
    return new Aborted({
      message: "the call was given up",
      seenIn: this.status !== 0 && this.outgoing.stream ? "stream" : "socket",
      by: "caller"
    })
  }

  /** Stops reading, so that the upstream's socket pushes back. */
  pause(): void {
    this.#isPaused = true
    this.#decompressor?.pause()
    if (!this.#over) this.#controller?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#lastAt = performance.now()
    this.#decompressor?.resume()
    if (!this.#over) this.#controller?.resume()
  }

  /** `isConnected`: whether there is a connection; `undefined` where the transport does not tell. */
  onRequestStart(controller: Controller, isConnected: unknown): void {
    this.#controller = controller
    this.#isConnected = isConnected !== undefined
    // Given up while it waited for its connection: undici sends nothing and closes the socket.
    if (this.#settled) this.#close()
    else {
      this.#sentAt = performance.now()
      this.#arm()
    }
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: Readonly<Record<string, string | Array<string> | undefined>>,
    statusText = ""
  ): void {
    // An interim answer such as 103 is not the answer.
    if (this.#settled || status < 200) return
    this.headersAt = performance.now()
    this.status = status
    this.statusText = statusText
    this.headers = headers
    this.rawHeaders = controller.rawHeaders
    this.#lastAt = this.headersAt
    // Only a stream may take longer than an answer.
    if (!this.#isRefusal && /event-stream/i.test(this.header("content-type") ?? "")) this.#isStream = true
    this.#arm()
    const encoding = this.header("content-encoding")
    if (encoding !== undefined && this.outgoing.method !== "HEAD") {
      this.#decompressor = decompressorOf(encoding, {
        data: (chunk) => this.#deliver(chunk),
        end: () => this.#end(),
        // An error is an error, however its body reads.
        fail: (reason, cause) => (this.#isRefusal ? this.#cut() : this.abort(reason, cause)),
        full: () => controller.pause(),
        drained: () => {
          if (!this.#isPaused && !this.#over) controller.resume()
        }
      })
    }
    this.#sink.head(this)
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    if (this.#settled) return
    this.bytes += chunk.length
    this.#lastAt = performance.now()
    if (this.#decompressor === undefined) this.#deliver(chunk)
    else this.#decompressor.write(chunk)
  }

  onResponseEnd(): void {
    this.#over = true
    if (this.#settled) return
    if (this.#decompressor === undefined) this.#end()
    else this.#decompressor.end()
  }

  onResponseError(_controller: Controller | null, error: unknown): void {
    this.#over = true
    if (this.#settled) return
    const promised = Number(this.header("content-length") ?? Number.NaN)
    const answer = this.#isStream && !this.#isRefusal ? "stream" : "body"
    const reason = TransportFailure.reasonOf(error, {
      phase: this.status !== 0 ? answer : this.#isConnected ? "headers" : this.#controller ? undefined : "connect",
      bytesReceived: this.bytes,
      bytesPromised: Number.isFinite(promised) ? promised : undefined,
      address: this.outgoing.origin.replace(/^.*:\/\//, ""),
      limits: this.limits
    })
    // What came of an error's body says more than that its end is missing.
    if (this.#isRefusal) this.#end()
    else this.#settleWith(reason, withoutSecrets(error))
  }

  /** Whether the status says enough: an error, or a redirect, which is not followed. Its body is looked at as far as it comes. */
  get #isRefusal(): boolean {
    return this.status >= 300
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#settled) return
    const limit = this.#isRefusal || !this.outgoing.stream ? keep.answer : keep.stream
    if (this.#keptBytes < limit) {
      this.kept.push(chunk)
      this.#keptBytes += chunk.length
    }
    this.#delivered += chunk.length
    this.#sink.data(chunk)
    if (this.#isRefusal && this.#delivered >= this.limits.errorBodyBytes) this.#cut()
  }

  #cut(): void {
    if (this.#settled) return
    this.#end()
    this.#close()
  }

  #end(): void {
    if (this.#settled) return
    this.#settle()
    this.#sink.end()
  }

  #settleWith(reason: UpstreamReason, cause: unknown): void {
    this.failure = reason
    this.cause = cause
    this.#settle()
    this.#sink.fail(reason, cause)
  }

  #settle(): void {
    this.#settled = true
    this.endedAt = performance.now()
    clearTimeout(this.#timer)
    this.#released()
  }

  /** When the next limit passes, if nothing happens until then. */
  #limit(): number {
    const { answer, errorBody, headers, idle } = this.limits
    if (this.headersAt !== undefined && this.#isRefusal) return this.headersAt + errorBody
    const silent =
      this.headersAt !== undefined
        ? (this.#isPaused ? performance.now() : this.#lastAt) + idle
        : this.#sentAt === undefined
          ? Number.POSITIVE_INFINITY
          : this.#sentAt + headers
    return this.#isStream ? silent : Math.min(silent, this.startedAt + answer)
  }

  /** One timer for all limits. It is set anew only where a limit has come nearer, and looks at the clock when it fires. */
  #arm(): void {
    const due = this.#limit()
    if (due >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = due
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(due - performance.now())))
  }

  #expire(): void {
    this.#dueAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    if (this.#limit() > now) return this.#arm()
    if (this.#isRefusal) return this.#cut()
    const { answer, headers, idle } = this.limits
    const phase =
      this.status === 0 ? (this.#sentAt === undefined ? "connect" : "headers") : this.#isStream ? "idle" : "body"
    const isTotal = !this.#isStream && now >= this.startedAt + answer
    this.abort(TransportFailure.timeout(phase, isTotal ? answer : this.status === 0 ? headers : idle))
  }

  #close(): void {
    this.#decompressor?.close()
    this.#controller?.abort(this.failure ?? cutShort)
  }
}

/** undici's parser keeps the bytes that it did not understand, which may repeat the request's credential. */
const withoutSecrets = (error: unknown): unknown => {
  if (error instanceof Error && "data" in error && typeof error.data === "string") {
    error.data = Redaction.text(error.data).slice(0, 500)
  }
  return error
}

/** Told to undici where a body is no longer wanted; nobody sees it. */
const cutShort = new DOMException("no more of the answer is needed", "AbortError")
