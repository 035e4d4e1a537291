/**
 * A circuit breaker: whoever failed several times in a row, failed too large a share
 * of its calls, or was too slow too often, gets no calls for a while. It counts
 * attempts, one by one, and not calls after their retries.
 *
 * ```mermaid
 * stateDiagram-v2
 *   closed --> open: failures in a row, or a share of failures or of slow calls
 *   open --> probing: its time is over, and a call comes
 *   probing --> open: the probe failed, or was slow
 *   probing --> recovering: the probe succeeded
 *   recovering --> open: failures again
 *   recovering --> closed: each step saw successes
 * ```
 *
 * What Effect's `CircuitBreaker` does not have is why this is another one: a share
 * over a window of time, both conditions in one circuit, slow calls, a probe whose
 * slot comes free however it ends, a return in steps, and an operator's hand on it.
 *
 * **Example** (Used alone)
 *
 * ```ts
 * import { ProviderFault } from "@causeway/core/UpstreamReason"
 * import * as Breaker from "@causeway/resilience/Breaker"
 * import * as Effect from "effect/Effect"
 *
 * const fault = Effect.fail(new ProviderFault({ message: "it broke", seenIn: "status" }))
 *
 * const program = Effect.gen(function* () {
 *   const breaker = Breaker.make({ consecutive: 2 })
 *   const call = fault.pipe(Breaker.apply(breaker), Effect.flip)
 *   yield* call
 *   yield* call
 *   return (yield* call).message
 * })
 *
 * await Effect.runPromise(program) // => "CircuitOpen: the breaker is open"
 * ```
 */
import * as Disposition from "@causeway/core/Disposition"
import { CircuitOpen, PolicyError } from "@causeway/core/PolicyError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Circuit from "./internal/circuit.ts"
import * as Check from "./internal/options.ts"

/** Where a breaker stands. `probing`: open, and a probe is under way. */
export type State = Circuit.State

/** What a call says of its upstream. `ignored`: nothing. */
export type Outcome = Circuit.Outcome

/** Leave to make one call, which must be ended. */
export type Permit = Circuit.Permit

/** A change of a breaker's state, and why. */
export type Change = Circuit.Change

/** An operator's hand: `open` lets nothing through, `closed` everything, `auto` takes the hand away. */
export type Force = Circuit.Force

/** What {@link make} takes. */
export interface Options {
  /** Failures in a row that open it, 1 to 1000. Default: 5. */
  readonly consecutive?: number | undefined
  /** The share of failures among the calls of the window that opens it. Default: a half of at least 20. */
  readonly rate?: Share | false | undefined
  /**
   * The share of slow calls in the window that opens it. Slow is what takes longer than
   * `over`, and what was given up for another upstream's answer. Default: a half of at least
   * 20, and no `over`.
   */
  readonly slow?: (Share & { readonly over?: Duration.Input | undefined }) | false | undefined
  /** How long a call counts. Default: 10 seconds. */
  readonly window?: Duration.Input | undefined
  /**
   * How long it stays open at first. That doubles, up to `maxOpen`, with each probe that
   * was slow or took more than half of it to fail, since somebody waited, and with each
   * relapse on its way back. A probe that is refused at once hurts nobody. Default: 1 second.
   */
  readonly open?: Duration.Input | undefined
  /** What it never stays open longer than. Default: 30 seconds, or `open` where that is longer. */
  readonly maxOpen?: Duration.Input | undefined
  /** How long a probe may hold its slot; then another call may probe. Default: 10 seconds. */
  readonly probe?: Duration.Input | undefined
  /** The shares of calls that are let through one after the other on its way back. Default: a tenth, a half. */
  readonly steps?: ReadonlyArray<number> | undefined
  /** How long each step lasts. Default: 400 milliseconds. */
  readonly step?: Duration.Input | undefined
  /** Whether it only watches: it goes through its states and lets everything pass. Default: `false`. */
  readonly observe?: boolean | undefined
}

/** A share, and how many calls it needs to mean something. */
export interface Share {
  /** Above 0, at most 1. Default: 0.5. */
  readonly share?: number | undefined
  /** 1 to 1,000,000. Default: 20. */
  readonly minimum?: number | undefined
}

/** Checked options, in milliseconds. */
export type Settings = Circuit.Settings

/** A breaker. */
export interface Breaker {
  /** Where it stands. */
  readonly state: Effect.Effect<State>
  /** Takes it into an operator's hand, or out of it. */
  readonly force: (force: Force) => Effect.Effect<void>
  /** Closes it and forgets what it saw. */
  readonly reset: Effect.Effect<void>
  /** What decides. */
  readonly circuit: Circuit.Circuit
}

