/**
 * What follows a failed attempt. The one place where that is decided: the loop
 * acts by it, and an explanation of a policy prints it.
 */
import * as Disposition from "@causeway/core/Disposition"
import * as Duration from "effect/Duration"
import type { Settings } from "./settings.ts"

/** An attempt that failed, as far as the next step depends on it. */
export interface Failed {
  /** What the attempt was told to use; `undefined`: the first upstream configured. */
  readonly upstream: string | undefined
  /** What its error calls the upstream. */
  readonly name: string | undefined
  readonly disposition: Disposition.Disposition | undefined
  /** When it failed, in milliseconds. */
  readonly at: number
}

/** Another upstream is asked, at once. */
interface Fallback {
  readonly _tag: "Fallback"
  readonly upstream: string
}

/** An upstream is asked again, after a wait. */
export interface Retry {
  readonly _tag: "Retry"
  readonly upstream: string | undefined
  /** Not before this moment, in milliseconds. */
  readonly notBefore: number
  /** The most that is added by chance, in milliseconds. */
  readonly spread: number
}

/** The call ends. */
interface End {
  readonly _tag: "End"
  readonly why: string
  /** Whether this failure says that the request itself is at fault, whoever is asked. */
  readonly isVerdict: boolean
}

export type Step = Fallback | Retry | End

/** What an attempt means that its limit ended: as silence of the upstream. */
export const cut: Disposition.Disposition = Disposition.make({
  blame: "upstream",
  retry: "backoff",
  fallback: "any",
  health: "counts"
})

const end = (why: string, isVerdict = false): End => ({ _tag: "End", why, isVerdict })

/**
 * The step after the last of these attempts, all of which failed. `retries` counts
 * those that were made already.
 */
export const next = (
  settings: Pick<Settings, "fallback" | "replay" | "retry">,
  failures: ReadonlyArray<Failed>,
  retries: number
): Step => {
  const last = failures.at(-1)
  const disposition = last?.disposition
  if (last === undefined || disposition === undefined) return end("its error does not say what would help")
  if (settings.replay === "never" && disposition.delivery !== "not-sent") {
    return end("it may have had an effect, and a replay is not safe")
  }
  const upstream = untried(settings, failures, disposition.fallback)
  if (upstream !== undefined) return { _tag: "Fallback", upstream }
  if (isVerdict(disposition)) return end("the request itself is at fault", true)
  // Where another upstream may help, one that failed earlier is another one: a fallback that cannot serve must not
  // take away the retries at an upstream that can.
  const candidates = disposition.fallback === "never" ? [last] : failures
  const retryable = candidates.findLast(
    ({ disposition, upstream }, index) =>
      disposition !== undefined &&
      disposition.retry !== "never" &&
      candidates.slice(index + 1).every((later) => later.upstream !== upstream)
  )
  if (retryable?.disposition === undefined) return end("neither another upstream nor a retry helps")
  if (retries >= settings.retry.times)
    return end(settings.retry.times === 0 ? "no retry is allowed" : "no retry is left")
  return retry(settings, retryable.upstream, retryable.at, retryable.disposition, retries)
}

/** Refused before any work, by nobody's fault but the caller's: every upstream would say the same. */
const isVerdict = ({ blame, delivery, fallback, retry }: Disposition.Disposition): boolean =>
  blame === "caller" && retry === "never" && fallback === "never" && delivery === "not-sent"

const untried = (
  { fallback }: Pick<Settings, "fallback">,
  failures: ReadonlyArray<Failed>,
  kind: Disposition.Fallback
): string | undefined =>
  kind === "never"
    ? undefined
    : fallback[kind].find((name) => failures.every((failed) => failed.upstream !== name && failed.name !== name))

/**
 * Full jitter: a random share of a wait that doubles, so that callers who failed
 * together do not come back together. What an upstream asked for is added to,
 * never shortened.
 */
const retry = (
  settings: Pick<Settings, "retry">,
  upstream: string | undefined,
  failedAt: number,
  { retryAfter }: Disposition.Disposition,
  retries: number
): Retry => {
  const { base, max } = settings.retry
  const backoff = Math.min(Duration.toMillis(max), Duration.toMillis(base) * 2 ** retries)
  if (retryAfter === undefined) return { _tag: "Retry", upstream, notBefore: failedAt, spread: backoff }
  const asked = Duration.toMillis(retryAfter)
  return { _tag: "Retry", upstream, notBefore: failedAt + asked, spread: Math.max(backoff, asked / 10) }
}
