/**
 * The failure of every law: which one, of what, for which value, and how to run
 * that value again.
 */
import * as Schema from "effect/Schema"

/** A law does not hold. */
export class LawBroken extends Schema.TaggedError<LawBroken>("@causeway/testing/LawBroken")("LawBroken", {
  /** The law, such as `decoding gives back what was encoded`. */
  law: Schema.String,
  /** What was held to it, such as `Lossless as json`. */
  subject: Schema.String,
  /** What was seen instead: for two values the path at which they differ. */
  found: Schema.String,
  /** The smallest value found for which it does not hold, as text. */
  input: Schema.optional(Schema.String),
  /** Runs that value again, given as the option `replay`. */
  replay: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return [
      `${this.subject}: not so that ${this.law}. ${this.found}`,
      ...(this.input === undefined ? [] : [`for ${this.input}`]),
      ...(this.replay === undefined ? [] : [`replay: ${this.replay}`])
    ].join("\n")
  }
}
