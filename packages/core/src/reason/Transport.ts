/**
 * Reasons that lie in the way to the upstream and back.
 */
import * as Schema from "effect/Schema"
import * as Disposition from "../Disposition.ts"
import * as Reason from "../Reason.ts"
import { common } from "./Common.ts"

/** No connection came about. */
export class Connect extends Reason.make<Connect>("@causeway/core/UpstreamError/Connect")(
  "Connect",
  {
    ...common,
    /** `exhausted`: every connection that this side allows itself is in use. */
    kind: Schema.Literals(["dns", "refused", "unreachable", "tls", "proxy", "exhausted", "other"]),
    /** The system's code, such as `ECONNREFUSED`. */
    code: Schema.optional(Schema.String),
    /** Every address that was tried, as `host:port`. */
    addresses: Schema.Array(Schema.String)
  },
  {
    when: "No connection came about.",
    recognisedBy:
      "The system's code, such as `ENOTFOUND`, `ECONNREFUSED`, `EHOSTUNREACH` or one of TLS; `exhausted`: every connection that this side allows itself is in use.",
    toDo: "Check the address, the network and whether the upstream is up.",
    since: "0.1.0"
  }
) {
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
export class Protocol extends Reason.make<Protocol>("@causeway/core/UpstreamError/Protocol")(
  "Protocol",
  {
    ...common,
    code: Schema.optional(Schema.String)
  },
  {
    when: "What came back was not HTTP.",
    recognisedBy:
      "The codes of the parsers, `HPE_*` and `ERR_HTTP2_ERROR`; a head that is too large or contradicts itself; a protocol that nobody asked for.",
    toDo: "Check that the address is that of an HTTP API, and its scheme (http or https).",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** The upstream fell silent. A total limit is a `DeadlineExceeded`, not this. */
export class Timeout extends Reason.make<Timeout>("@causeway/core/UpstreamError/Timeout")(
  "Timeout",
  {
    ...common,
    phase: Schema.Literals(["connect", "headers", "body", "idle"]),
    /** The limit that passed; absent where the upstream gave up by a limit of its own that it does not tell. */
    limit: Schema.optional(Schema.Duration)
  },
  {
    when: "The upstream fell silent: while connecting, before its headers, in its body, or between two events. A total limit is a `DeadlineExceeded`.",
    recognisedBy: "A limit of this side that passed; or a 408, or a 504 that the API itself states.",
    toDo: "Try again, or allow more time if the upstream is known to be slow.",
    since: "0.1.0"
  }
) {
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
export class ConnectionLost extends Reason.make<ConnectionLost>("@causeway/core/UpstreamError/ConnectionLost")(
  "ConnectionLost",
  {
    ...common,
    phase: Schema.Literals(["headers", "body", "stream"]),
    code: Schema.optional(Schema.String),
    bytesReceived: Schema.Finite,
    /** `content-length`, where there was one. */
    bytesPromised: Schema.optional(Schema.Finite)
  },
  {
    when: "The connection ended before the answer did.",
    recognisedBy:
      "`ECONNRESET`, `EPIPE`, `UND_ERR_SOCKET`, a stream or a session of HTTP/2 that was closed, or fewer bytes than `content-length` promised.",
    toDo: "Try again; if it stays, look at what stands between here and the upstream.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any", health: "counts" })
  }
}

/** The call was given up from this side. */
export class Aborted extends Reason.make<Aborted>("@causeway/core/UpstreamError/Aborted")(
  "Aborted",
  {
    ...common,
    by: Schema.Literals(["caller", "deadline", "shutdown"])
  },
  {
    when: "The call was given up from this side: by its caller, a deadline or a shutdown.",
    recognisedBy: "An abort signal, or an interruption; or a 499.",
    toDo: "Nothing to do: it was given up on purpose.",
    since: "0.1.0"
  }
) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: this.by === "shutdown" ? "us" : "caller" })
  }
}
