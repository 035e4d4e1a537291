/**
 * The producer's end of a stream: sends chunks as long as the caller keeps up.
 */
import * as Effect from "effect/Effect"
import type * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { type Coding, isDone } from "./codecs.ts"
import type { Opaque } from "./opaque.ts"

/** How many chunks may be on their way unacknowledged. */
const window = 16

/** What is left of the window of one stream. */
export interface Credit {
  /** Uses one up; waits where there is none left. */
  readonly take: () => Effect.Effect<void>
  /** So many chunks were acknowledged. */
  readonly give: (chunks: number) => void
}

/** A full window. */
export const credit = (): Credit => {
  let left = window
  let waiting: (() => void) | undefined
  return {
    take: () => {
      left--
      if (left > 0) return Effect.void
      return Effect.callback((resume) => {
        waiting = () => resume(Effect.void)
        return Effect.sync(() => {
          waiting = undefined
        })
      })
    },
    give: (chunks) => {
      left += chunks
      const resume = waiting
      waiting = undefined
      resume?.()
    }
  }
}

/** Where the chunks of a stream go. */
export interface Options {
  readonly encodeChunk: Coding
  readonly credit: Credit
  readonly emit: (chunk: unknown) => void
  /** Ends the stream because an element cannot cross. */
  readonly misfit: (issue: string) => Effect.Effect<never>
}

/** Runs what a handler of a stream gave: a stream, or an effect of a queue. */
export const send = (
  result: Stream.Stream<unknown, Opaque> | Effect.Effect<Queue.Dequeue<unknown, Opaque>, Opaque>,
  { credit, emit, encodeChunk, misfit }: Options
): Effect.Effect<void, Opaque> => {
  const stream = Stream.isStream(result) ? result : Stream.unwrap(Effect.map(result, Stream.fromQueue))
  const deliver = (chunk: unknown): Effect.Effect<void> => {
    emit(chunk)
    return credit.take()
  }
  return Stream.runForEachArray(stream, (values) => {
    const encoded = encodeChunk(values)
    return isDone(encoded)
      ? deliver(encoded.value)
      : Effect.matchEffect(encoded, { onFailure: misfit, onSuccess: deliver })
  })
}
