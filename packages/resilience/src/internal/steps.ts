/** A step that was decided on: whether there is time for it, how long it waits, and how it is told. */
import * as Duration from "effect/Duration"
import type { Course } from "./course.ts"
import { end, type Retry, type Step } from "./decide.ts"
import { label } from "./registry.ts"

const time = (ms: number): string => Duration.format(Duration.millis(Math.ceil(ms)))

/** How long an upstream wants to be left alone from now on, in milliseconds. */
const leastWait = (step: Retry, at: number): number => Math.max(0, step.notBefore - at)

/** A wait that would pass the deadline is not begun, nor one for too long a rest, nor one that leaves too little time for the answer. */
export const fitting = (
  step: Step,
  { endsAt, find, settings }: Pick<Course, "endsAt" | "find" | "settings">,
  at: number
): Step => {
  if (step._tag !== "Retry") return step
  const least = leastWait(step, at)
  if (least >= endsAt - at) return end(`a wait of ${time(least)} would pass the deadline`)
  const longest = Duration.toMillis(settings.retry.maxRetryAfter)
  if (least > longest)
    return end(
      `${label(step.upstream)} wants rest for ${time(least)}, over the ${time(longest)} of retry.maxRetryAfter`
    )
  const median = find(step.upstream).latency.medianUnsafe(at)
  return median === undefined || least + median <= endsAt - at
    ? step
    : end(`${label(step.upstream)} takes ${time(median)}, and less is left`)
}

/**
 * The wait before a retry, in whole milliseconds: never fewer than were asked for, and
 * what chance adds leaves half of the time for the attempt itself, and as much as it usually
 * takes.
 */
export const waitOf = (
  step: Retry,
  { endsAt, find }: Pick<Course, "endsAt" | "find">,
  at: number,
  random: number
): number => {
  const least = leastWait(step, at)
  const left = endsAt - at - least
  const median = find(step.upstream).latency.medianUnsafe(at) ?? 0
  return Math.ceil(least + random * Math.max(0, Math.min(step.spread, left / 2, left - median)))
}

/** What an attempt is followed by, in words. */
export const describe = (step: Step, waitMs: number, last: string | undefined): string => {
  if (step._tag === "End") return `nothing: ${step.why}`
  if (step._tag === "Fallback") {
    const passed = step.passed.length === 0 ? "" : ` (${step.passed.join("; ")})`
    return `fallback to ${label(step.upstream)}${step.isLastDoor ? ", the last open door" : ""}${passed}`
  }
  const after = `after ${time(waitMs)}`
  if (step.isFirst) return `fallback to ${label(step.upstream)} ${after}`
  return `retry${step.upstream === last ? "" : ` at ${label(step.upstream)}`} ${after}`
}
