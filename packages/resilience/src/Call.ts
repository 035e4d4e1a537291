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
import * as Channel from "effect/Channel"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { providing } from "./internal/provided.ts"

/** How much a call matters: of what cannot all be served, `batch` is refused first and `critical` last. */
export type Priority = "critical" | "normal" | "batch"

/** What is known of a call. */
export interface Call {
  /**
   * The model asked for, by the name that callers use, or whatever else tells calls apart.
   * What is learnt of an upstream, such as its breaker, is kept for each model apart.
   * Default: one for all.
   */
  readonly model?: string | undefined
  /** Default: `normal`. */
  readonly priority?: Priority | undefined
  /** `never`: it may have an effect that must not come twice, whatever the policy says. Default: what the policy says. */
  readonly replay?: "safe" | "never" | undefined
}

/** What is known of the current call. */
export const Current = Context.Reference<Call>("@causeway/resilience/Call/Current", { defaultValue: () => ({}) })

/** How a call under a policy ended. */
export interface Ended {
  /** The upstream that answered, or whose failure is the call's; `undefined` where it has no name, or none was asked. */
  readonly upstream: string | undefined
  /** How many attempts were made, also beside each other. */
  readonly attempts: number
}

/**
 * Where a policy notes how a call ended: by default nowhere. A stream has ended in this
 * sense when its first element is there.
 */
export const Note = Context.Reference<((ended: Ended) => void) | undefined>("@causeway/resilience/Call/Note", {
  defaultValue: () => undefined
})

/** An answer, and how the call for it ended. */
export interface Noted<A> extends Ended {
  readonly value: A
}

/**
 * Says of a result who gave it and after how many attempts. Those of an error are told by
 * `Policy.attempts`.
 *
 * **Example** (The second one answers)
 *
 * ```ts
 * import { ProviderFault } from "@causeway/core/UpstreamReason"
 * import * as Upstream from "@causeway/core/Upstream"
 * import * as Call from "@causeway/resilience/Call"
 * import * as Policy from "@causeway/resilience/Policy"
 * import * as Effect from "effect/Effect"
 *
 * const call = Effect.gen(function* () {
 *   const upstream = yield* Upstream.Current
 *   return upstream === "backup" ? "an answer" : yield* new ProviderFault({ message: "it broke", seenIn: "status" })
 * })
 *
 * const noted = call.pipe(Policy.apply(Policy.make({ fallback: ["backup"] })), Call.noted)
 *
 * await Effect.runPromise(noted) // => { value: "an answer", upstream: "backup", attempts: 2 }
 * ```
 */
export const noted = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<Noted<A>, E, R> =>
  Effect.suspend(() => {
    let ended: Ended = { upstream: undefined, attempts: 1 }
    const note = (given: Ended): void => {
      ended = given
    }
    return Effect.map(Effect.provideService(self, Note, note), (value) => ({ value, ...ended }))
  })

/** Says something about the call that an effect makes. What is not said stays as it was. */
export const annotate =
  (call: Call) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => Effect.provideService(self, Current, { ...fiber.getRef(Current), ...call }))

/** As {@link annotate}, for a stream. */
export const annotateStream =
  (call: Call) =>
  <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
    Stream.fromChannel(
      Channel.fromTransform((upstream, scope) =>
        Effect.withFiber((fiber) => {
          const said = { ...fiber.getRef(Current), ...call }
          const provide = providing(Context.add(Current, said))
          return Effect.map(provide(Channel.toTransform(Stream.toChannel(self))(upstream, scope)), provide)
        })
      )
    )
