/**
 * Reasons that end a call before its request leaves.
 */
import * as Schema from "effect/Schema"
import * as Disposition from "../Disposition.ts"
import * as Reason from "../Reason.ts"
import { common } from "./Common.ts"

/** The client itself is configured wrongly. */
export class Configuration extends Reason.make<Configuration>("@causeway/core/UpstreamError/Configuration")(
  "Configuration",
  {
    ...common,
    /** The option at fault. */
    option: Schema.String
  },
  {
    when: "The client is configured wrongly: an unknown upstream, an option without sense, an address that redirects.",
    recognisedBy: "A check of the options before anything is sent, or a redirect where an answer was due.",
    toDo: "Correct the option that is named.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "any", delivery: "not-sent" })
  }
}

/** The request holds a value that cannot be encoded: a BigInt, a cycle, a lone surrogate, a file that is gone. */
export class RequestEncoding extends Reason.make<RequestEncoding>("@causeway/core/UpstreamError/RequestEncoding")(
  "RequestEncoding",
  {
    ...common,
    /** Where the value sits, such as `messages[0].content`; empty when unknown. */
    path: Schema.String
  },
  {
    when: "A value of the request cannot be sent: a BigInt, a cycle, a lone surrogate, a file that is gone.",
    recognisedBy: "The encoder's refusal, before anything is sent; `path` names the value.",
    toDo: "Correct the value that is named: it cannot be sent as JSON.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "caller", delivery: "not-sent" })
  }
}

/** A credential is missing or could not be fetched. Never holds the value. */
export class Credential extends Reason.make<Credential>("@causeway/core/UpstreamError/Credential")(
  "Credential",
  {
    ...common,
    /** What is missing, such as `OPENAI_API_KEY`. */
    missing: Schema.String
  },
  {
    when: "A credential is missing or could not be fetched.",
    recognisedBy: "An empty or unreadable key, before anything is sent.",
    toDo: "Set the credential that is named.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "us", fallback: "other-credential", delivery: "not-sent" })
  }
}
