/** A call through the SDK whose answer is a stream: the SDK makes the request, the events are read here. */
import * as CallMetadata from "@causeway/core/CallMetadata"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { MalformedResponse, type UpstreamReason } from "@causeway/core/UpstreamReason"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import type { OpenAI } from "openai"
import type { ChatCompletionChunk } from "openai/resources/chat/completions"
import { Events } from "../events.ts"
import { type Call, errorOf } from "../failure.ts"
import { isRecorded, pipe } from "../response.ts"
import type { Backend } from "./backend.ts"
import {
  aborted,
  type CallOptions,
  infoOf,
  nothing,
  recordingOf,
  rejected,
  type ResponseInfo,
  type Sent,
  sentOf,
  watchSending
} from "./call.ts"

/** A stream to be opened. */
export interface StreamSpec {
  readonly operation: string
  readonly request: object
  readonly send: (sdk: OpenAI, sent: Sent) => Promise<Response>
}

/** A stream whose first event is there. */
export interface Opened {
  readonly pull: Pull.Pull<NonEmptyReadonlyArray<ChatCompletionChunk>, UpstreamError>
  readonly info: () => ResponseInfo
}

/** Opens a stream, up to its first event. With the scope's end its socket is closed. */
export const open = (
  backend: Backend,
  spec: StreamSpec,
  options: CallOptions,
  number: number,
  scope: Scope.Scope
): Effect.Effect<Opened, UpstreamError> =>
  Effect.withFiber((fiber) => {
    const call: Call = { upstream: backend.name, operation: spec.operation }
    const recording = recordingOf(options, true, number)
    const events = new Events<ChatCompletionChunk>({
      call,
      recording,
      hasChoices: true,
      // The check has found it to be an object; its fields are the upstream's word, as they are in the SDK.
      emit: (_event, json) => json as unknown as ChatCompletionChunk,
      join: (chunk) => chunk
    })
    const info = (): ResponseInfo => {
      const last = recording.attempts.at(-1)
      return last === undefined ? nothing(call, number) : infoOf(call, last)
    }
    const { signal } = options
    /** Until the answer has begun; from then on the events tell of a failure themselves. */
    let failOpening: ((reason: UpstreamReason) => void) | undefined
    const giveUp = (reason: UpstreamReason): void => {
      if (events.isOver) return
      recording.abort(reason)
      failOpening?.(reason)
    }
    const onAbort = (): void => giveUp(aborted("caller", true))
    const close = Effect.sync(() => {
      signal?.removeEventListener("abort", onAbort)
      giveUp(aborted("caller", true))
    })
    const opened = Effect.callback<Opened, UpstreamError>((resume) => {
      failOpening = (reason) => resume(Effect.fail(errorOf(call, { reason }, recording)))
      signal?.addEventListener("abort", onAbort, { once: true })
      if (signal?.aborted === true) onAbort()
      const unwatch = watchSending(backend, recording, options, giveUp)
      backend
        .sdk()
        .then((sdk) => spec.send(sdk, sentOf(recording, options, fiber)))
        .then(
          (response) => {
            unwatch()
            failOpening = undefined
            if (!isRecorded(response)) return resume(Effect.fail(errorOf(call, { reason: notRecorded() }, recording)))
            response[pipe](events)
            events.whenReady(() => {
              const { failure } = events
              resume(failure === undefined ? Effect.succeed({ pull: events.pull, info }) : Effect.fail(failure))
            })
          },
          (error: unknown) => {
            unwatch()
            const verdict = rejected(error, recording, spec.request, options)
            resume(verdict === undefined ? Effect.die(error) : Effect.fail(errorOf(call, verdict, recording)))
          }
        )
      return Effect.andThen(Effect.sync(unwatch), close)
    })
    const watched = Effect.flatMap(CallMetadata.remaining, (remaining) => {
      if (remaining === undefined) return opened
      if (Duration.isZero(remaining))
        return Effect.fail(errorOf(call, { reason: aborted("deadline", true) }, recording))
      return Effect.flatMap(CallMetadata.remainingToKeep, (duration) => {
        if (duration === undefined) return opened
        const passes = Effect.andThen(
          Effect.sleep(duration),
          Effect.sync(() => giveUp(aborted("deadline", true)))
        )
        return Effect.andThen(Effect.forkIn(passes, scope), opened)
      })
    })
    return Effect.andThen(Scope.addFinalizer(scope, close), watched)
  })

const notRecorded = (): MalformedResponse =>
  new MalformedResponse({
    message: "the client's hooks replaced the recorded response",
    seenIn: "body",
    issue: "wrong-shape",
    excerpt: ""
  })
