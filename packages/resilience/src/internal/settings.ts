/**
 * What a policy is made of: its options, and the checked data that they become.
 */
import type * as Disposition from "@causeway/core/Disposition"
import * as Duration from "effect/Duration"
import * as Breaker from "../Breaker.ts"
import * as Budget from "../Budget.ts"
import * as Concurrency from "../Concurrency.ts"
import * as Shedding from "../Shedding.ts"
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
export interface Options<Name extends string = string> {
  /**
   * The upstreams that there are, by their names or as they were defined. Where they are
   * stated, every list is checked against them, and none of them may be in no list. The
   * first one is the default upstream.
   */
  readonly upstreams?: ReadonlyArray<Name> | Readonly<Record<Name, unknown>> | undefined
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
        /**
         * The longest rest of an upstream that a call waits for, be it asked for by
         * `Retry-After` or by a rate limit, of this call or of an earlier one. Where it is
         * longer, and there is nobody else to ask, the call fails at once. "Infinity": as
         * long as the deadline allows. Default: 60 seconds, as in OpenAI's own client.
         */
        readonly maxRetryAfter?: Duration.Input | undefined
      }
    | undefined
  /**
   * The upstreams to ask, in this order, each at most once: one list for every
   * kind of failure that another upstream may not have, or a list for each kind.
   * Default: all of a layer of `Upstreams`, in their order, else none.
   */
  readonly fallback?:
    | ReadonlyArray<NoInfer<Name>>
    | { readonly [Kind in FallbackKind]?: ReadonlyArray<NoInfer<Name>> | undefined }
    | undefined
  /**
   * Whether a call that may have run may be made again. `never`: only a call that
   * certainly had no effect is repeated. Default: `safe`.
   */
  readonly replay?: "safe" | "never" | undefined
  /** How many retries all callers of an upstream may make together. Default: see `Budget`. */
  readonly budget?: Budget.Options | false | undefined
  /**
   * When an upstream gets no calls for a while, as long as there is another one to ask.
   * Default: see `Breaker`.
   */
  readonly breaker?: Breaker.Options | false | undefined
  /** Whether an upstream that asks one caller for rest gets it from all of them. Default: `true`. */
  readonly pause?: boolean | undefined
  /**
   * Asks another upstream too where the first one takes longer than it usually does, and
   * takes the answer that comes first. It costs what the other one costs. Default: `false`.
   */
  readonly hedge?: HedgeOptions | false | undefined
  /** How many calls an upstream gets at once: a limit that finds itself, see `Concurrency`. Default: `false`, no limit. */
  readonly concurrency?: Concurrency.Options | false | undefined
  /** Whether a part of the calls is refused when most of them fail anyway, see `Shedding`. Default: `false`. */
  readonly shed?: Shedding.Options | false | undefined
}

/** When another upstream is asked too. */
export interface HedgeOptions {
  /** After so many times the upstream's running median. Default: 2.5. */
  readonly medianTimes?: number | undefined
  /** After so long where the median is not known yet. Default: 1 second. */
  readonly otherwise?: Duration.Input | undefined
  /**
   * How many hedges all callers of a slow upstream may make together. They are no load for
   * it, but they are paid twice. Default: one for two calls, and 10 beside that: whoever is
   * slow in half of its calls has its breaker opened.
   */
  readonly budget?: Budget.Options | false | undefined
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
    readonly maxRetryAfter: Duration.Duration
  }
  readonly fallback: Lists
  /** Whether the lists of `fallback` were given; else a layer of `Upstreams` gives them. */
  readonly hasFallback: boolean
  readonly replay: "safe" | "never"
  readonly budget: Budget.Settings | undefined
  readonly breaker: Breaker.Settings | undefined
  readonly pause: boolean
  readonly hedge:
    | {
        readonly medianTimes: number
        readonly otherwise: Duration.Duration
        readonly budget: Budget.Settings | undefined
      }
    | undefined
  readonly concurrency: Concurrency.Settings | undefined
  readonly shed: Shedding.Settings | undefined
}

/** A list of upstreams for every kind of failure. */
export type Lists = { readonly [Kind in FallbackKind]: ReadonlyArray<string> }

/** The deadline of a call whose policy states none. */
const defaultDeadline = Duration.minutes(10)

/** The deadline of all attempts together, to a stream's first element. */
export const deadlineOf = (settings: Pick<Settings, "deadline">): Duration.Duration =>
  settings.deadline ?? defaultDeadline

/** The names of all options. */
export const optionNames = [
  "deadline",
  "attempt",
  "firstElement",
  "idle",
  "retry",
  "upstreams",
  "fallback",
  "replay",
  "budget",
  "breaker",
  "pause",
  "hedge",
  "concurrency",
  "shed"
] as const satisfies ReadonlyArray<keyof Options>

