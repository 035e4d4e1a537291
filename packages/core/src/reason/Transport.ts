/**
 * Reasons that lie in the way to the upstream and back.
 */
import * as Schema from "effect/Schema"
import * as Disposition from "../Disposition.ts"
import { common } from "./Common.ts"

/** No connection came about. */
export class Connect extends Schema.TaggedError<Connect>("@causeway/core/UpstreamError/Connect")("Connect", {
  ...common,
  /** `exhausted`: every connection that this side allows itself is in use. */
  kind: Schema.Literals(["dns", "refused", "unreachable", "tls", "proxy", "exhausted", "other"]),
  /** The system's code, such as `ECONNREFUSED`. */
  code: Schema.optional(Schema.String),
  /** Every address that was tried, as `host:port`. */
  addresses: Schema.Array(Schema.String)
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    const isOurs = this.kind === "exhausted"
    return Disposition.make({
      blame: isOurs ? "us" : "upstream",
      // A certificate does not mend itself between two attempts.
      retry: this.kind === "tls" ? "never" : "backoff",
      fallback: "any",
      health: isOurs ? "ignored" : "counts",
      delivery: "not-sent"
    })
  }
}

/** What came back was not HTTP. */
export class Protocol extends Schema.TaggedError<Protocol>("@causeway/core/UpstreamError/Protocol")("Protocol", {
  ...common,
  code: Schema.optional(Schema.String)
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** The upstream fell silent. A total limit is a `DeadlineExceeded`, not this. */
export class Timeout extends Schema.TaggedError<Timeout>("@causeway/core/UpstreamError/Timeout")("Timeout", {
  ...common,
  phase: Schema.Literals(["connect", "headers", "body", "idle"]),
  /** The limit that passed; absent where the upstream gave up by a limit of its own that it does not tell. */
  limit: Schema.optional(Schema.Duration)
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({
      blame: "upstream",
      retry: "backoff",
      fallback: "any",
      health: "counts",
      delivery: this.phase === "connect" ? "not-sent" : "may-have-run"
    })
  }
}

/** The connection ended before the answer did. */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost>("@causeway/core/UpstreamError/ConnectionLost")(
  "ConnectionLost",
  {
    ...common,
    phase: Schema.Literals(["headers", "body", "stream"]),
    code: Schema.optional(Schema.String),
    bytesReceived: Schema.Finite,
    /** `content-length`, where there was one. */
    bytesPromised: Schema.optional(Schema.Finite)
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** The call was given up from this side. */
export class Aborted extends Schema.TaggedError<Aborted>("@causeway/core/UpstreamError/Aborted")("Aborted", {
  ...common,
  by: Schema.Literals(["caller", "deadline", "shutdown"])
}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: this.by === "shutdown" ? "us" : "caller" })
  }
}
