/** One attempt of a call through the SDK. */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Classification from "@causeway/core/Classification"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { Aborted, Credential, type UpstreamReason } from "@causeway/core/UpstreamReason"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { OpenAI } from "openai"
import { recordingKey } from "../../Recorder.ts"
import { type Attempt, headersOf, type Options as RecordingOptions, Recording } from "../../Recording.ts"
import { judge, judgeValue, problems, type Problem } from "../answer.ts"
import { type Call, errorOf, ofStatus, type Verdict } from "../failure.ts"
import { millisOf } from "../limits.ts"
import { requestIdNames, requestIdOf } from "../upstreams.ts"
import type { Backend } from "./backend.ts"
import type { Operation } from "./span.ts"
import { verdictOf } from "./thrown.ts"
import { unencodable, unsendable } from "./unencodable.ts"

/** Options of one call. */
export interface CallOptions {
  /** Gives the call up: it fails with `Aborted`. Interrupting the effect does the same without a failure. */
  readonly signal?: AbortSignal | undefined
  /** For each attempt's whole answer; of a stream, to its first event and between two of them. Fails with `Timeout`. */
  readonly timeout?: Duration.Input | undefined
  /** Sent along; they win over all others. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sent as `Idempotency-Key`, the same with each attempt. */
  readonly idempotencyKey?: string | undefined
  /** Attempts after the first one, where no policy is in charge. Default: the client's. */
  readonly retries?: number | undefined
}

/** What is known of a success beside its value. */
export interface ResponseInfo {
  readonly upstream: string
  readonly status: number
  /** The upstream's id of the request. */
  readonly requestId?: string
  /** Every `x-ratelimit-*` header, by its name without that prefix. */
  readonly rateLimit?: Readonly<Record<string, string>>
  /** In the order received, names in lower case. */
  readonly headers: ReadonlyArray<readonly [string, string]>
  /** Which attempt succeeded; counts from 1. */
  readonly attempt: number
}

/** A success with what is known beside it. */
export interface WithResponse<A> {
  readonly data: A
  readonly response: ResponseInfo
}

/** A success; what is known beside it is put together only where somebody asks. */
export interface Made<A> {
  readonly data: A
  readonly info: () => ResponseInfo
}

/** The parts of the SDK's options that every call has. */
export interface Sent {
  readonly headers: Record<string, string>
  readonly fetchOptions: FetchOptions
}

type FetchOptions = NonNullable<OpenAI.RequestOptions["fetchOptions"]>

export const sentOf = (recording: Recording, options: CallOptions, fiber: Fiber.Fiber<unknown, unknown>): Sent => {
  const headers = headersOfCall(options)
  const id = requestIdOf(fiber)
  if (id !== undefined) for (const name of requestIdNames) headers[name] ??= id
  const fetchOptions: FetchOptions = {}
  return { headers, fetchOptions: Object.assign(fetchOptions, { [recordingKey]: recording }) }
}

/** The headers that a caller asks for. */
const headersOfCall = ({ headers, idempotencyKey }: CallOptions): Record<string, string> => ({
  ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
  ...headers
})

/** A recording with the limits of the call's own timeout. */
export const recordingOf = (options: CallOptions, stream: boolean, firstAttempt: number): Recording => {
  if (options.timeout === undefined) return new Recording({ stream, firstAttempt })
  const ms = millisOf(options.timeout)
  const limits: RecordingOptions["limits"] = stream
    ? { headers: ms, idle: ms, event: ms }
    : { headers: ms, idle: ms, answer: ms }
  return new Recording({ stream, firstAttempt, limits })
}

/**
 * Bounds the time before a client sends anything, which no exchange can bound: one
 * that is somebody else's may wait for a credential. Gives what ends the watch.
 */
export const watchSending = (
  backend: Backend,
  recording: Recording,
  options: CallOptions,
  fail: (reason: Credential) => void
): (() => void) => {
  if (backend.sendWithin === undefined) return () => {}
  const ms = options.timeout === undefined ? backend.sendWithin : millisOf(options.timeout)
  const timer = setTimeout(() => {
    if (recording.attempts.length > 0) return
    const within = Duration.format(Duration.millis(ms))
    fail(
      new Credential({
        message: `the client sent nothing within ${within}: its credential did not come`,
        seenIn: "request",
        missing: "apiKey"
      })
    )
  }, ms)
  return () => clearTimeout(timer)
}

export const aborted = (by: Aborted["by"], stream: boolean): Aborted =>
  new Aborted({
    message: by === "deadline" ? "the deadline passed" : "the call was given up",
    seenIn: stream ? "stream" : "socket",
    by
  })

export const infoOf = (call: Call, attempt: Attempt): ResponseInfo => {
  const headers = headersOf(attempt)
  const { rateLimit, requestId } = Classification.hints(headers)
  return {
    upstream: call.upstream,
    status: attempt.status,
    headers,
    attempt: attempt.number,
    ...(requestId !== undefined && { requestId }),
    ...(rateLimit !== undefined && { rateLimit })
  }
}

