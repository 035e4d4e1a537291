/**
 * Reasons that lie in an answer that claimed success.
 */
import * as Schema from "effect/Schema"
import * as Disposition from "../Disposition.ts"
import * as Reason from "../Reason.ts"
import { common } from "./Common.ts"

/** A 2xx whose body is not the answer it should be. */
export class MalformedResponse extends Reason.make<MalformedResponse>("@causeway/core/UpstreamError/MalformedResponse")(
  "MalformedResponse",
  {
    ...common,
    /**
     * `trailing`: a whole answer, and something else behind it. `encoding`: its bytes are
     * not what its `content-encoding`, or its charset, says.
     */
    issue: Schema.Literals([
      "empty",
      "not-json",
      "truncated",
      "trailing",
      "wrong-shape",
      "error-in-success",
      "too-large",
      "encoding"
    ]),
    /** The beginning of the body, redacted. */
    excerpt: Schema.String
  },
  {
    when: "A 2xx whose body is not the answer it should be.",
    recognisedBy:
      "A body that is empty, no JSON, cut, followed by something else, too large, wrongly encoded, of another shape, or holds an error that states nothing.",
    toDo: "Look at the excerpt: for a page check that the base URL is that of the API, for another shape compare what is expected with what the upstream sends.",
    since: "0.1.0"
  }
) {
  get [Reason.advice](): string {
    switch (this.issue) {
      case "not-json":
      case "empty":
        return "Check that the base URL is that of the API; see the excerpt."
      case "wrong-shape":
        return "Compare what is expected here with what the upstream sends: one of them has changed, or the path is another's."
      case "error-in-success":
        return "Look at the error inside the answer; the upstream says no more."
      case "too-large":
        return "Ask for less at once, or allow larger answers."
      case "truncated":
      case "trailing":
      case "encoding":
        return "Try again; if it stays, look at what stands between here and the upstream."
    }
  }

  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** An event of a stream that is not what the protocol allows. */
export class StreamProtocol extends Reason.make<StreamProtocol>("@causeway/core/UpstreamError/StreamProtocol")(
  "StreamProtocol",
  {
    ...common,
    /** Position of the event, from 0. */
    index: Schema.Finite,
    /** The beginning of the event, redacted. */
    event: Schema.String
  },
  {
    when: "An event of a stream is not what the protocol allows.",
    recognisedBy: "An event that is no JSON, no UTF-8, of another shape, or too large.",
    toDo: "Check that the upstream speaks the protocol; see the event.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** A stream that ended before its proper end. */
export class StreamTruncated extends Reason.make<StreamTruncated>("@causeway/core/UpstreamError/StreamTruncated")(
  "StreamTruncated",
  {
    ...common,
    events: Schema.Finite,
    bytes: Schema.Finite,
    /** What had come of the output, bounded. */
    partial: Schema.String,
    missing: Schema.Literals(["done", "finish-reason", "final-event", "first-event"])
  },
  {
    when: "A stream ended before its proper end; what had come of the output is kept.",
    recognisedBy: "The end of the body without `[DONE]`, a finish reason or the final event; `missing` says which.",
    toDo: "Try again: the answer is incomplete.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** A complete answer that cannot serve: refused, cut at its length, filtered, or not what was asked for. */
export class OutputUnusable extends Reason.make<OutputUnusable>("@causeway/core/UpstreamError/OutputUnusable")(
  "OutputUnusable",
  {
    ...common,
    issue: Schema.Literals(["refusal", "length", "filtered", "unparsable"]),
    output: Schema.String
  },
  {
    when: "A complete answer that cannot serve: refused, cut at its length, filtered, or not what was asked for.",
    recognisedBy: "The finish reason, a refusal, or output that does not fit the schema that was asked for.",
    toDo: "Change the prompt or the limits; see the output.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", fallback: "other-provider", delivery: "ran" })
  }
}

/** A session over a web socket ended or reported an error. */
export class Session extends Reason.make<Session>("@causeway/core/UpstreamError/Session")(
  "Session",
  {
    ...common,
    /** The close code, or none where an error event came instead. */
    code: Schema.optional(Schema.Finite),
    closeReason: Schema.optional(Schema.String)
  },
  {
    when: "A session over a web socket ended or reported an error.",
    recognisedBy: "The close code, an error event, or what the SDK throws of its sockets.",
    toDo: "Open a new session.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}
