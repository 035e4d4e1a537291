/**
 * A policy was given an option that it does not have, or a value that the option
 * does not allow. Thrown where the policy is made, since that is a mistake in the
 * program or its configuration and no failure of a call. Where several options are
 * wrong it tells them all, each on a line of its own.
 *
 * **Example** (What is said about wrong values)
 *
 * ```ts
 * import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
 * import * as Policy from "@causeway/resilience/Policy"
 *
 * const refusal = () => {
 *   try {
 *     Policy.make({ deadline: 0, retry: { times: -1 } })
 *   } catch (error) {
 *     return error instanceof InvalidPolicy ? error.problems.map(({ option }) => option) : []
 *   }
 * }
 *
 * refusal() // => ["deadline", "retry.times"]
 * ```
 */
import * as Schema from "effect/Schema"

/** An option that is wrong. */
const Problem = Schema.Struct({
  /** The option at fault, such as `retry.times`. */
  option: Schema.String,
  /** What it got, as text. */
  actual: Schema.String,
  /** What would have been right. */
  allowed: Schema.String
})

/** An option that is wrong: its name, what it got as text, and what would have been right. */
export type Problem = typeof Problem.Type

/** A policy cannot be made of these options. Its own fields are of the first that is wrong. */
export class InvalidPolicy extends Schema.TaggedError<InvalidPolicy>("@causeway/resilience/InvalidPolicy")(
  "InvalidPolicy",
  {
    ...Problem.fields,
    /** What is wrong beside that. */
    others: Schema.optionalKey(Schema.Array(Problem))
  }
) {
  /** Everything that is wrong, the first of it first. */
  get problems(): readonly [Problem, ...ReadonlyArray<Problem>] {
    const { actual, allowed, option, others = [] } = this
    return [{ option, actual, allowed }, ...others]
  }

  override get message(): string {
    return this.problems
      .map(({ actual, allowed, option }) => `policy option ${option}: got ${actual}, allowed is ${allowed}`)
      .join("\n")
  }
}
