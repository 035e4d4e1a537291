/** A breaker's states: all moments are given, so it does nothing by itself. */
import * as Window from "./window.ts"

export type State = "closed" | "open" | "probing" | "recovering"

export type Outcome = "success" | "failure" | "slow" | "ignored"

export type Force = "open" | "closed" | "auto"

export interface Settings {
  readonly consecutive: number
  readonly rate: { readonly share: number; readonly minimum: number } | undefined
  readonly slow: { readonly share: number; readonly minimum: number; readonly overMs: number } | undefined
  readonly windowMs: number
  readonly openMs: number
  readonly maxOpenMs: number
  readonly probeMs: number
  readonly steps: ReadonlyArray<number>
  readonly stepMs: number
  readonly observe: boolean
}

export interface Permit {
  /** Whether the call finds out if the upstream is back. */
  readonly isProbe: boolean
  /** The call ended, after so many milliseconds. Only the first end counts, and none of an earlier state. */
  readonly end: (now: number, outcome: Outcome, elapsedMs: number) => void
}

export interface Change {
  readonly at: number
  readonly from: State
  readonly to: State
  readonly why: string
}

export interface Circuit {
  /** Leave to make a call, or `undefined`. */
  readonly admit: (now: number) => Permit | undefined
  /** Whether {@link admit} would give leave; `probe`: to a probe. */
  readonly peek: (now: number) => "yes" | "probe" | "no"
  readonly state: (now: number) => State
  /** In how many milliseconds it may let a call through; infinite where a hand keeps it open. */
  readonly retryInMs: (now: number) => number
  readonly force: (now: number, force: Force) => void
  readonly forced: () => Force
  /** Does as another one for the same upstream did, elsewhere. */
  readonly follow: (now: number, isOpen: boolean, until: number, why: string) => void
  readonly reset: (now: number) => void
}

const kinds = { success: 0, failure: 1, slow: 2 } as const

/** Failures in a row that end a recovery: a single one may be chance. */
const relapse = 2

/** Which part of its open time a probe may take to fail before the next one is made later. */
const cheap = 0.5

