/**
 * What to do about a failure, as data: how long a call may take, how often it is
 * made again, and which other upstreams are asked. A policy decides by the
 * failure's own `Disposition` and by nothing else, and by what earlier calls have
 * shown of its upstreams. It remembers that by itself; a layer of `Upstreams` lets
 * several policies share it.
 *
 * It belongs on the caller's side of a boundary, around one call: a worker makes
 * one attempt. Each attempt sees `Upstream.Current`, `Upstream.CurrentAttempt` and
 * the call's deadline.
 *
 * **Example** (A second upstream)
 *
 * ```ts
 * import { Evidence } from "@causeway/core/Evidence"
 * import * as Upstream from "@causeway/core/Upstream"
 * import { UpstreamError } from "@causeway/core/UpstreamError"
 * import { Overloaded } from "@causeway/core/UpstreamReason"
 * import * as Policy from "@causeway/resilience/Policy"
 * import * as Effect from "effect/Effect"
 *
 * const overloaded = new UpstreamError({
 *   upstream: "primary",
 *   operation: "chat.completions.create",
 *   reason: new Overloaded({ message: "too many requests at once", seenIn: "status" }),
 *   evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 3 } })
 * })
 *
 * const call = Effect.gen(function* () {
 *   const upstream = yield* Upstream.Current
 *   return upstream === "backup" ? "answered by backup" : yield* overloaded
 * })
 *
 * const policy = Policy.make({ deadline: "30 seconds", fallback: ["backup"] })
 *
 * await Effect.runPromise(Policy.apply(policy)(call)) // => "answered by backup"
 * ```
 */
import type { PolicyError } from "@causeway/core/PolicyError"
import type * as Effect from "effect/Effect"
import { hasProperty } from "effect/Predicate"
import type * as Stream from "effect/Stream"
import * as Attempt from "@causeway/core/Attempt"
import * as Explain from "./internal/explain.ts"
import * as Loop from "./internal/loop.ts"
import * as Settings from "./internal/settings.ts"
import * as Streaming from "./internal/streaming.ts"

const TypeId = "~@causeway/resilience/Policy"

/** What {@link make} takes. */
export interface Options<Name extends string = string> extends Settings.Options<Name> {}

/** What to do about a failure: checked data, made by {@link make}. */
export interface Policy extends Settings.Settings {
  readonly [TypeId]: typeof TypeId
}

/** The names of all options, for who reads them out of a configuration. */
export const optionNames: ReadonlyArray<keyof Options> = Settings.optionNames

/** Whether a value is a policy. */
export const isPolicy = (u: unknown): u is Policy => hasProperty(u, TypeId)

/**
 * Makes a policy. Without options a call ends within 10 minutes, and is made again
 * up to twice where its failure says that this can help.
 *
 * Throws `InvalidPolicy` for an option that does not exist, for a value that the
 * option does not allow, and for options that contradict each other.
 *
 * **Example** (A list of upstreams for each kind of failure)
 *
 * ```ts
 * import * as Policy from "@causeway/resilience/Policy"
 *
 * const policy = Policy.make({
 *   deadline: "2 minutes",
 *   retry: { times: 1 },
 *   fallback: { any: ["backup"], "larger-context": ["large"], "other-provider": ["elsewhere"] }
 * })
 *
 * policy.fallback["other-credential"] // => []
 * ```
 */
export const make = <const Name extends string = string>(options: Options<Name> = {}): Policy => ({
  [TypeId]: TypeId,
  ...Settings.read(options)
})

/**
 * Puts an effect under a policy. It fails with the first error of its own, which
 * is unchanged but for its {@link attempts}, or with `PolicyError` where no attempt
 * had ended in time. A failure that shows the request itself to be at fault is
 * given in place of the first.
 *
 * Attempts follow one another, but where `hedge` or a probe of an upstream's breaker
 * asks a second one beside a slow first one. Defects and interruption are never repeated. An attempt that takes too long is interrupted, and its clean-up
 * is not waited for.
 *
 * @see {@link applyStream} for streams
 */
export const apply =
  (policy: Policy) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | PolicyError, R> =>
    Loop.effect(policy, self)

/**
 * Puts a stream under a policy. It is started again, at the same upstream or at
 * another one, only as long as it has brought no element: what has begun is never
 * mixed with another upstream's. From then on a failure passes through.
 *
 * **Example** (Nothing comes for a second)
 *
 * ```ts
 * import * as Policy from "@causeway/resilience/Policy"
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 *
 * const policy = Policy.make({ firstElement: "20 millis", retry: { times: 0 } })
 * const error = Stream.never.pipe(Policy.applyStream(policy), Stream.runDrain, Effect.flip)
 *
 * await Effect.runPromise(Effect.map(error, ({ message }) => message)) // => "DeadlineExceeded: no first element came within 20ms"
 * ```
 */
export const applyStream =
  (policy: Policy) =>
  <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E | PolicyError, R> =>
    Streaming.stream(policy, self)

/**
 * Every attempt that led to an error, first to last, with what followed it and
 * why. Empty for an error that no policy has seen, and for a value that is no
 * object. They cross boundaries with their error.
 */
export const attempts = (error: unknown): ReadonlyArray<Attempt.Attempt> => Attempt.of(error)

/**
 * A policy in words: its limits, and a table of what follows every failure, at
 * first and when every upstream has been asked.
 *
 * **Example** (The limits of a policy)
 *
 * ```ts
 * import * as Policy from "@causeway/resilience/Policy"
 *
 * const [first] = Policy.explain(Policy.make({ deadline: "30 seconds", attempt: "5 seconds" })).split("\n")
 *
 * first // => "A call ends within 30s, each attempt of it within 5s."
 * ```
 */
export const explain = (policy: Policy): string => Explain.explain(policy)
