/**
 * The classes of the reasons in this model: tagged errors that also tell people what
 * they mean. `docs/errors.md` and reports take what they say from here.
 *
 * **Example** (What a reason says of itself)
 *
 * ```ts
 * import * as Reason from "@causeway/core/Reason"
 * import { QuotaExhausted } from "@causeway/core/UpstreamReason"
 *
 * const { toDo } = Reason.factsOf(QuotaExhausted)
 *
 * toDo // => "Top up the account, or use another credential: waiting does not help."
 * ```
 */
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"

/** What people are told of a reason, each in a sentence or two. */
export interface Facts {
  /** When a call ends with it. */
  readonly when: string
  /** By what it is told from other reasons. */
  readonly recognisedBy: string
  /** What to do about it. */
  readonly toDo: string
  /** The version of Causeway that brought it. */
  readonly since: string
}

/** The key under which a reason carries advice that fits it better than what its class says. */
export const advice = "~@causeway/core/Reason/advice"

/** The advice that a reason itself gives, if it gives any. */
export const adviceOf = (reason: object): string | undefined => {
  const own = hasProperty(reason, advice) ? reason[advice] : undefined
  return typeof own === "string" ? own : undefined
}

/** The key of the annotation. */
const key = "~@causeway/core/Reason"

/** `Schema.TaggedError` for a reason, which has to say what it means. */
export const make =
  <Self = never>(identifier: string) =>
  <const Tag extends string, const Fields extends Schema.Struct.Fields>(tag: Tag, fields: Fields, facts: Facts) =>
    Schema.TaggedError<Self>(identifier)(tag, fields, { [key]: facts })

/** What a reason's class says. Throws for a schema that {@link make} did not make. */
export const factsOf = (reason: Schema.Top & { readonly identifier: string }): Facts => {
  const facts = reason.ast.annotations?.[key]
  if (facts === undefined) throw new TypeError(`${reason.identifier} is no reason`)
  // Only `make` writes under the key.
  return facts as Facts
}
