/** One call to an upstream: what was seen of it, and the error that it comes to. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Reference } from "effect/Context"
import type * as Tracer from "effect/Tracer"
import * as Classification from "../../Classification.ts"
import { bodyLimit, Evidence } from "../../Evidence.ts"
import * as Redaction from "../../Redaction.ts"
import * as TransportFailure from "../../TransportFailure.ts"
import { isUpstreamError, UpstreamError } from "../../UpstreamError.ts"
import { Aborted, type UpstreamReason } from "../../UpstreamReason.ts"
import { Current, CurrentAttempt } from "./current.ts"
import { type Asked, askedBy, type Incoming } from "./incoming.ts"
import type { Context, Operation, Settings } from "./options.ts"
import { type Verdict, verdictOf } from "./thrown.ts"

/** Of a body, the beginning that evidence and rules are made of, in bytes. */
const kept = 65_536

/** Methods whose repetition changes nothing more: RFC 9110, 9.2.2. */
const isIdempotent = (method: string): boolean => /^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE|QUERY)$/i.test(method)

/** Where a call reads what its caller has set. */
export interface Caller {
  readonly getRef: <A>(reference: Reference<A>) => A
}

/** A caller who has set nothing. */
export const nobody: Caller = { getRef: (reference) => reference.defaultValue() }

/** A call. */
export class Call<Name extends string = string> {
  readonly settings: Settings<Name>
  readonly operation: Operation
  readonly context: Context<Name>
  /** What the call waits for. */
  phase: "headers" | "body" | "stream" = "headers"
  /** Why the answer fails by its status already, while its body is still read: no limit that passes then says more. */
  refusal: (() => Verdict) | undefined
  /** Elements of a stream that have come, and what they say. */
  events = 0
  partial = ""
  bytes = 0
  readonly #clock: Clock.Clock
  readonly #startedAt: number
  readonly #startedNanos: bigint
  readonly #controller = new AbortController()
  readonly #kept: Array<Uint8Array> = []
  #keptBytes = 0
  #answer: Incoming | undefined
  #asked: Asked | undefined
  #headersMs: number | undefined

  constructor(settings: Settings<Name>, operation: string | Operation, caller: Caller) {
    this.settings = settings
    this.operation = typeof operation === "string" ? { name: operation } : operation
    const wanted = caller.getRef(Current)
    this.context = {
      // A name that is none of its own is that of another upstream in the same program.
      upstream: settings.names.find((name) => name === wanted) ?? settings.names[0],
      attempt: caller.getRef(CurrentAttempt)?.number ?? 1
    }
    this.#clock = caller.getRef(Clock.Clock)
    this.#startedAt = this.#clock.currentTimeMillisUnsafe()
    this.#startedNanos = this.#clock.currentTimeNanosUnsafe()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get timeout(): Duration.Duration {
    const { timeout } = this.operation
    return timeout === undefined ? this.settings.timeout : Duration.fromInputUnsafe(timeout)
  }

  /** Milliseconds on the epoch. */
  get now(): number {
    return this.#clock.currentTimeMillisUnsafe()
  }

  /** Nobody waits any longer. */
  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** The head of an answer is there. */
  answered(answer: Incoming): void {
    this.#answer = answer
    this.#asked = answer.asked
    this.#headersMs = this.#elapsed
    this.phase = "body"
  }

