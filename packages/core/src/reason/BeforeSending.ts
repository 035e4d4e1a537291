/**
 * Reasons that end a call before its request leaves.
 */
import * as Schema from "effect/Schema"
import * as Disposition from "../Disposition.ts"
import { common } from "./Common.ts"

/** The client itself is configured wrongly. */
export class Configuration extends Schema.TaggedError<Configuration>("@causeway/core/UpstreamError/Configuration")(
  "Configuration",
  {
    ...common,
    /** The option at fault. */
    option: Schema.String
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "any", delivery: "not-sent" })
  }
}

/** The request holds a value that cannot be encoded: a BigInt, a cycle, a lone surrogate, a file that is gone. */
export class RequestEncoding extends Schema.TaggedError<RequestEncoding>(
  "@causeway/core/UpstreamError/RequestEncoding"
)("RequestEncoding", {
  ...common,
  /** Where the value sits, such as `messages[0].content`; empty when unknown. */
  path: Schema.String
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "caller", delivery: "not-sent" })
  }
}

/** A credential is missing or could not be fetched. Never holds the value. */
export class Credential extends Schema.TaggedError<Credential>("@causeway/core/UpstreamError/Credential")(
  "Credential",
  {
    ...common,
    /** What is missing, such as `OPENAI_API_KEY`. */
    missing: Schema.String
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "other-credential", delivery: "not-sent" })
  }
}
