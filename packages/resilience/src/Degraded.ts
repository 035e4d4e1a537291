/**
 * Answers of last resort: what a caller gets where no upstream can serve. A cached
 * answer, a smaller model's, a fixed one, or a refusal that says when to come back.
 *
 * ```mermaid
 * stateDiagram-v2
 *   serving --> serving: a call fails, and is answered by the plan
 *   serving --> degraded: all upstreams are down
 *   degraded --> degraded: calls are answered by the plan at once, but for a probe
 *   degraded --> serving: any upstream is no longer down
 * ```
 *
 * It goes around the policy. A call that fails for whatever is not its own fault is
 * answered by the plan. While all upstreams of a layer of `Upstreams` are down, calls
 * get that answer at once instead of waiting for what will not come; only a call that a
 * breaker wants for a probe is made. An answer of the plan is marked, see {@link marked}.
 *
 * An answer ends with the call's deadline (`CallMetadata.Deadline`), or after `within`,
 * whatever it does; then the next one is tried. What is there at once is given even where
 * no time is left.
 *
 * **Example** (A fixed answer)
 *
 * ```ts
 * import { ProviderFault } from "@causeway/core/UpstreamReason"
 * import * as Degraded from "@causeway/resilience/Degraded"
 * import * as Policy from "@causeway/resilience/Policy"
 * import * as Effect from "effect/Effect"
 *
 * const call = Effect.fail(new ProviderFault({ message: "it broke", seenIn: "status" }))
 * const plan = Degraded.make({ answers: [Degraded.fixed("sorry", "Please come back later.")] })
 *
 * const answer = call.pipe(Policy.apply(Policy.make({ retry: { times: 0 } })), Degraded.apply(plan), Degraded.marked)
 *
 * await Effect.runPromise(answer) // => { value: "Please come back later.", degraded: "sorry" }
 * ```
 */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Disposition from "@causeway/core/Disposition"
import type { PolicyError } from "@causeway/core/PolicyError"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { hasProperty } from "effect/Predicate"
import * as Stream from "effect/Stream"
import * as Call from "./Call.ts"
import { shed } from "./Concurrency.ts"
import * as Metrics from "./internal/metrics.ts"
import * as Check from "./internal/options.ts"
import { exceeded } from "./internal/record.ts"
import { Provided } from "./internal/registries.ts"
import { key, type Registry } from "./internal/registry.ts"
import { Remembered } from "./internal/remembered.ts"
import { makeWatch, within } from "./internal/within.ts"

/** One answer of last resort. `error`: what the call failed with; `undefined` where it was not made. */
export interface Answer<A, E = never, R = never> {
  /** What the answer is marked with, such as `cached`. */
  readonly name: string
  readonly answer: (error: unknown) => Effect.Effect<A, E, R>
}

/** What {@link make} takes. */
export interface Options<A, E = never, R = never> {
  /** Tried in this order until one succeeds; the error of the last one is the call's. */
  readonly answers: NonEmptyReadonlyArray<Answer<A, E, R>>
  /** Which errors of a call are answered. Default: all but those that are the caller's own fault. */
  readonly when?: ((error: unknown) => boolean) | undefined
  /**
   * How often a call is made all the same where no breaker says when, for each layer of
   * `Upstreams` and model apart. Default: every second.
   */
  readonly probe?: Duration.Input | undefined
  /** How long one answer may take. Default: 1 minute. */
  readonly within?: Duration.Input | undefined
}

/** Answers of last resort. */
export interface Plan<A, E = never, R = never> {
  readonly answers: NonEmptyReadonlyArray<Answer<A, E, R>>
  readonly when: (error: unknown) => boolean
  readonly within: Duration.Duration
  /** Whether calls are answered at once, at this moment, for this model. */
  readonly isEnteredUnsafe: (context: Context.Context<never>, now: number) => boolean
}

/** Whether an error is anybody's fault but the caller's. One that does not say so is. */
const isNotTheCallers = (error: unknown): boolean => Disposition.of(error)?.blame !== "caller"

/** Makes a plan. Throws `InvalidPolicy`. */
export const make = <A, E = never, R = never>(options: Options<A, E, R>): Plan<A, E, R> => {
  const { probe, within } = Check.all("degraded", options, {
    answers: () => checkAnswers(options.answers),
    when: () =>
      options.when === undefined || typeof options.when === "function"
        ? undefined
        : Check.reject("degraded.when", options.when, "a function of an error"),
    probe: () => Check.duration("degraded.probe", options.probe ?? Duration.seconds(1), "finite"),
    within: () => Check.duration("degraded.within", options.within ?? Duration.minutes(1))
  })
  const probeMs = Duration.toMillis(probe)
  const probed = new WeakMap<Registry, Remembered<{ at: number }>>()
  return {
    answers: options.answers,
    when: options.when ?? isNotTheCallers,
    within,
    isEnteredUnsafe: (context, now) => {
      const registry = Context.get(context, Provided)
      if (registry === undefined) return false
      const { model } = Context.get(context, Call.Current)
      const { isDown, leaves } = look(registry, model, now)
      Metrics.degradedIs(registry.metrics, model, isDown)
      if (!isDown || leaves.includes("probe")) return false
      if (leaves.length > 0 && leaves.every((leave) => leave === "no")) return true
      let byModel = probed.get(registry)
      if (byModel === undefined) probed.set(registry, (byModel = new Remembered()))
      const last = byModel.get(key(model), () => ({ at: Number.NEGATIVE_INFINITY }))
      if (now - last.at < probeMs) return true
      last.at = now
      return false
    }
  }
}

