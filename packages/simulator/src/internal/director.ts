/** Which behaviour holds now: the one that was set up, or that of a script's phase. */
import type { Behaviour } from "../Behaviour.ts"
import * as Duration from "effect/Duration"
import type { Random } from "effect/Random"
import type { Phase, Script } from "../Script.ts"
import * as Latency from "./latency.ts"
import * as RateLimit from "./rateLimit.ts"

/** What holds for a request. */
export interface Holding {
  readonly phase: string | undefined
  readonly fault: string | undefined
  readonly latency: ReturnType<typeof Latency.make>
  readonly limiter: RateLimit.Limiter | undefined
}

export interface Director {
  /** What holds for a request that arrives now; it counts. */
  readonly admit: (now: number) => Holding
  /** The phase that holds now, without any request. */
  readonly phase: (now: number) => string | undefined
  readonly behave: (behaviour: Behaviour, now: number) => void
  readonly run: (script: Script, now: number) => void
}

/** What has to happen as phases change. */
export interface Effects {
  /** Whether connections are refused from now on. */
  readonly refuse: (isRefusing: boolean) => void
  /** Asks to be woken, by {@link Director.phase}, after so many milliseconds; a new wish takes the place of the old one. */
  readonly wake: (millis: number | undefined) => void
}

interface State {
  readonly holding: Holding
  readonly isRefusing: boolean
  readonly endsAt: number | undefined
  requestsLeft: number | undefined
}

export const make = (
  start: { readonly behaviour: Behaviour; readonly script: Script | undefined; readonly now: number },
  random: Random,
  effects: Effects
): Director => {
  let base = start.behaviour
  let script: Script | undefined
  let index = 0
  let baseHolding = holdingOf(base, undefined, start.now)
  let state: State = stateOf(undefined, start.now)

  function holdingOf(behaviour: Behaviour, phase: string | undefined, now: number): Holding {
    const { fault, latency, rateLimit = "none" } = behaviour
    return {
      phase,
      fault: fault === "none" ? undefined : fault,
      latency: Latency.make(latency, random),
      limiter: rateLimit === "none" ? undefined : RateLimit.make(rateLimit, now)
    }
  }

  function stateOf(phase: Phase | undefined, now: number): State {
    if (phase === undefined) {
      return { holding: baseHolding, isRefusing: base.refuse === true, endsAt: undefined, requestsLeft: undefined }
    }
    const holding = holdingOf({ ...base, ...phase }, phase.name ?? String(index + 1), now)
    return {
      // A limit that goes on through the phases keeps its level.
      holding: phase.rateLimit === undefined ? { ...holding, limiter: baseHolding.limiter } : holding,
      isRefusing: phase.refuse ?? base.refuse === true,
      endsAt: phase.for === undefined ? undefined : now + Duration.toMillis(phase.for),
      requestsLeft: phase.requests
    }
  }

  const enter = (next: number, at: number): void => {
    const wasRefusing = state.isRefusing
    index = next
    if (script?.repeat === true && index >= script.phases.length) index = 0
    const phase = script?.phases[index]
    if (phase === undefined) script = undefined
    state = stateOf(phase, at)
    if (state.isRefusing !== wasRefusing) effects.refuse(state.isRefusing)
  }

  /** Passes every phase that is over; how many there are is bounded even where they take no time. */
  const settle = (now: number): void => {
    for (let steps = 0; state.endsAt !== undefined && state.endsAt <= now && steps < 10_000; steps++) {
      enter(index + 1, state.endsAt)
    }
    effects.wake(state.endsAt === undefined ? undefined : Math.max(1, state.endsAt - now))
  }

  const run = (next: Script, now: number): void => {
    script = next
    enter(0, now)
    settle(now)
  }

  if (state.isRefusing) effects.refuse(true)
  if (start.script !== undefined) run(start.script, start.now)

  return {
    admit(now) {
      settle(now)
      const { holding } = state
      if (state.requestsLeft !== undefined && --state.requestsLeft === 0) {
        enter(index + 1, now)
        settle(now)
      }
      return holding
    },
    phase(now) {
      settle(now)
      return state.holding.phase
    },
    behave(behaviour, now) {
      base = behaviour
      baseHolding = holdingOf(base, undefined, now)
      script = undefined
      enter(0, now)
      settle(now)
    },
    run
  }
}
