/**
 * What follows a failed attempt. The one place where that is decided: the loop
 * acts by it, and an explanation of a policy prints it.
 */
import * as Disposition from "@causeway/core/Disposition"
import * as Duration from "effect/Duration"
import { label } from "./registry.ts"
import type { Lists, Settings } from "./settings.ts"

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
  readonly upstream: string | undefined
  /** Those before it in the list, and why they were passed over. */
  readonly passed: ReadonlyArray<string>
  /** Nothing speaks for it but that nobody else is left. */
  readonly isLastDoor: boolean
}

/** An upstream is asked after a wait: again, or for the first time when the rest that it asked for is over. */
export interface Retry {
  readonly _tag: "Retry"
  readonly upstream: string | undefined
  readonly isFirst: boolean
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
  /** Whether a retry could help, and none may be made any more. */
  readonly isGivenUp: boolean
}

export type Step = Fallback | Retry | End

/** Why an upstream is not asked now. */
export interface Refusal {
  /**
   * `forced`: an operator closed it; `rest`: it serves again at a known time; `open`: it
   * may be asked where all others are no better; `late`: it would not answer in time;
   * `busy`: no place is free; `shed`: as many as it refuses are refused here.
   */
  readonly kind: "forced" | "rest" | "open" | "late" | "busy" | "shed"
  readonly why: string
  /** When that may end, in milliseconds on the epoch. */
  readonly until: number
}

/** What the next step depends on beside the failures. */
export interface World {
  /** The upstream that would be asked first, which may have been passed over. */
  readonly first: string | undefined
  readonly lists: Lists
  readonly replay: "safe" | "never"
  /** Asks for leave to ask another upstream; what is given must be used. */
  readonly ask: (upstream: string | undefined) => Refusal | undefined
  /** Whether the budget of an upstream has a retry left, which then counts. */
  readonly spend: (upstream: string | undefined) => boolean
}

/** What an attempt means that its limit ended: as silence of the upstream. */
export const cut: Disposition.Disposition = Disposition.make({
  blame: "upstream",
  retry: "backoff",
  fallback: "any",
  health: "counts"
})

export const end = (why: string, { isGivenUp = false, isVerdict = false }: Partial<End> = {}): End => ({
  _tag: "End",
  why,
  isVerdict,
  isGivenUp
})

/**
 * The step after the last of these attempts, all of which failed. `retries` counts
 * those that were made already.
 */
export const next = (
  { retry }: Pick<Settings, "retry">,
  { ask, first, lists, replay, spend }: World,
  failures: ReadonlyArray<Failed>,
  retries: number
): Step => {
  const last = failures.at(-1)
  const disposition = last?.disposition
  if (last === undefined || disposition === undefined) return end("its error does not say what would help")
  if (replay === "never" && disposition.delivery !== "not-sent") {
    return end("it may have had an effect, and a replay is not safe")
  }
  const refused: Array<Refusal & { readonly upstream: string | undefined }> = []
  const passed = () => refused.map(({ upstream, why }) => `${label(upstream)}: ${why}`)
  for (const upstream of untried(first, lists, failures, disposition.fallback)) {
    const refusal = ask(upstream)
    if (refusal === undefined) return { _tag: "Fallback", upstream, passed: passed(), isLastDoor: false }
    refused.push({ ...refusal, upstream })
  }
  if (isVerdict(disposition)) return end("the request itself is at fault", { isVerdict: true })
  const again = retryable(failures, disposition)
  let why = "neither another upstream nor a retry helps"
  let isGivenUp = false
  if (again?.disposition !== undefined) {
    if (retry.times === 0) why = "no retry is allowed"
    else if (retries >= retry.times) why = "no retry is left"
    else if (spend(again.upstream)) return backoff(retry, again.upstream, again.at, again.disposition, retries)
    else why = "the budget of retries is used up"
    isGivenUp = retry.times > 0
  }
  const open = refused.find(({ kind }) => kind === "open")
  if (open !== undefined) return { _tag: "Fallback", upstream: open.upstream, passed: passed(), isLastDoor: true }
  const resting = refused.filter(({ kind }) => kind === "rest").toSorted((a, b) => a.until - b.until)[0]
  if (resting !== undefined) {
    const spread = Math.max(50, (resting.until - last.at) / 10)
    return { _tag: "Retry", upstream: resting.upstream, isFirst: true, notBefore: resting.until, spread }
  }
  return end(refused.length === 0 ? why : `${why} (${passed().join("; ")})`, { isGivenUp })
}

/**
 * What may be asked again. Where another upstream may help, one that failed earlier is
 * another one: a fallback that cannot serve must not take away the retries at an
 * upstream that can. Of several it is the one that may be asked soonest: the one that
 * wants no rest, or that failed the longest ago.
 */
const retryable = (failures: ReadonlyArray<Failed>, { fallback }: Disposition.Disposition): Failed | undefined => {
  const candidates = fallback === "never" ? failures.slice(-1) : failures
  const [soonest] = candidates
    .filter(
      ({ disposition, upstream }, index) =>
        disposition !== undefined &&
        disposition.retry !== "never" &&
        candidates.slice(index + 1).every((later) => later.upstream !== upstream)
    )
    .toSorted((a, b) => readyAt(a) - readyAt(b))
  return soonest
}

/** Until when whoever failed wants to be left alone, in milliseconds. */
const readyAt = ({ at, disposition }: Failed): number => at + Duration.toMillis(disposition?.retryAfter ?? 0)

/** Refused before any work, by nobody's fault but the caller's: every upstream would say the same. */
export const isVerdict = ({ blame, delivery, fallback, retry }: Disposition.Disposition): boolean =>
  blame === "caller" && retry === "never" && fallback === "never" && delivery === "not-sent"

/** Who was not asked yet: the list, and the first upstream where it was passed over and is no smaller one. */
const untried = (
  first: string | undefined,
  lists: Lists,
  failures: ReadonlyArray<Failed>,
  kind: Disposition.Fallback
): ReadonlyArray<string | undefined> => {
  if (kind === "never") return []
  const list: ReadonlyArray<string | undefined> = kind === "larger-context" ? lists[kind] : [...lists[kind], first]
  return list.filter(
    (name, index) =>
      list.indexOf(name) === index && failures.every((failed) => failed.upstream !== name && !isNamed(failed, name))
  )
}

const isNamed = (failed: Failed, name: string | undefined): boolean => name !== undefined && failed.name === name

/**
 * Full jitter: a random share of a wait that doubles, so that callers who failed
 * together do not come back together. What an upstream asked for is added to,
 * never shortened.
 */
const backoff = (
  { base, max }: Settings["retry"],
  upstream: string | undefined,
  failedAt: number,
  { retryAfter }: Disposition.Disposition,
  retries: number
): Retry => {
  const spread = Math.min(Duration.toMillis(max), Duration.toMillis(base) * 2 ** retries)
  const retry = { _tag: "Retry", upstream, isFirst: false } as const
  if (retryAfter === undefined) return { ...retry, notBefore: failedAt, spread }
  const asked = Duration.toMillis(retryAfter)
  return { ...retry, notBefore: failedAt + asked, spread: Math.max(spread, asked / 10) }
}
