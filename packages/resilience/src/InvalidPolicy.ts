/**
 * A policy was given an option that it does not have, or a value that the option
 * does not allow. Thrown where the policy is made, since that is a mistake in the
 * program or its configuration and no failure of a call.
 *
 * **Example** (What is said about a wrong value)
 *
 * ```ts
 * import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
 *
 * const error = new InvalidPolicy({ option: "retry.times", actual: "-1", allowed: "a whole number, 0 to 100" })
 *
 * error.message // => "policy option retry.times: got -1, allowed is a whole number, 0 to 100"
 * ```
 */
import * as Schema from "effect/Schema"

/** A policy cannot be made of these options. */
export class InvalidPolicy extends Schema.TaggedError<InvalidPolicy>("@causeway/resilience/InvalidPolicy")(
  "InvalidPolicy",
  {
    /** The option at fault, such as `retry.times`. */
    option: Schema.String,
    /** What it got, as text. */
    actual: Schema.String,
    /** What would have been right. */
    allowed: Schema.String
  }
) {
  override get message(): string {
    return `policy option ${this.option}: got ${this.actual}, allowed is ${this.allowed}`
  }
}
