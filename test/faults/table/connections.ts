/** Connections that break, fall silent, or speak something else. */
import { again, brokenOff, every, is, type Table } from "../expected.ts"

export const connections: Table = {
  stall: every(is("Timeout@socket", again, 3, { phase: "headers" })),
  "stall-body": {
    json: is("Timeout@socket", again, 3, { phase: "body" }),
    stream: is("Timeout@stream", again, 1, { phase: "idle" }),
    binary: is("Timeout@socket", again, 3, { phase: "body" })
  },
  reset: every(is("ConnectionLost@socket", again, 3, { phase: "headers", code: "ECONNRESET" })),
  "stall-headers": every(is("Timeout@socket", again, 3, { phase: "headers" })),
  "stall-error-body": every(is("ProviderFault@status", again, 3, { status: 500 })),
  "stall-after-head": {
    json: is("Timeout@socket", again, 3, { phase: "body" }),
    stream: is("Timeout@stream", again, 3, { phase: "idle" }),
    binary: is("Timeout@socket", again, 3, { phase: "body" })
  },
  close: every(
    is("ConnectionLost@socket", again, 3, {
      phase: "headers",
      code: "UND_ERR_SOCKET"
    })
  ),
  "half-close": every(
    is("ConnectionLost@socket", again, 3, {
      phase: "headers",
      code: "UND_ERR_SOCKET"
    })
  ),
  "reset-headers": every(is("ConnectionLost@socket", again, 3, { phase: "headers", code: "ECONNRESET" })),
  "reset-body": brokenOff("ECONNRESET"),
  "close-body": brokenOff("UND_ERR_SOCKET"),
  "half-close-body": brokenOff("UND_ERR_SOCKET"),
  "reset-error-body": every(is("ProviderFault@status", again, 3, { status: 500 })),
  "length-too-long": {
    json: is("ConnectionLost@socket", again, 3, {
      phase: "body",
      code: "UND_ERR_SOCKET"
    }),
    stream: "answered",
    binary: is("ConnectionLost@socket", again, 3, {
      phase: "body",
      code: "UND_ERR_SOCKET"
    })
  },
  "length-too-short": {
    json: is("MalformedResponse@body", again, 3, { issue: "truncated" }),
    stream: "answered",
    binary: "answered"
  },
  "not-http": every(is("Protocol@socket", again, 3, { code: "HPE_INVALID_CONSTANT" })),
  "no-head": every(is("Protocol@socket", again, 3, { code: "HPE_INVALID_CONSTANT" })),
  "tls-on-plain": every(is("Protocol@socket", again, 3, { code: "HPE_INVALID_CONSTANT" })),
  "bad-status-line": every(is("Protocol@socket", again, 3, { code: "HPE_INVALID_CONSTANT" })),
  "bad-header": every(is("Protocol@socket", again, 3, { code: "HPE_INVALID_CONSTANT" })),
  "two-lengths": every(
    is("Protocol@socket", again, 3, {
      code: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"
    })
  ),
  "bad-chunk": every(is("Protocol@socket", again, 3, { code: "HPE_INVALID_CONSTANT" })),
  "huge-headers": every(is("Protocol@socket", again, 3, { code: "UND_ERR_HEADERS_OVERFLOW" })),
  "redirect-loop": every(is("Configuration@status", "us never any ignored not-sent", 1, { option: "baseUrl" })),
  redirect: every(is("Configuration@status", "us never any ignored not-sent", 1, { option: "baseUrl" })),
  upgrade: every(is("Protocol@socket", again, 3, { code: "UND_ERR_SOCKET" }))
}
