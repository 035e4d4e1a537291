/**
 * How an upstream is: healthy, degraded or down, with what speaks for it. It follows
 * the calls themselves, the breaker, and a probe where there is one.
 *
 * ```mermaid
 * stateDiagram-v2
 *   healthy --> degraded: a tenth of its calls fail or are slow, or it is on its way back
 *   healthy --> down: its breaker opens, calls fail in a row, or its probe fails
 *   degraded --> down: likewise
 *   down --> degraded: a call or a probe succeeded
 *   degraded --> healthy: nothing was wrong for a while
 * ```
 *
 * It gets worse at once and better only after a while, so that an upstream at the
 * edge does not change its state with every call. A 429 is no sign of illness.
 *
 * **Example** (Failures in a row)
 *
 * ```ts
 * import * as Health from "@causeway/resilience/Health"
 *
 * const health = Health.make({ consecutive: 2 })
 * health.sawUnsafe(0, "failure", "Overloaded")
 * health.sawUnsafe(0, "failure", "Overloaded")
 *
 * health.reportUnsafe(0).state // => "down"
 * health.reportUnsafe(0).why // => "2 failures in a row, the last one Overloaded"
 * ```
 */
import * as Duration from "effect/Duration"
import type { Outcome, State as BreakerState } from "./Breaker.ts"
import * as Check from "./internal/options.ts"
import * as Window from "./internal/window.ts"

/** How an upstream is. */
export type State = "healthy" | "degraded" | "down"

/** What {@link make} takes. */
export interface Options {
  /** Failures in a row, of calls or of probes, that mean it is down. Default: 5. */
  readonly consecutive?: number | undefined
  /** The share of failed and slow calls from which it is degraded. Default: 0.1. */
  readonly degraded?: number | undefined
  /** How many calls that share needs. Default: 10. */
  readonly minimum?: number | undefined
  /** How long a call counts. Default: 30 seconds. */
  readonly window?: Duration.Input | undefined
  /** For how long nothing may be wrong before it is healthy again. Default: 5 seconds. */
  readonly hold?: Duration.Input | undefined
}

/** How an upstream is, and what speaks for it. */
export interface Report {
  readonly state: State
  /** Since when, in milliseconds on the epoch. */
  readonly since: number
  readonly why: string
  /** What was seen in the window. */
  readonly calls: number
  readonly failures: number
  readonly slow: number
  /** The reason of the last failure that counted. */
  readonly lastFailure: string | undefined
}

/** A change of an upstream's health. */
export interface Change extends Report {
  readonly from: State
}

/** The health of one upstream. */
export interface Health {
  /** A call ended. `reason`: what it failed with. */
  readonly sawUnsafe: (now: number, outcome: Outcome, reason?: string) => void
  /** A probe ended: `undefined` for a success, else what it failed with. */
  readonly probedUnsafe: (now: number, failure: string | undefined) => void
  /** Its breaker changed. */
  readonly breakerUnsafe: (now: number, state: BreakerState, why: string) => void
  /** How it is at a moment. */
  readonly reportUnsafe: (now: number) => Report
}

const kinds = { success: 0, failure: 1, slow: 2 } as const
const worse: Readonly<Record<State, number>> = { healthy: 0, degraded: 1, down: 2 }

/** The health of an upstream of which nothing is known yet: healthy. Throws `InvalidPolicy`. */
export const make = (options: Options = {}, onChange?: (change: Change) => void): Health => {
  const { consecutive, degraded, hold, minimum, ...read } = Check.all("health", options, {
    consecutive: () => Check.whole("health.consecutive", options.consecutive ?? 5, 1, 1000),
    degraded: () => Check.number("health.degraded", options.degraded ?? 0.1, 0, 1),
    minimum: () => Check.whole("health.minimum", options.minimum ?? 10, 1, 1e6),
    window: () => Check.duration("health.window", options.window ?? "30 seconds", "finite"),
    hold: () => Check.duration("health.hold", options.hold ?? "5 seconds", "finite")
  })
  const holdMs = Duration.toMillis(hold)
  const window = Window.make(Duration.toMillis(read.window), 30, 3)
  let streak = 0
  let probes = 0
  let breaker: { readonly state: BreakerState; readonly why: string } = { state: "closed", why: "" }
  let lastFailure: string | undefined
  let shown: { readonly state: State; readonly since: number; readonly why: string } | undefined
  /** Since when it has been better than what is shown. */
  let betterSince: number | undefined

  const sum = (now: number) => {
    const failures = window.sum(now, kinds.failure)
    const slow = window.sum(now, kinds.slow)
    return { calls: window.sum(now, kinds.success) + failures + slow, failures, slow }
  }
  /** What the evidence says at this moment, whatever was shown before. */
  const judge = (now: number): readonly [State, string] => {
    if (breaker.state === "open" || breaker.state === "probing") return ["down", `its breaker is open: ${breaker.why}`]
    if (probes >= consecutive) return ["down", `${probes} probes in a row failed, the last one by ${lastFailure}`]
    if (streak >= consecutive) return ["down", `${streak} failures in a row, the last one ${lastFailure}`]
    if (breaker.state === "recovering") return ["degraded", "its breaker lets calls through step by step"]
    const { calls, failures, slow } = sum(now)
    if (calls >= minimum && (failures + slow) / calls >= degraded) {
      return ["degraded", `of its last ${calls} calls ${failures} failed and ${slow} were slow`]
    }
    return ["healthy", "its calls succeed"]
  }
  const update = (now: number) => {
    shown ??= { state: "healthy", since: now, why: "nothing speaks against it" }
    const [state, why] = judge(now)
    if (worse[state] === worse[shown.state]) betterSince = undefined
    else if (worse[state] > worse[shown.state]) become(now, state, why)
    else if (shown.state === "down") become(now, "degraded", state === "degraded" ? why : "it answers again")
    else {
      betterSince ??= now
      if (now - betterSince >= holdMs) become(now, state, why)
    }
    return shown
  }
  const become = (now: number, state: State, why: string): void => {
    const from = shown?.state ?? "healthy"
    shown = { state, since: now, why }
    betterSince = undefined
    onChange?.({ ...shown, ...sum(now), lastFailure, from })
  }

  return {
    sawUnsafe: (now, outcome, reason) => {
      if (outcome === "ignored") return
      window.add(now, kinds[outcome])
      if (outcome === "failure") {
        streak++
        lastFailure = reason
      } else if (outcome === "success") {
        streak = 0
        probes = 0
      }
      update(now)
    },
    probedUnsafe: (now, failure) => {
      if (failure === undefined) {
        probes = 0
        streak = 0
      } else {
        probes++
        lastFailure = failure
      }
      update(now)
    },
    breakerUnsafe: (now, state, why) => {
      breaker = { state, why }
      // What follows its being closed starts anew, as the breaker itself does.
      if (state === "closed" || state === "recovering") streak = 0
      update(now)
    },
    reportUnsafe: (now) => ({ ...update(now), ...sum(now), lastFailure })
  }
}
