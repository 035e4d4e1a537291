/**
 * What a policy is made of: its options, and the checked data that they become.
 */
import type * as Disposition from "@causeway/core/Disposition"
import * as Duration from "effect/Duration"
import * as Check from "./options.ts"

/** Why another upstream is asked: a fallback of `Disposition`, but for `never`. */
export type FallbackKind = Exclude<Disposition.Fallback, "never">

/** Every kind, in the order in which they are explained. */
export const kinds = [
  "any",
  "larger-context",
  "other-provider",
  "other-credential"
] as const satisfies ReadonlyArray<FallbackKind>

/** What {@link Settings} are made of. */
export interface Options {
  /**
   * How long the call may take, with all attempts and waits. It only lowers a
   * deadline that the caller has set, and travels with the call to workers and
   * upstreams. Default: 10 minutes; the default lets a stream flow on once its
   * first element has come, while a deadline that is given ends a stream too.
   */
  readonly deadline?: Duration.Input | undefined
  /** How long one attempt of an effect may take. Default: no limit but the deadline. */
  readonly attempt?: Duration.Input | undefined
  /** How long one attempt of a stream may take to its first element. Default: 60 seconds. */
  readonly firstElement?: Duration.Input | undefined
  /** How long a stream may make its reader wait between two elements. Default: 60 seconds. */
  readonly idle?: Duration.Input | undefined
  /** Attempts at an upstream that has failed already, made where there is no other one to ask. */
  readonly retry?:
    | {
        /** How many of them in the whole call, 0 to 100. Default: 2. */
        readonly times?: number | undefined
        /** The longest wait before the first one; it doubles with each. Default: 500 milliseconds. */
        readonly base?: Duration.Input | undefined
        /** What that wait never exceeds. Default: 8 seconds. */
        readonly max?: Duration.Input | undefined
      }
    | undefined
  /**
   * The upstreams to ask, in this order, each at most once: one list for every
   * kind of failure that another upstream may not have, or a list for each kind.
   * Default: none.
   */
  readonly fallback?:
    | ReadonlyArray<string>
    | { readonly [Kind in FallbackKind]?: ReadonlyArray<string> | undefined }
    | undefined
  /**
   * Whether a call that may have run may be made again. `never`: only a call that
   * certainly had no effect is repeated. Default: `safe`.
   */
  readonly replay?: "safe" | "never" | undefined
}

/** Checked options, with their defaults. */
export interface Settings {
  /** `undefined`: the default, which does not end a stream that has begun. */
  readonly deadline: Duration.Duration | undefined
  readonly attempt: Duration.Duration
  readonly firstElement: Duration.Duration
  readonly idle: Duration.Duration
  readonly retry: {
    readonly times: number
    readonly base: Duration.Duration
    readonly max: Duration.Duration
  }
  readonly fallback: { readonly [Kind in FallbackKind]: ReadonlyArray<string> }
  readonly replay: "safe" | "never"
}

/** The deadline of a call whose policy states none. */
const defaultDeadline = Duration.minutes(10)

/** The deadline of all attempts together, to a stream's first element. */
export const deadlineOf = (settings: Pick<Settings, "deadline">): Duration.Duration =>
  settings.deadline ?? defaultDeadline

/** Checks options. Throws `InvalidPolicy`. */
export const read = (options: Options): Settings => {
  Check.known("", options, ["deadline", "attempt", "firstElement", "idle", "retry", "fallback", "replay"])
  const deadline = options.deadline === undefined ? undefined : Check.duration("deadline", options.deadline)
  const part = (option: "attempt" | "firstElement" | "idle", otherwise: Duration.Duration): Duration.Duration => {
    const given = options[option]
    if (given === undefined) return otherwise
    const value = Check.duration(option, given)
    if (Duration.isFinite(value)) Check.atMost(option, value, "the deadline", deadlineOf({ deadline }))
    return value
  }
  return {
    deadline,
    attempt: part("attempt", Duration.infinity),
    firstElement: part("firstElement", Duration.seconds(60)),
    idle: part("idle", Duration.seconds(60)),
    retry: readRetry(options.retry ?? {}),
    fallback: readFallback(options.fallback ?? []),
    replay: Check.oneOf("replay", options.replay ?? "safe", ["safe", "never"])
  }
}

const readRetry = (retry: NonNullable<Options["retry"]>): Settings["retry"] => {
  Check.known("retry", retry, ["times", "base", "max"])
  const times = Check.count("retry.times", retry.times ?? 2)
  const max = Check.duration("retry.max", retry.max ?? Duration.seconds(8), "finite")
  const base = Check.duration("retry.base", retry.base ?? Duration.min(Duration.millis(500), max), "finite")
  Check.atMost("retry.base", base, "retry.max", max)
  return { times, base, max }
}

const isList = (fallback: NonNullable<Options["fallback"]>): fallback is ReadonlyArray<string> =>
  Array.isArray(fallback)

const readFallback = (fallback: NonNullable<Options["fallback"]>): Settings["fallback"] => {
  if (!isList(fallback)) Check.known("fallback", fallback, kinds)
  const list = (kind: FallbackKind): ReadonlyArray<string> =>
    isList(fallback) ? Check.names("fallback", fallback) : Check.names(`fallback.${kind}`, fallback[kind] ?? [])
  return {
    any: list("any"),
    "larger-context": list("larger-context"),
    "other-provider": list("other-provider"),
    "other-credential": list("other-credential")
  }
}