/** Why a call of the SDK rejected. `undefined`: nobody here knows, since it never asked the upstream. */
export const rejected = (
  error: unknown,
  recording: Recording,
  request: unknown,
  options: CallOptions
): Verdict | undefined => {
  const last = recording.attempts.at(-1)
  if (last === undefined) {
    const reason = unencodable(request) ?? unsendable(headersOfCall(options))
    return reason === undefined ? verdictOf(error) : { reason, cause: error }
  }
  if (last.failure !== undefined) {
    return { reason: last.failure, ...(last.cause !== undefined && { cause: last.cause }) }
  }
  if (last.status >= 300) return ofStatus(last, recording.body(last))
  const verdict = verdictOf(error)
  if (verdict !== undefined) return verdict
  // The answer claimed success, and what should read it threw.
  const text = recording.body(last)
  const wrong = judge(last, text, problems.anything)
  return {
    ...(wrong ?? { reason: Classification.malformed("wrong-shape", text, messageOf(error)) }),
    cause: error
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A call to be made. */
export interface Spec<A> {
  readonly operation: string
  /** By OpenTelemetry's conventions; a call without it gets no span. */
  readonly genAi?: Operation
  /** What is sent, to find what cannot be. */
  readonly request: object | undefined
  readonly send: (sdk: OpenAI, sent: Sent, recording: Recording) => PromiseLike<A>
  /** How the answer is checked; `undefined` where that is not ours to do. */
  readonly problem: Problem | undefined
}

/** Makes one attempt. */
export const attempt = <A>(
  backend: Backend,
  spec: Spec<A>,
  options: CallOptions,
  number: number
): Effect.Effect<Made<A>, UpstreamError> =>
  Effect.withFiber((fiber) => {
    const call: Call = { upstream: backend.name, operation: spec.operation }
    const recording = recordingOf(options, false, number)
    const made = Effect.callback<Made<A>, UpstreamError>((resume) => {
      const fail = (verdict: Verdict): void => resume(Effect.fail(errorOf(call, verdict, recording)))
      const giveUp = (reason: UpstreamReason): void => {
        recording.abort(reason)
        fail({ reason })
      }
      const onAbort = (): void => giveUp(aborted("caller", false))
      const { signal } = options
      if (signal?.aborted === true) return onAbort()
      signal?.addEventListener("abort", onAbort, { once: true })
      const unwatch = watchSending(backend, recording, options, giveUp)
      const done = (): void => {
        unwatch()
        signal?.removeEventListener("abort", onAbort)
      }
      backend
        .sdk()
        .then((sdk) => spec.send(sdk, sentOf(recording, options, fiber), recording))
        .then(
          (value) => {
            done()
            const last = recording.attempts.at(-1)
            const checked = last === undefined ? { value } : accepted(value, last, recording, spec.problem)
            if (!("value" in checked)) return fail(checked)
            const info = (): ResponseInfo => (last === undefined ? nothing(call, number) : infoOf(call, last))
            resume(Effect.succeed({ data: checked.value, info }))
          },
          (error: unknown) => {
            done()
            const verdict = rejected(error, recording, spec.request, options)
            if (verdict === undefined) resume(Effect.die(error))
            else fail(verdict)
          }
        )
      return Effect.sync(() => {
        done()
        recording.abort(aborted("caller", false))
      })
    })
    return Effect.flatMap(CallMetadata.remaining, (remaining) => {
      if (remaining === undefined) return made
      const late = Effect.suspend(() => Effect.fail(errorOf(call, { reason: aborted("deadline", false) }, recording)))
      // A deadline that has passed already is no reason to ask.
      if (Duration.isZero(remaining)) return late
      return Effect.flatMap(CallMetadata.remainingToKeep, (duration) =>
        duration === undefined ? made : Effect.timeoutOrElse(made, { duration, orElse: () => late })
      )
    })
  })

/** Of a value that came without asking the upstream. */
export const nothing = (call: Call, attempt: number): ResponseInfo => ({
  upstream: call.upstream,
  status: 0,
  headers: [],
  attempt
})

/** The SDK's value where it is an answer, or why it is none. */
const accepted = <A>(
  value: A,
  last: Attempt,
  recording: Recording,
  problem: Problem | undefined
): { readonly value: A } | Verdict => {
  if (problem === undefined) return { value }
  const isText = typeof value === "string" && !/json/i.test(last.header("content-type") ?? "")
  if (isText || value === undefined || value === null) {
    // Without the right content type the SDK hands on the text.
    const text = isText ? value : recording.body(last)
    const wrong = judge(last, text, problem)
    if (wrong !== undefined) return wrong
    const parsed: A = JSON.parse(text)
    Object.defineProperty(parsed, "_request_id", { value: last.header("x-request-id") ?? null, enumerable: false })
    return { value: parsed }
  }
  return judgeValue(last, value, () => recording.body(last), problem) ?? { value }
}
