/** Asking another upstream beside one that takes longer than it usually does. */
import * as Duration from "effect/Duration"
import type { Permit } from "../Breaker.ts"
import { admit } from "./admission.ts"
import { asking, type Course } from "./course.ts"
import type { Entry } from "./entry.ts"
import { label } from "./registry.ts"
import type { Running, Starting } from "./running.ts"

/** Times the running median after which a probe is too slow, where the policy does not hedge by itself. */
const patience = 2.5
/** How long a probe is waited for where no median is known, in milliseconds. */
const patienceMs = 1000

/** After how many milliseconds another upstream is asked beside this one; infinite for never. */
export const hedgeAfter = (
  { replay, settings: { hedge } }: Pick<Course, "replay" | "settings">,
  { latency }: Entry,
  { isProbe }: Permit,
  now: number
): number => {
  if (replay === "never" || (hedge === undefined && !isProbe)) return Number.POSITIVE_INFINITY
  const median = latency.medianUnsafe(now)
  if (median !== undefined) return (hedge?.medianTimes ?? patience) * median
  return hedge === undefined ? patienceMs : Duration.toMillis(hedge.otherwise)
}

const cost = ({ defined }: Entry): number => defined?.cost ?? 1

/**
 * Another upstream to ask beside a slow one, which is idle, well, and within the budget.
 * The cheapest of several. A probe draws on no budget, since there is but one at a time.
 */
export const hedge = <A, E>(
  course: Course,
  running: ReadonlyArray<Running<A, E>>,
  slow: Running<A, E>
): Starting | undefined => {
  const { candidates, failures, find, now } = course
  const at = now()
  const budget = slow.leave.permit.isProbe ? undefined : slow.entry.hedges
  if (budget !== undefined && budget.leftUnsafe(at) < 1) return undefined
  const passed: Array<string> = []
  const isOther = (name: string | undefined): boolean =>
    running.every(({ turn }) => turn.upstream !== name) &&
    failures.every((failed) => failed.upstream !== name && (name === undefined || failed.name !== name))
  const others = [candidates.first, ...candidates.lists.any].filter(isOther).map(find)
  for (const entry of others.toSorted((a, b) => cost(a) - cost(b))) {
    // Whoever is late already is not made to wait for a probe.
    if (entry.circuit?.peek(at) === "probe") {
      passed.push(`${label(entry.name)}: its breaker is open`)
      continue
    }
    const leave = admit(entry, asking(course, at))
    if (leave._tag === "Leave") {
      budget?.spendUnsafe(at)
      return { entry, leave, kind: "hedge", passed }
    }
    passed.push(`${label(entry.name)}: ${leave.why}`)
  }
  return undefined
}
