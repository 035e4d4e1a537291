/** What the benchmark's processes agree on: the phases, the load, and what they tell each other. */
import type { Phase, Script } from "@causeway/simulator/Script"

/** How long a phase is; the return after the outage is half of it. */
export const phaseMs = Number(process.env["SECONDS"] ?? 10) * 1000
/** Before the first phase, for the compiler; nothing of it is reported. */
const warmUpMs = Number(process.env["WARMUP"] ?? 3) * 1000

/** Callers of each contender, each with one call at a time. */
export const callers = 50
/** What a caller waits between two calls, in milliseconds. */
export const think = { min: 200, max: 800 } as const
/** The share of calls that are wrong by the caller's own fault. */
export const badShare = 0.02
/** Requests that a limited primary serves in a second, and at once after a rest. */
export const limitPerSecond = 20
/** What a request costs that was served, or was given up while it was. */
export const cost = { primary: 1, secondary: 5 } as const

/** The same for all: how long an attempt and a call may take, retries, and when a breaker opens. */
export const settings = {
  attemptMs: 1000,
  deadlineMs: 5000,
  retries: 2,
  retryBaseMs: 100,
  breakerFailures: 5,
  breakerOpenMs: 2000
} as const

/** The two upstreams of a contender. */
export type Side = "primary" | "secondary"

const named = [
  { name: "warm-up", ms: warmUpMs },
  { name: "healthy", ms: phaseMs },
  // What is down at its edge says so at once.
  { name: "outage", ms: phaseMs, primary: { fault: "no-healthy-upstream", latency: "none" } },
  { name: "return", ms: phaseMs / 2 },
  { name: "brown-out", ms: phaseMs, primary: { fault: "slow?millis=3000&share=0.3" } },
  {
    name: "rate limit",
    ms: phaseMs,
    primary: { rateLimit: { requests: { limit: limitPerSecond, per: "1 second" } } }
  },
  { name: "recovery", ms: phaseMs }
] as const satisfies ReadonlyArray<{ readonly name: string; readonly ms: number; readonly primary?: Phase }>

/** A phase by its name. */
export type PhaseName = (typeof named)[number]["name"]

/** The phases that are reported, with their moments in milliseconds from the start. */
export const phases = named
  .map(({ ms, name }, index) => {
    const from = named.slice(0, index).reduce((sum, before) => sum + before.ms, 0)
    return { name: name as PhaseName, from, to: from + ms }
  })
  .filter(({ name }) => name !== "warm-up")

/** How long one run is. */
export const totalMs = named.reduce((sum, { ms }) => sum + ms, 0)

/** What an upstream does, phase by phase. */
export const scriptOf = (side: Side): Script => {
  const [first, ...rest] = named.map((phase): Phase => ({
    name: phase.name,
    for: phase.ms,
    ...(side === "primary" && "primary" in phase ? phase.primary : {})
  }))
  return { phases: [first ?? {}, ...rest] }
}

/** How long an upstream takes when it is well. */
export const latencyOf = {
  primary: { answer: { p50: "80 millis", p99: "160 millis" } },
  secondary: { answer: { p50: "140 millis", p99: "280 millis" } }
} as const

/** How a call ended: by an answer, as the caller's own fault, or in any other way. */
export type Ending = Side | "rejected" | "failed"

/** One call. */
export interface Call {
  /** From the start of the run, in milliseconds. */
  readonly at: number
  readonly ms: number
  readonly isBad: boolean
  readonly ending: Ending
}

/** Where the two upstreams are. */
export type Urls = Readonly<Record<Side, string>>

/** Requests that came in, by side, phase and what became of them. */
export interface Count {
  readonly side: Side
  readonly phase: string
  /** `served`: a 200. `given up`: the client left before the end. `refused`: any other status. */
  readonly outcome: "served" | "given up" | "refused"
  readonly requests: number
}

/** To the upstreams: begin, say what came in. */
export type ToUpstreams = "start" | "report"
/** From the upstreams. */
export type FromUpstreams =
  | { readonly _tag: "Ready"; readonly urls: Urls }
  | { readonly _tag: "Started"; readonly epochMs: number }
  | { readonly _tag: "Report"; readonly counts: ReadonlyArray<Count> }

/** To callers: begin, with the moment at which the upstreams did. */
export interface ToCallers {
  readonly epochMs: number
}
/** From callers. */
export type FromCallers =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Done"; readonly calls: ReadonlyArray<Call>; readonly unhandled: number }