  /** A piece of a body is there. */
  received(piece: Uint8Array): void {
    this.bytes += piece.byteLength
    if (this.#keptBytes >= kept) return
    this.#kept.push(piece.subarray(0, kept - this.#keptBytes))
    this.#keptBytes += Math.min(piece.byteLength, kept - this.#keptBytes)
  }

  /** The beginning of the body as text. */
  get body(): string {
    return new TextDecoder().decode(joined(this.#kept))
  }

  /** The error of a verdict. */
  error(verdict: Verdict): UpstreamError {
    const fields = {
      upstream: this.context.upstream,
      operation: this.operation.name,
      reason: verdict.reason,
      evidence: this.#evidence(verdict),
      ...(!this.#mayRepeat && { replay: "never" as const })
    }
    if (verdict.cause === undefined) return new UpstreamError(fields)
    try {
      return new UpstreamError({ ...fields, cause: verdict.cause })
    } catch {
      // A proxy that lets nobody look at it.
      return new UpstreamError(fields)
    }
  }

  fail(verdict: Verdict): Effect.Effect<never, UpstreamError> {
    return Effect.suspend(() => Effect.fail(this.error(verdict)))
  }

  /** The error of what was thrown: an `UpstreamError` as it is, since whoever made it saw more. */
  errorOf(thrown: unknown): UpstreamError {
    if (isUpstreamError(thrown)) return thrown
    this.#asked ??= askedBy(thrown)
    return this.error(verdictOf(thrown, this.settings.rules, this.#progress))
  }

  /** The error of a limit that passed. */
  late(limit: Duration.Duration): UpstreamError {
    if (this.refusal !== undefined) return this.error(this.refusal())
    const phase = this.phase === "stream" ? "idle" : this.phase
    return this.error({ reason: TransportFailure.timeout(phase, Duration.toMillis(limit)) })
  }

  /** The error of a caller's deadline that passed. */
  overdue(): UpstreamError {
    if (this.refusal !== undefined) return this.error(this.refusal())
    const seenIn = this.phase === "stream" ? "stream" : "socket"
    return this.error({ reason: new Aborted({ message: "the deadline passed", seenIn, by: "deadline" }) })
  }

  /** What a span says of the call: OpenTelemetry's conventions for clients, and no content. */
  get attributes(): Readonly<Record<string, unknown>> {
    const { request } = this
    const url = request === undefined ? null : URL.parse(request.url)
    return {
      "service.peer.name": this.context.upstream,
      "causeway.upstream": this.context.upstream,
      "causeway.operation": this.operation.name,
      "causeway.attempt": this.context.attempt,
      ...(request?.method !== undefined && { "http.request.method": request.method }),
      ...(url !== null && {
        "url.full": Redaction.url(url.href),
        "server.address": url.hostname.replace(/^\[|\]$/g, ""),
        "server.port": Number(url.port) || (url.protocol === "https:" ? 443 : 80)
      }),
      ...(this.#answer !== undefined && { "http.response.status_code": this.#answer.status }),
      ...this.settings.attributes,
      ...this.operation.attributes
    }
  }

  /** Tells a span what the call came to. */
  tell(span: Tracer.Span, reason: UpstreamReason["_tag"] | "Aborted" | "_OTHER" | undefined): void {
    for (const [name, value] of Object.entries(this.attributes)) span.attribute(name, value)
    if (reason !== undefined) span.attribute("error.type", reason)
  }

  /** What was asked, as far as it is known. */
  get request(): Evidence["request"] {
    const { request } = this.operation
    if (request !== undefined) {
      const { bytes, method, url } = request
      return { method, url: Redaction.url(String(url)), ...(bytes !== undefined && { bytes }) }
    }
    if (this.#asked === undefined) return undefined
    const { method, url } = this.#asked
    return { ...(method !== undefined && { method }), url: Redaction.url(url) }
  }

  get #mayRepeat(): boolean {
    const replay = this.operation.replay ?? this.settings.replay
    if (replay !== undefined) return replay === "safe"
    const { request } = this
    return request?.method !== undefined && isIdempotent(request.method)
  }

  get #elapsed(): number {
    return Math.round(Number(this.#clock.currentTimeNanosUnsafe() - this.#startedNanos) / 100_000) / 10
  }

  get #progress(): TransportFailure.Progress {
    const length = Number(this.header("content-length") ?? Number.NaN)
    return {
      ...(this.phase !== "headers" && { phase: this.phase }),
      bytesReceived: this.bytes,
      ...(Number.isSafeInteger(length) && length >= 0 && { bytesPromised: length })
    }
  }

  /** The first value of a header of the answer, by its name in lower case. */
  header(name: string): string | undefined {
    return this.#answer?.headers.find(([key]) => key.toLowerCase() === name)?.[1]
  }

  #evidence({ answer, cause, provider }: Verdict): Evidence {
    const system = cause === undefined ? [] : TransportFailure.systemOf(cause)
    const seen = this.#answer ?? answer
    const body = this.#answer === undefined ? (answer?.body ?? "") : this.phase === "stream" ? "" : this.body
    const request = this.request
    return new Evidence({
      attempt: this.context.attempt,
      timing: {
        startedAt: this.#startedAt,
        totalMs: this.#elapsed,
        ...(this.#headersMs !== undefined && { headersMs: this.#headersMs })
      },
      ...(request !== undefined && { request }),
      ...(seen !== undefined && {
        response: {
          status: seen.status,
          headers: Redaction.headers(seen.headers),
          body: Redaction.text(body).slice(0, bodyLimit),
          bodyBytes: this.#answer === undefined ? new TextEncoder().encode(body).byteLength : this.bytes
        },
        ...Classification.hints(seen.headers)
      }),
      ...(provider !== undefined && { provider }),
      ...(this.phase === "stream" && {
        stream: {
          events: this.events,
          bytes: this.bytes,
          ...(this.partial !== "" && { partial: Redaction.text(this.partial) })
        }
      }),
      ...(system.length > 0 && { system })
    })
  }
}

/** Pieces of bytes in one. */
export const joined = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.byteLength, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.byteLength
  }
  return whole
}