export const make = (settings: Settings, onChange?: (change: Change) => void): Circuit => {
  const { consecutive, observe, openMs, maxOpenMs, probeMs, rate, slow, stepMs, steps, windowMs } = settings
  const window = Window.make(windowMs, 10, 3)
  let state: "closed" | "open" | "recovering" = "closed"
  let generation = 0
  let streak = 0
  /** Calls by the order in which they were sent. */
  let sent = 0
  const underWay = new Set<number>()
  /** Failures in a row in that order, and the first of them: what was sent before it says nothing about it. */
  let ordered = 0
  let orderedFrom = 0
  /** How often its time has doubled since it was last closed. */
  let doublings = 0
  let openUntil = 0
  let probe: { readonly since: number } | undefined
  let step = 0
  let stepSince = 0
  let stepSuccesses = 0
  /** How many calls a step lets through already, in parts of one. */
  let credit = 0
  let forced: Force = "auto"

  const isProbing = (now: number): boolean => probe !== undefined && now - probe.since < probeMs
  const shown = (now: number): State => (state === "open" && isProbing(now) ? "probing" : state)

  const become = (now: number, to: typeof state, why: string): void => {
    const from = shown(now)
    state = to
    generation++
    streak = 0
    ordered = 0
    probe = undefined
    window.clear()
    // Under a hand it goes on to count, and that says nothing of what it does.
    if (from !== to && forced === "auto") onChange?.({ at: now, from, to, why })
  }
  const open = (now: number, why: string): void => {
    openUntil = now + Math.min(maxOpenMs, openMs * 2 ** Math.min(doublings, 30))
    become(now, "open", why)
  }
  /** Anew, since it is not back. What nobody waited for may be tried as soon again. */
  const reopen = (now: number, outcome: "failure" | "slow", elapsedMs: number): void => {
    if (outcome === "slow" || elapsedMs > openMs * cheap) doublings++
    open(now, outcome === "slow" ? "the probe was slow" : "the probe failed")
  }
  const close = (now: number, why: string): void => {
    doublings = 0
    become(now, "closed", why)
  }
  const enter = (now: number, next: number): void => {
    step = next
    stepSince = now
    stepSuccesses = 0
    credit = 1
  }
  const recover = (now: number, why = "the probe succeeded"): void => {
    if (steps.length === 0) return close(now, why)
    become(now, "recovering", why)
    enter(now, 0)
  }
  /** A step ends by its time, and by a success in it. */
  const advance = (now: number): void => {
    if (state !== "recovering" || now - stepSince < stepMs || stepSuccesses === 0) return
    if (step + 1 < steps.length) enter(now, step + 1)
    else close(now, "it served every step of its return")
  }
  const share = (now: number, kind: "failure" | "slow", { minimum, share }: { share: number; minimum: number }) => {
    const all = window.sum(now, kinds.success) + window.sum(now, kinds.failure) + window.sum(now, kinds.slow)
    return all >= minimum && window.sum(now, kinds[kind]) / all >= share
  }
  /**
   * Failures in a row as they end, or as they were sent: answers to what was sent before an
   * outage began come in for a while. Nothing that was sent among them may be under way,
   * since those that fail are often faster than those that succeed.
   */
  const inRow = (call: number, outcome: Outcome): number => {
    if (outcome === "failure") {
      streak++
      orderedFrom = ordered === 0 ? call : Math.min(orderedFrom, call)
      ordered++
    } else if (outcome === "success") {
      streak = 0
      if (call > orderedFrom) ordered = 0
    }
    if (ordered <= streak) return streak
    for (const other of underWay) if (other > orderedFrom) return streak
    return ordered
  }
  const count = (now: number, call: number, outcome: Exclude<Outcome, "ignored">): void => {
    window.add(now, kinds[outcome])
    const failures = inRow(call, outcome)
    if (outcome === "failure" && failures >= (state === "recovering" ? Math.min(relapse, consecutive) : consecutive)) {
      if (state === "recovering") doublings++
      return open(now, `${failures} failures in a row`)
    }
    if (outcome === "failure" && rate !== undefined && share(now, "failure", rate)) {
      return open(now, `at least ${rate.share * 100} % of its calls failed`)
    }
    if (outcome === "slow" && slow !== undefined && share(now, "slow", slow)) {
      return open(now, `at least ${slow.share * 100} % of its calls were slow`)
    }
    if (state === "recovering" && outcome === "success") {
      stepSuccesses++
      advance(now)
    }
  }

  const permit = (isProbe: boolean): Permit => {
    const own = generation
    const slot = probe
    const call = ++sent
    let isEnded = false
    underWay.add(call)
    return {
      isProbe,
      end: (now, outcome, elapsedMs) => {
        if (isEnded) return
        isEnded = true
        underWay.delete(call)
        if (isProbe && probe === slot) probe = undefined
        if (own !== generation || outcome === "ignored") return
        const judged = outcome === "success" && elapsedMs > (slow?.overMs ?? Infinity) ? "slow" : outcome
        if (state === "open") {
          // One of a watched circuit that only runs along says nothing while it is open.
          if (!isProbe) return
          return judged === "success" ? recover(now) : reopen(now, judged, elapsedMs)
        }
        count(now, call, judged)
      }
    }
  }

  const peek = (now: number): "yes" | "probe" | "no" => {
    if (forced === "open") return "no"
    if (forced === "closed") return "yes"
    advance(now)
    if (state === "open") return now < openUntil || isProbing(now) ? (observe ? "yes" : "no") : "probe"
    if (state === "recovering") return observe || credit + (steps[step] ?? 1) >= 1 ? "yes" : "no"
    return "yes"
  }

  return {
    peek,
    admit: (now) => {
      const leave = peek(now)
      if (state === "recovering" && forced === "auto") {
        credit += steps[step] ?? 1
        if (leave === "yes") credit = Math.max(0, credit - 1)
      }
      if (leave === "no") return undefined
      if (leave === "probe") {
        const from = shown(now)
        probe = { since: now }
        if (from === "open") onChange?.({ at: now, from, to: "probing", why: "its time is over" })
      }
      return permit(leave === "probe")
    },
    state: (now) => {
      advance(now)
      return forced === "auto" ? shown(now) : forced
    },
    retryInMs: (now) =>
      forced === "open"
        ? Number.POSITIVE_INFINITY
        : Math.max(0, probe === undefined ? openUntil - now : probe.since + probeMs - now),
    force: (now, next) => {
      const from = forced === "auto" ? shown(now) : forced
      forced = next
      const to = next === "auto" ? shown(now) : next
      if (from !== to) onChange?.({ at: now, from, to, why: next === "auto" ? "no hand is on it" : "by hand" })
    },
    forced: () => forced,
    follow: (now, isOpen, until, why) => {
      if (!isOpen) return state === "open" ? recover(now, why) : undefined
      // Its own probes find out as soon as those of others.
      if (state === "open" || until <= now) return
      openUntil = Math.min(until, now + maxOpenMs)
      become(now, "open", why)
    },
    reset: (now) => {
      const from = forced === "auto" ? shown(now) : forced
      // Told once, whatever was under the hand.
      forced = "closed"
      close(now, "it was reset")
      forced = "auto"
      openUntil = 0
      if (from !== "closed") onChange?.({ at: now, from, to: "closed", why: "it was reset" })
    }
  }
}