/** Checks options. Throws `InvalidPolicy`. */
export const read = (options: Options): Settings => {
  const limit = (option: "deadline" | "attempt" | "firstElement" | "idle") => {
    const given = options[option]
    return given === undefined ? undefined : Check.duration(option, given)
  }
  const parts = Check.all("", options, {
    deadline: () => limit("deadline"),
    attempt: () => limit("attempt"),
    firstElement: () => limit("firstElement"),
    idle: () => limit("idle"),
    retry: () => readRetry(options.retry ?? {}),
    upstreams: () => (options.upstreams === undefined ? undefined : namesOf(options.upstreams)),
    fallback: () => readFallback(options.fallback ?? []),
    replay: () => Check.oneOf("replay", options.replay ?? "safe", ["safe", "never"]),
    budget: () => (options.budget === false ? undefined : Budget.read(options.budget ?? {})),
    breaker: () => (options.breaker === false ? undefined : Breaker.read(options.breaker ?? {})),
    pause: () => Check.oneOf("pause", options.pause ?? true, [true, false]),
    hedge: () => (isOff(options.hedge) ? undefined : readHedge(options.hedge)),
    concurrency: () => (isOff(options.concurrency) ? undefined : Concurrency.read(options.concurrency)),
    shed: () => (isOff(options.shed) ? undefined : Shedding.read(options.shed))
  } satisfies { readonly [Option in (typeof optionNames)[number]]: () => unknown })
  const { upstreams, ...others } = parts
  const settings: Settings = {
    ...others,
    attempt: parts.attempt ?? Duration.infinity,
    firstElement: parts.firstElement ?? Duration.seconds(60),
    idle: parts.idle ?? Duration.seconds(60),
    hasFallback: options.fallback !== undefined
  }
  const withinDeadline = (option: "attempt" | "firstElement" | "idle") => () => {
    const given = parts[option]
    if (given === undefined || !Duration.isFinite(given)) return
    Check.atMost(option, given, "the deadline", deadlineOf(settings))
  }
  Check.together(
    withinDeadline("attempt"),
    withinDeadline("firstElement"),
    withinDeadline("idle"),
    () => upstreams && checkUpstreams(upstreams, settings),
    () => settings.hedge && checkHedge(settings, upstreams)
  )
  return settings
}

/** Whether a part is off that is off by default. Whatever else is no object of options is a mistake. */
const isOff = (part: object | false | undefined): part is false | undefined => part === undefined || part === false

const readHedge = (hedge: HedgeOptions): Settings["hedge"] =>
  Check.all(
    "hedge",
    hedge,
    {
      medianTimes: () => Check.number("hedge.medianTimes", hedge.medianTimes ?? 2.5, 1, 1000),
      otherwise: () => Check.duration("hedge.otherwise", hedge.otherwise ?? Duration.seconds(1)),
      budget: () => (hedge.budget === false ? undefined : Budget.read(hedge.budget ?? {}, "hedge.budget", 0.5))
    },
    Check.orOff
  )

const namesOf = (upstreams: NonNullable<Options["upstreams"]>): ReadonlyArray<string> => {
  if (typeof upstreams !== "object")
    return Check.reject("upstreams", upstreams, "a list of names, or an object by name")
  const names = isList(upstreams) ? Check.names("upstreams", upstreams) : Object.keys(upstreams)
  return names.length === 0 ? Check.refuse("upstreams", "none", "at least one upstream") : names
}

/** Every list names upstreams that exist and none the one that it is a fallback of, and every upstream is in a list. */
const checkUpstreams = (all: ReadonlyArray<string>, { fallback, hasFallback }: Settings): void => {
  const [first] = all
  const listed = new Set([first])
  if (!hasFallback) return
  for (const kind of kinds) {
    for (const [index, name] of fallback[kind].entries()) {
      const option = `fallback.${kind}[${index}]`
      if (!all.includes(name)) Check.reject(option, name, `one of upstreams, which are ${all.join(", ")}`)
      if (name === first) Check.reject(option, name, `another upstream than the first of upstreams, which is ${first}`)
      listed.add(name)
    }
  }
  const forgotten = all.find((name) => !listed.has(name))
  if (forgotten !== undefined) Check.reject("upstreams", forgotten, "only upstreams that a list of fallback names")
}

const checkHedge = (
  { fallback, hasFallback, replay }: Settings,
  upstreams: ReadonlyArray<string> | undefined
): void => {
  if (replay === "never") {
    Check.refuse("hedge", "on", 'only with replay: "safe", since a hedged call is made twice; replay is "never"')
  }
  const isAlone = hasFallback ? fallback.any.length === 0 : upstreams !== undefined && upstreams.length < 2
  if (isAlone) Check.refuse("hedge", "on", "only with another upstream; fallback names none for any failure")
}

const readRetry = (retry: NonNullable<Options["retry"]>): Settings["retry"] => {
  const { base, max, ...others } = Check.all("retry", retry, {
    times: () => Check.count("retry.times", retry.times ?? 2),
    base: () => (retry.base === undefined ? undefined : Check.duration("retry.base", retry.base, "finite")),
    max: () => Check.duration("retry.max", retry.max ?? Duration.seconds(8), "finite"),
    maxRetryAfter: () => Check.duration("retry.maxRetryAfter", retry.maxRetryAfter ?? Duration.seconds(60))
  })
  if (base !== undefined) Check.atMost("retry.base", base, "retry.max", max)
  return { ...others, base: base ?? Duration.min(Duration.millis(500), max), max }
}

const isList = (value: object): value is ReadonlyArray<string> => Array.isArray(value)

const readFallback = (fallback: NonNullable<Options["fallback"]>): Settings["fallback"] => {
  if (isList(fallback)) {
    const list = Check.names("fallback", fallback)
    return { any: list, "larger-context": list, "other-provider": list, "other-credential": list }
  }
  const list = (kind: FallbackKind) => () => Check.names(`fallback.${kind}`, fallback[kind] ?? [])
  return Check.all(
    "fallback",
    fallback,
    {
      any: list("any"),
      "larger-context": list("larger-context"),
      "other-provider": list("other-provider"),
      "other-credential": list("other-credential")
    },
    'a list such as ["backup"], or '
  )
}
