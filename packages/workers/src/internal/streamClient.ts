/**
 * The caller's end of a stream. Chunks are decoded when they are pulled and
 * acknowledged then, some at a time, so that what waits here is never more than the window.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Coding, isDone } from "./codecs.ts"
import type { Dispatcher } from "./dispatcher.ts"
import type { Opaque } from "./opaque.ts"
import type { Submission } from "./submission.ts"

type Pull = Effect.Effect<Arr.NonEmptyReadonlyArray<unknown>, Opaque | BoundaryError | Cause.Done>

/**
 * How many chunks are acknowledged at a time, half of the producer's window: each message
 * to a worker that waits wakes its thread.
 */
const ackAfter = 8

/** How a stream is opened and read. */
export interface Options {
  readonly dispatcher: Dispatcher
  readonly submission: (sink: Submission["sink"]) => Submission
  readonly span: Submission["sink"]["span"]
  readonly decodeChunk: Coding
  readonly failure: (encoded: unknown) => Effect.Effect<never, Opaque | BoundaryError>
  readonly unreadable: (issue: string) => BoundaryError
}

/** The stream of a call; each run of it is a call of its own, interrupted when its scope closes. */
export const receive = (options: Options): Stream.Stream<unknown, Opaque | BoundaryError> =>
  Stream.unwrap(
    Effect.map(
      // Not to be interrupted in between: nothing else ends a call that was begun.
      Effect.acquireRelease(
        Effect.sync(() => open(options)),
        ({ id }) => Effect.sync(() => (id === undefined ? undefined : options.dispatcher.interrupt(id)))
      ),
      ({ pull }) => Stream.fromPull(Effect.succeed(pull))
    )
  )

const open = ({ decodeChunk, dispatcher, failure, span, submission, unreadable }: Options) => {
  const chunks: Array<unknown> = []
  let end: Pull | undefined
  let waiting: ((pull: Pull) => void) | undefined
  /** How many chunks were taken and not yet acknowledged. */
  let owed = 0

  const wake = (): void => {
    const resume = waiting
    waiting = undefined
    resume?.(pull)
  }
  const endWith = (exit: Pull): void => {
    end ??= exit
    wake()
  }
  const id = dispatcher.submit(
    submission({
      chunk: (values) => {
        chunks.push(values)
        wake()
      },
      span,
      success: () => endWith(Cause.done()),
      ended: () => endWith(Cause.done()),
      failure: (encoded) => endWith(failure(encoded)),
      fail: (error) => endWith(Effect.fail(error))
    })
  )
  if (typeof id !== "number") end = Effect.fail(id)

  const take = (): Pull => {
    const values = chunks.shift()
    if (++owed >= ackAfter && typeof id === "number") {
      dispatcher.ack(id, owed)
      owed = 0
    }
    const decoded = decodeChunk(values)
    // What decodes is an array that is not empty, by its schema.
    return (isDone(decoded) ? decoded : Effect.mapError(decoded, unreadable)) as Pull
  }

  /** What came is taken before the end, however the stream ended. */
  const pull: Pull = Effect.suspend((): Pull => {
    if (chunks.length > 0) return take()
    if (end !== undefined) return end
    return Effect.callback((resume) => {
      waiting = resume
      return Effect.sync(() => {
        waiting = undefined
      })
    })
  })

  return { id: typeof id === "number" ? id : undefined, pull }
}
