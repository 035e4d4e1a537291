/**
 * What a caller says about one call, beside the call itself: the model that it asks
 * for, how much it matters, and whether it may be made twice. A policy reads it.
 *
 * **Example** (A call for a model, which nobody waits for)
 *
 * ```ts
 * import * as Call from "@causeway/resilience/Call"
 * import * as Effect from "effect/Effect"
 *
 * const call = Effect.map(Call.Current, ({ model, priority }) => `${model}, ${priority}`)
 *
 * await Effect.runPromise(call.pipe(Call.annotate({ model: "gpt-5", priority: "batch" }))) // => "gpt-5, batch"
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** How much a call matters: of what cannot all be served, `batch` is refused first and `critical` last. */
export type Priority = "critical" | "normal" | "batch"

/** What is known of a call. */
export interface Call {
  /**
   * The model asked for, by the name that callers use. What is learnt of an upstream,
   * such as its breaker, is kept for each model apart. Default: one for all.
   */
  readonly model?: string | undefined
  /** Default: `normal`. */
  readonly priority?: Priority | undefined
  /** `never`: it may have an effect that must not come twice, whatever the policy says. Default: what the policy says. */
  readonly replay?: "safe" | "never" | undefined
}

/** What is known of the current call. */
export const Current = Context.Reference<Call>("@causeway/resilience/Call/Current", { defaultValue: () => ({}) })

/** Says something about the call that an effect makes. What is not said stays as it was. */
export const annotate =
  (call: Call) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => Effect.provideService(self, Current, { ...fiber.getRef(Current), ...call }))

/** As {@link annotate}, for a stream. */
export const annotateStream =
  (call: Call) =>
  <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
    Stream.unwrap(
      Effect.withFiber((fiber) =>
        Effect.succeed(Stream.provideService(self, Current, { ...fiber.getRef(Current), ...call }))
      )
    )
