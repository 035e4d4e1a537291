/** The failures of the codec itself. */
import * as Schema from "effect/Schema"

/** What was given to `fromWire` is no wire value that this version reads. */
export class InvalidWire extends Schema.TaggedError<InvalidWire>("@causeway/core/Lossless/InvalidWire")("InvalidWire", {
  /** What is wrong with it. */
  message: Schema.String,
  /**
   * `version`: written by a version that this one does not read. `kind`: holds a kind of
   * value that this one does not know. `class`: the `decode` of a class in it threw.
   * `shape`: is not as anything that is written.
   */
  issue: Schema.Literals(["version", "kind", "shape", "class"]),
  /** The wire value, as it came. */
  raw: Schema.Unknown,
  /** What the `decode` of a class threw. */
  cause: Schema.optional(Schema.Unknown)
}) {}

/** Whether something is the failure of decoding. */
export const isInvalidWire = Schema.is(InvalidWire)

/** Options that no codec can be made of: a class twice, a class without a name, a limit that is no number. */
export class InvalidOptions extends Schema.TaggedError<InvalidOptions>("@causeway/core/Lossless/InvalidOptions")(
  "InvalidOptions",
  {
    message: Schema.String,
    /** The option at fault. */
    option: Schema.String
  }
) {}
