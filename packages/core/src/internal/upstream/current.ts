/** The upstream and the attempt of a fiber: apart from `Upstream.make`, since a call's metadata needs no more than these. */
import * as Context from "effect/Context"

/** The upstream's name in the configuration; `undefined` stands for the first one configured. */
export const Current = Context.Reference<string | undefined>("@causeway/core/Upstream/Current", {
  defaultValue: () => undefined
})

/** One attempt of a policy. */
export interface Attempt {
  /** Counts from 1 over all upstreams. */
  readonly number: number
}

/**
 * The attempt of the policy in charge. Where it is set, clients make one attempt
 * and leave retries to the policy; `undefined` means that no policy is in charge.
 */
export const CurrentAttempt = Context.Reference<Attempt | undefined>("@causeway/core/Upstream/CurrentAttempt", {
  defaultValue: () => undefined
})
