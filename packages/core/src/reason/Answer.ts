/**
 * Reasons that lie in an answer that claimed success.
 */
import * as Schema from "effect/Schema"
import * as Disposition from "../Disposition.ts"
import { common } from "./Common.ts"

/** A 2xx whose body is not the answer it should be. */
export class MalformedResponse extends Schema.TaggedError<MalformedResponse>(
  "@causeway/core/UpstreamError/MalformedResponse"
)("MalformedResponse", {
  ...common,
  /** `encoding`: its bytes are not what its `content-encoding`, or its charset, says. */
  issue: Schema.Literals([
    "empty",
    "not-json",
    "truncated",
    "wrong-shape",
    "error-in-success",
    "too-large",
    "encoding"
  ]),
  /** The beginning of the body, redacted. */
  excerpt: Schema.String
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** An event of a stream that is not what the protocol allows. */
export class StreamProtocol extends Schema.TaggedError<StreamProtocol>("@causeway/core/UpstreamError/StreamProtocol")(
  "StreamProtocol",
  {
    ...common,
    /** Position of the event, from 0. */
    index: Schema.Finite,
    /** The beginning of the event, redacted. */
    event: Schema.String
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** A stream that ended before its proper end. */
export class StreamTruncated extends Schema.TaggedError<StreamTruncated>(
  "@causeway/core/UpstreamError/StreamTruncated"
)("StreamTruncated", {
  ...common,
  events: Schema.Finite,
  bytes: Schema.Finite,
  /** What had come of the output, bounded. */
  partial: Schema.String,
  missing: Schema.Literals(["done", "finish-reason", "final-event", "first-event"])
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** A complete answer that cannot serve: refused, cut at its length, filtered, or not what was asked for. */
export class OutputUnusable extends Schema.TaggedError<OutputUnusable>("@causeway/core/UpstreamError/OutputUnusable")(
  "OutputUnusable",
  {
    ...common,
    issue: Schema.Literals(["refusal", "length", "filtered", "unparsable"]),
    output: Schema.String
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", fallback: "other-provider", delivery: "ran" })
  }
}

/** A session over a web socket ended or reported an error. */
export class Session extends Schema.TaggedError<Session>("@causeway/core/UpstreamError/Session")("Session", {
  ...common,
  /** The close code, or none where an error event came instead. */
  code: Schema.optional(Schema.Finite),
  closeReason: Schema.optional(Schema.String)
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}
