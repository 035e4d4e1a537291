/** A call through the SDK whose answer comes in pieces: the SDK makes the request, its answer is read here. */
import * as CallMetadata from "@causeway/core/CallMetadata"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { MalformedResponse, type UpstreamReason } from "@causeway/core/UpstreamReason"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import type { OpenAI } from "openai"
import type { Recording } from "../../Recording.ts"
import { problems } from "../answer.ts"
import type { Sink } from "../exchange.ts"
import { type Call, errorOf } from "../failure.ts"
import { isRecorded, pipe } from "../response.ts"
import { aborted, rejected } from "./attempt.ts"
import type { Backend } from "./backend.ts"
import { infoOf, type ResponseInfo } from "./made.ts"
import { type CallOptions, recordingOf, type Sent, sentOf, watchSending } from "./options.ts"

/** Takes an answer, and gives it piece by piece. */
export interface Source<A> extends Sink {
  /** Calls back as soon as there is something to pull, be it the end. */
  readonly whenReady: (then: () => void) => void
  /** Whether the answer came to its end, whichever. */
  readonly isOver: boolean
  /** The error with which it began, where it failed before any piece. */
  readonly failure: UpstreamError | undefined
  readonly pull: Pieces<A>
}

/** The pieces of an answer. */
export type Pieces<A> = Pull.Pull<NonEmptyReadonlyArray<A>, UpstreamError>

/** A stream to be opened. */
export interface StreamSpec<A> {
  readonly call: Call
  readonly request: object | undefined
  readonly send: (sdk: OpenAI, sent: Sent) => PromiseLike<Response>
  readonly source: (call: Call, recording: Recording) => Source<A>
}

/** A stream whose first piece is there. */
export interface Opened<A> {
  readonly pull: Pieces<A>
  readonly info: () => ResponseInfo
}

/** Opens a stream, up to its first piece. With the scope's end its socket is closed. */
export const open = <A>(
  backend: Backend,
  spec: StreamSpec<A>,
  options: CallOptions,
  number: number,
  scope: Scope.Scope
): Effect.Effect<Opened<A>, UpstreamError> =>
  Effect.withFiber((fiber) => {
    const { call, request } = spec
    const recording = recordingOf(options, true, number)
    const source = spec.source(call, recording)
    const info = (): ResponseInfo => infoOf(call, number, recording.attempts.at(-1))
    const { signal } = options
    /** Until the answer has begun; from then on the source tells of a failure itself. */
    let failOpening: ((reason: UpstreamReason) => void) | undefined
    const giveUp = (reason: UpstreamReason): void => {
      if (source.isOver) return
      recording.abort(reason)
      failOpening?.(reason)
    }
    const onAbort = (): void => giveUp(aborted("caller", true))
    const close = Effect.sync(() => {
      signal?.removeEventListener("abort", onAbort)
      giveUp(aborted("caller", true))
    })
    const opened = Effect.callback<Opened<A>, UpstreamError>((resume) => {
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
            response[pipe](source)
            source.whenReady(() => {
              const { failure } = source
              resume(failure === undefined ? Effect.succeed({ pull: source.pull, info }) : Effect.fail(failure))
            })
          },
          (error: unknown) => {
            unwatch()
            const verdict = rejected(error, recording, { request, problem: problems.anything }, options)
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