/** Checks options. Throws `InvalidPolicy`. */
export const read = (options: Options, name = "breaker"): Settings => {
  const time = (option: "window" | "open" | "maxOpen" | "probe" | "step", otherwise: Duration.Input) =>
    Check.duration(`${name}.${option}`, options[option] ?? otherwise, "finite")
  const parts = Check.all(
    name,
    options,
    {
      consecutive: () => Check.whole(`${name}.consecutive`, options.consecutive ?? 5, 1, 1000),
      rate: () => (options.rate === false ? undefined : readRate(`${name}.rate`, options.rate ?? {})),
      slow: () => (options.slow === false ? undefined : readSlow(`${name}.slow`, options.slow ?? {})),
      window: () => time("window", Duration.seconds(10)),
      open: () => time("open", Duration.seconds(1)),
      maxOpen: () => (options.maxOpen === undefined ? undefined : time("maxOpen", options.maxOpen)),
      probe: () => time("probe", Duration.seconds(10)),
      steps: () => {
        const steps = options.steps ?? [0.1, 0.5]
        Check.list(`${name}.steps`, steps, "shares of calls")
        return steps.map((step, index) => Check.number(`${name}.steps[${index}]`, step, 0.001, 1))
      },
      step: () => time("step", Duration.millis(400)),
      observe: () => Check.oneOf(`${name}.observe`, options.observe ?? false, [true, false])
    },
    Check.orOff
  )
  const maxOpen = parts.maxOpen ?? Duration.max(parts.open, Duration.seconds(30))
  Check.atMost(`${name}.open`, parts.open, `${name}.maxOpen`, maxOpen)
  const { consecutive, observe, rate, slow, steps } = parts
  return {
    consecutive,
    rate,
    slow,
    windowMs: Duration.toMillis(parts.window),
    openMs: Duration.toMillis(parts.open),
    maxOpenMs: Duration.toMillis(maxOpen),
    probeMs: Duration.toMillis(parts.probe),
    steps,
    stepMs: Duration.toMillis(parts.step),
    observe
  }
}

const shareOf = (at: string, { minimum, share }: Share) => ({
  share: () => Check.number(`${at}.share`, share ?? 0.5, Number.MIN_VALUE, 1),
  minimum: () => Check.whole(`${at}.minimum`, minimum ?? 20, 1, 1e6)
})

const readRate = (at: string, rate: Share): NonNullable<Settings["rate"]> =>
  Check.all(at, rate, shareOf(at, rate), Check.orOff)

const readSlow = (at: string, slow: Exclude<Options["slow"], false | undefined>): NonNullable<Settings["slow"]> => {
  const { minimum, over, share } = Check.all(
    at,
    slow,
    {
      ...shareOf(at, slow),
      over: () => (slow.over === undefined ? Duration.infinity : Check.duration(`${at}.over`, slow.over, "finite"))
    },
    Check.orOff
  )
  return { share, minimum, overMs: Duration.toMillis(over) }
}

/** A breaker, closed. Throws `InvalidPolicy`. */
export const make = (options: Options = {}): Breaker => {
  const circuit = Circuit.make(read(options))
  return {
    state: Effect.map(Clock.currentTimeMillis, circuit.state),
    force: (force) => Effect.map(Clock.currentTimeMillis, (now) => circuit.force(now, force)),
    reset: Effect.map(Clock.currentTimeMillis, circuit.reset),
    circuit
  }
}

/** What a call says of its upstream, by how it ended. Defects and interruption say nothing. */
export const outcomeOf = (exit: Exit.Exit<unknown, unknown>): Outcome =>
  Exit.isSuccess(exit)
    ? "success"
    : Disposition.of(Cause.squash(exit.cause))?.health === "counts"
      ? "failure"
      : "ignored"

/**
 * Puts an effect behind a breaker: while it is open the effect does not run, and fails
 * with `CircuitOpen`. A policy's own breaker never does that as long as there is any
 * upstream that nobody has closed by hand.
 */
export const apply =
  (breaker: Breaker) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | PolicyError, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Clock.Clock, (clock): Effect.Effect<A, E | PolicyError, R> => {
        const startedAt = clock.currentTimeMillisUnsafe()
        const permit = breaker.circuit.admit(startedAt)
        if (permit === undefined) {
          return Effect.fail(circuitOpen("the breaker is open", breaker.circuit.retryInMs(startedAt)))
        }
        return Effect.onExit(restore(self), (exit) =>
          Effect.sync(() => {
            const now = clock.currentTimeMillisUnsafe()
            permit.end(now, outcomeOf(exit), now - startedAt)
          })
        )
      })
    )

/** The failure of a call that no breaker lets through. */
export const circuitOpen = (message: string, retryInMs: number): PolicyError =>
  new PolicyError({ reason: new CircuitOpen({ message, retryAfter: Duration.millis(Math.min(retryInMs, 60_000)) }) })
