/**
 * What a client is told of an upstream's failure, by its reason.
 */
import * as Disposition from "@causeway/core/Disposition"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { Gateway } from "@causeway/core/UpstreamReason"
import * as Duration from "effect/Duration"
import { type Told, addressed, told } from "./told.ts"

export const ofUpstream = (error: UpstreamError): Told => {
  const { evidence, reason } = error
  const name = `the upstream ${JSON.stringify(error.upstream)}`
  const status = evidence.response?.status
  const own4xx = status !== undefined && status >= 400 && status < 500 && !credentials.has(status) ? status : 400
  const fault = (message: string, status = 502): Told => told(status, "upstream_error", reason._tag, message)
  switch (reason._tag) {
    case "InvalidRequest":
      return addressed(error, own4xx, "invalid_request_error", reason.param, reason.code)
    case "ContentFiltered":
      return addressed(error, own4xx, "invalid_request_error")
    case "InputTooLarge":
      return addressed(error, status === 413 ? 413 : 400, "invalid_request_error")
    case "NotFound":
      return addressed(error, 404, "invalid_request_error")
    case "Conflict":
      return addressed(error, 409, "invalid_request_error")
    case "RateLimited":
      return addressed(error, 429, "rate_limit_error")
    case "QuotaExhausted":
      return addressed(error, 429, "insufficient_quota")
    case "RequestEncoding":
      return told(400, "invalid_request_error", reason._tag, reason.message, reason.path || null)
    case "Authentication":
      return fault(`${name} does not accept this server's credential`)
    case "Permission":
      return fault(`${name} does not permit this with this server's credential`)
    case "Overloaded":
      return fault(`${name} is overloaded: ${reason.message}`, 503)
    case "ProviderFault":
      return fault(`${name} failed: ${reason.message}`, (reason.status ?? status) === 503 ? 503 : 502)
    case "Gateway":
      return fault(
        `${name} ${wasReached(error) ? "failed" : "was not reached"}: ${gatewaySays(reason)}`,
        gateways.has(reason.status) ? reason.status : 502
      )
    case "Timeout":
      return fault(`${name} fell silent: ${silence[reason.phase]}${within(reason.limit)}`, 504)
    case "Connect":
      if (reason.kind === "exhausted") {
        const message = `this server uses every connection to ${name} that it may have`
        return told(503, "service_unavailable_error", reason._tag, message)
      }
      return fault(`no connection to ${name} came about: ${connecting[reason.kind]}`)
    case "Protocol":
      return fault(`${name} answered something that is not HTTP`)
    case "ConnectionLost":
      return fault(`the connection to ${name} was lost ${losing[reason.phase]}`)
    case "MalformedResponse":
      return fault(`${name} answered with success, but its answer ${malformed[reason.issue]}`)
    case "StreamProtocol":
      return fault(`${name} sent an event that its protocol does not allow`)
    case "StreamTruncated":
      return fault(`the stream of ${name} ended after ${reason.events} events, before its proper end`)
    case "OutputUnusable":
      return fault(`the output of ${name} cannot be used: ${reason.issue}`)
    case "Session":
      return fault(`the session with ${name} ended`)
    case "Aborted":
      return reason.by === "caller"
        ? told(499, "invalid_request_error", reason._tag, "the call was given up by its caller")
        : reason.by === "deadline"
          ? // Whoever keeps the deadline, its code is the same.
            told(504, "timeout_error", "DeadlineExceeded", `the call to ${name} was given up at its deadline`)
          : told(503, "service_unavailable_error", reason._tag, "this server is shutting down")
    case "Configuration":
    case "Credential":
      return told(500, "server_error", reason._tag, `this server is not set up rightly for ${name}`)
  }
}

/** Of an upstream these are about our credential, never about the client's. */
const credentials: ReadonlySet<number> = new Set([401, 403, 407])

const gateways: ReadonlySet<number> = new Set([502, 503, 504])

const wasReached = (error: UpstreamError): boolean => Disposition.of(error)?.delivery !== "not-sent"

const gatewaySays = ({ flag, gateway }: Gateway): string =>
  `${gateway === "unknown" ? "a gateway" : `its ${gateway} gateway`} reports ${reported[flag]}`

const reported = {
  "no-healthy-upstream": "no healthy upstream",
  "connect-failure": "that no connection came about",
  reset: "that the connection was reset",
  overflow: "that it has more requests than it may pass on",
  timeout: "that no answer came in time",
  other: "a failure"
} as const

const silence = {
  connect: "no connection came about",
  headers: "no answer came",
  body: "the rest of the answer did not come",
  idle: "no event came"
} as const

const connecting = {
  dns: "its name cannot be resolved",
  refused: "it was refused",
  unreachable: "its address cannot be reached",
  tls: "TLS failed",
  proxy: "the proxy failed",
  other: "it failed"
} as const

const losing = {
  headers: "before its answer",
  body: "in the middle of its answer",
  stream: "in the middle of its stream"
} as const

const malformed = {
  empty: "is empty",
  "not-json": "is not JSON",
  truncated: "is cut short",
  trailing: "goes on behind its end",
  "wrong-shape": "has another shape",
  "error-in-success": "holds an error",
  "too-large": "is too large",
  encoding: "cannot be decompressed"
} as const

/** An upstream that gave up by a limit of its own does not tell it. */
const within = (limit: Duration.Duration | undefined): string =>
  limit === undefined ? "" : ` within ${Duration.format(limit)}`
