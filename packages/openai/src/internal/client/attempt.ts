/** One attempt of a call through the SDK. */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Classification from "@causeway/core/Classification"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { Aborted, type UpstreamReason } from "@causeway/core/UpstreamReason"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { OpenAI } from "openai"
import type { Recording } from "../../Recording.ts"
import { judge, type Problem } from "../answer.ts"
import { type Call, errorOf, ofStatus, type Verdict } from "../failure.ts"
import type { Accept } from "./accept.ts"
import type { Backend } from "./backend.ts"
import { infoOf, type Made } from "./made.ts"
import { type CallOptions, headersOfCall, recordingOf, type Sent, sentOf, watchSending } from "./options.ts"
import { verdictOf } from "../thrown.ts"
import { unencodable, unsendable } from "./unencodable.ts"

/** A call to be made. */
export interface Spec<A> extends Accept<A> {
  readonly call: Call
  /** What is sent, to find what cannot be. */
  readonly request: object | undefined
  readonly send: (sdk: OpenAI, sent: Sent, recording: Recording) => PromiseLike<unknown>
}

export const aborted = (by: Aborted["by"], stream: boolean): Aborted =>
  new Aborted({
    message: by === "deadline" ? "the deadline passed" : "the call was given up",
    seenIn: stream ? "stream" : "socket",
    by
  })

/** Why a call of the SDK rejected. `undefined`: nobody here knows, since it never asked the upstream. */
export const rejected = (
  error: unknown,
  recording: Recording,
  { problem, request }: { readonly request: object | undefined; readonly problem: Problem },
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
  const isReading = verdict?.reason._tag === "MalformedResponse" && verdict.reason.issue !== "encoding"
  if (verdict !== undefined && !(isReading && recording.isWhole(last))) return verdict
  // The answer claimed success, and what should read it threw: the body tells more than that.
  const text = recording.body(last)
  const wrong = judge(last, text, problem) ?? verdict
  return {
    ...(wrong ?? { reason: Classification.malformed("wrong-shape", text, messageOf(error)) }),
    cause: error
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Makes one attempt. */
export const attempt = <A>(
  backend: Backend,
  spec: Spec<A>,
  options: CallOptions,
  number: number
): Effect.Effect<Made<A>, UpstreamError> =>
  Effect.withFiber((fiber) => {
    const { call } = spec
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
            // A value that came without asking the upstream is somebody's own.
            const accepted =
              last === undefined
                ? { value: value as A }
                : spec.accept(value, { attempt: last, text: () => recording.body(last) })
            if (!("value" in accepted)) return fail(accepted)
            resume(Effect.succeed({ data: accepted.value, info: () => infoOf(call, number, last) }))
          },
          (error: unknown) => {
            done()
            const verdict = rejected(error, recording, spec, options)
            if (verdict === undefined) resume(Effect.die(error))
            else fail(verdict)
          }
        )
        .catch((error: unknown) => resume(Effect.die(error)))
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
