/**
 * Recognises the errors of this model by their identifiers: a program may hold two
 * copies of a module, and to `instanceof` an error of the other one is a stranger.
 */
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"

/** Whether a value is of an error's class and has one of its reasons. Never throws. */
export const guardOf = <Error extends Schema.Constraint>(
  error: Error,
  reasons: Schema.Constraint
): ((u: unknown) => u is Error["Type"]) => {
  const isError = Schema.is(error)
  const isReason = Schema.is(reasons)
  return (u): u is Error["Type"] => {
    try {
      return isError(u) && hasProperty(u, "reason") && isReason(u.reason)
    } catch {
      return false
    }
  }
}
