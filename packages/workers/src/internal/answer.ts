/**
 * How a call ends for whoever made it, decoded.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Callable, Failure } from "./callable.ts"
import * as Codecs from "./codecs.ts"
import * as failures from "./failures.ts"
import type { Opaque } from "./opaque.ts"
import type * as Spans from "./spans.ts"
import type { Sink } from "./unit.ts"
import type { SpanEnded, SpanStarted } from "./wire.ts"

/** Resumes who waits for a call that is no stream. A class, since its methods are then made once and not with each call. */
export class Answer implements Sink {
  readonly #callable: Callable
  readonly #recording: Spans.Recording | undefined
  readonly #resume: (effect: Effect.Effect<unknown, Failure>) => void

  constructor(
    callable: Callable,
    recording: Spans.Recording | undefined,
    resume: (effect: Effect.Effect<unknown, Failure>) => void
  ) {
    this.#callable = callable
    this.#recording = recording
    this.#resume = resume
  }

  success(encoded: unknown): void {
    this.#resume(success(this.#callable, encoded))
  }

  failure(encoded: unknown): void {
    this.#resume(failure(this.#callable, encoded))
  }

  ended(): void {
    this.#resume(Effect.void)
  }

  chunk(): void {
    // A worker that sends one answers something else than it was asked.
  }

  span(message: SpanStarted | SpanEnded): void {
    this.#recording?.receive(message)
  }

  fail(error: BoundaryError): void {
    this.#resume(Effect.fail(error))
  }
}

const success = (callable: Callable, encoded: unknown): Effect.Effect<unknown, Failure> => {
  const decoded = callable.codecs.decodeSuccess(encoded)
  return Codecs.isDone(decoded) ? decoded : Effect.mapError(decoded, unreadable(callable))
}

/** What a failure decodes to is an exit, by its schema. */
export const failure = (callable: Callable, encoded: unknown): Effect.Effect<never, Failure> =>
  // Suspended, so that the codec sees the options of the caller's fiber.
  Effect.matchEffect(
    Effect.suspend(() => callable.codecs.decodeExit(encoded)),
    {
      onFailure: (issue) => Effect.fail(unreadable(callable)(issue)),
      onSuccess: (exit) => exit as Exit.Exit<never, Opaque>
    }
  )

export const unreadable =
  ({ contract, rpc }: Callable) =>
  (issue: string): BoundaryError =>
    failures.undecodable(`${contract} pool`, "response", issue, { tag: rpc._tag })