const checkAnswers = (answers: ReadonlyArray<Answer<unknown, unknown, unknown>>): void => {
  if (!Array.isArray(answers)) return Check.reject("degraded.answers", answers, "a list of at least one answer")
  if (answers.length === 0) return Check.refuse("degraded.answers", "none", "at least one answer")
  for (const [index, each] of answers.entries()) {
    if (hasProperty(each, "answer") && typeof each.answer === "function") continue
    Check.reject(`degraded.answers[${index}]`, each, "{ name, answer }, as of fixed or refuse")
  }
  Check.names(
    "degraded.answers",
    answers.map(({ name }) => name),
    "answer"
  )
}

/** Whether all upstreams are down for a model, and whether their breakers let a call through. */
const look = (registry: Registry, model: string | undefined, now: number) => {
  const known = [...registry.known.values()].filter((each) => each.model === model)
  const isDown =
    registry.defined.size > 0 &&
    [...registry.defined.keys()].every((name) =>
      known.some(({ health, upstream }) => upstream === name && health.reportUnsafe(now).state === "down")
    )
  // What an operator lets through is made, as what a breaker wants for a probe.
  const leaves = known.flatMap(({ circuits }) =>
    [...circuits].map((circuit) => (circuit.forced() === "closed" ? "probe" : circuit.peek(now)))
  )
  return { isDown, leaves }
}

/** An answer that is always the same. */
export const fixed = <A>(name: string, value: A): Answer<A> => ({ name, answer: () => Effect.succeed(value) })

/** Refuses the call, and says when to come back. It is noted as an answer, though it is a failure. */
export const refuse = (retryAfter: Duration.Input, message = "no upstream can serve"): Answer<never, PolicyError> => {
  const wait = Check.duration("degraded.refuse", retryAfter, "finite")
  const refusal = Effect.suspend(() => Effect.fail(shed(message, Duration.toMillis(wait))))
  return { name: "refused", answer: () => Effect.andThen(note("refused"), refusal) }
}

/** Where an answer of last resort is noted: by default nowhere. */
export const Mark = Context.Reference<((name: string) => void) | undefined>("@causeway/resilience/Degraded/Mark", {
  defaultValue: () => undefined
})

const answered = Metric.counter("causeway_degraded_answers", {
  description: "Answers of last resort, by their name",
  incremental: true
})

const note = (name: string): Effect.Effect<void> =>
  Effect.flatMap(Mark, (mark) => {
    mark?.(name)
    return Metric.update(Metric.withAttributes(answered, { answer: name }), 1)
  })

/** The first answer that succeeds. */
const resort = <A, E, R>(plan: Plan<A, E, R>, error: unknown): Effect.Effect<A, E | PolicyError, R> => {
  const [head, ...rest] = plan.answers
  const one = ({ answer, name }: Answer<A, E, R>) =>
    Effect.tap(inTime(name, answer(error), Duration.toMillis(plan.within)), () => note(name))
  return rest.reduce((before, next) => Effect.catch(before, () => one(next)), one(head))
}

/** An answer, as long as there is time for it. */
const inTime = <A, E, R>(
  name: string,
  answer: Effect.Effect<A, E, R>,
  withinMs: number
): Effect.Effect<A, E | PolicyError, R> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const leftMs = Math.max(0, ((yield* CallMetadata.Deadline) ?? Number.POSITIVE_INFINITY) - now)
    const ms = Math.min(withinMs, leftMs)
    const watch = makeWatch()
    const exit = yield* within(answer, Number.isFinite(ms) ? watch.until(now + ms) : undefined)
    watch.stop()
    if (exit !== undefined) return yield* exit
    const late = `the answer of last resort ${name} did not come within ${Duration.format(Duration.millis(ms))}`
    return yield* Effect.fail(exceeded(leftMs < withinMs ? "total" : "attempt", ms, late))
  })

const isEntered = <A, E, R>(plan: Plan<A, E, R>): Effect.Effect<boolean> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.map(Effect.context<never>(), (context) => plan.isEnteredUnsafe(context, now))
  )

/** Gives an effect a plan for when it fails, and for when it need not be tried. */
export const apply =
  <B, E2, R2>(plan: Plan<B, E2, R2>) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A | B, E | E2 | PolicyError, R | R2> =>
    Effect.flatMap(isEntered(plan), (entered): Effect.Effect<A | B, E | E2 | PolicyError, R | R2> =>
      entered
        ? resort(plan, undefined)
        : Effect.catch(self, (error): Effect.Effect<B, E | E2 | PolicyError, R2> =>
            plan.when(error) ? resort(plan, error) : Effect.fail(error)
          )
    )

/** As {@link apply}, for a stream: the answer is its only element, and comes only where none came before. */
export const applyStream =
  <B, E2, R2>(plan: Plan<B, E2, R2>) =>
  <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A | B, E | E2 | PolicyError, R | R2> =>
    Stream.unwrap(
      Effect.map(isEntered(plan), (entered): Stream.Stream<A | B, E | E2 | PolicyError, R | R2> => {
        if (entered) return Stream.fromEffect(resort(plan, undefined))
        let hasBegun = false
        return self.pipe(
          Stream.map((element) => {
            hasBegun = true
            return element
          }),
          Stream.catch((error): Stream.Stream<B, E | E2 | PolicyError, R2> =>
            hasBegun || !plan.when(error) ? Stream.fail(error) : Stream.fromEffect(resort(plan, error))
          )
        )
      })
    )

/** An answer, and the name of the answer of last resort where it is one. */
export interface Marked<A> {
  readonly value: A
  readonly degraded: string | undefined
}

/** Says of an effect's result whether it is an answer of last resort. */
export const marked = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<Marked<A>, E, R> =>
  Effect.suspend(() => {
    let degraded: string | undefined
    const mark = (name: string): void => {
      degraded = name
    }
    return Effect.map(Effect.provideService(self, Mark, mark), (value) => ({ value, degraded }))
  })
