/** One instance of every reason, for what has to hold for all of them. */
import * as Boundary from "@causeway/core/BoundaryError"
import * as Policy from "@causeway/core/PolicyError"
import * as Reason from "@causeway/core/UpstreamReason"
import * as Duration from "effect/Duration"

const seen = { message: "an example", seenIn: "status" } as const
const limit = Duration.seconds(60)
const retryAfter = Duration.seconds(2)
const lost = { delivery: "may-have-run", message: "an example" } as const

export const upstreamReasons: ReadonlyArray<Reason.UpstreamReason> = [
  new Reason.Configuration({ ...seen, option: "baseUrl" }),
  new Reason.RequestEncoding({ ...seen, path: "messages[0].content" }),
  new Reason.Credential({ ...seen, missing: "OPENAI_API_KEY" }),
  new Reason.Connect({ ...seen, kind: "refused", code: "ECONNREFUSED", addresses: ["127.0.0.1:1"] }),
  new Reason.Protocol(seen),
  new Reason.Timeout({ ...seen, phase: "headers", limit }),
  new Reason.ConnectionLost({ ...seen, phase: "body", bytesReceived: 10, bytesPromised: 20 }),
  new Reason.Aborted({ ...seen, by: "caller" }),
  new Reason.InvalidRequest({ ...seen, param: "messages" }),
  new Reason.InputTooLarge({ ...seen, unit: "tokens", limit: 8192, actual: 9000 }),
  new Reason.ContentFiltered({ ...seen, side: "input", categories: ["violence"] }),
  new Reason.Authentication(seen),
  new Reason.Permission(seen),
  new Reason.NotFound({ ...seen, what: "model" }),
  new Reason.Conflict(seen),
  new Reason.RateLimited({ ...seen, retryAfter }),
  new Reason.QuotaExhausted(seen),
  new Reason.Overloaded({ ...seen, retryAfter }),
  new Reason.ProviderFault({ ...seen, status: 500 }),
  new Reason.Gateway({ ...seen, gateway: "envoy", flag: "no-healthy-upstream", status: 503 }),
  new Reason.MalformedResponse({ ...seen, issue: "empty", excerpt: "" }),
  new Reason.StreamProtocol({ ...seen, index: 3, event: "data: {" }),
  new Reason.StreamTruncated({ ...seen, events: 3, bytes: 300, partial: "Hel", missing: "done" }),
  new Reason.OutputUnusable({ ...seen, issue: "refusal", output: "I cannot" }),
  new Reason.Session({ ...seen, code: 1011 })
]

export const boundaryReasons: ReadonlyArray<Boundary.BoundaryReason> = [
  new Boundary.Crashed({ ...lost, exitCode: 7, uptimeMs: 10, callsDone: 1 }),
  new Boundary.Unresponsive({ ...lost, silentFor: limit }),
  new Boundary.Overloaded({ message: "an example", retryAfter, queued: 256 }),
  new Boundary.DeadlineExceeded({ ...lost, limit }),
  new Boundary.Draining({ message: "an example" }),
  new Boundary.Undecodable({ ...lost, direction: "response", issue: "expected a string" }),
  new Boundary.Unreachable({ message: "an example" })
]

export const policyReasons: ReadonlyArray<Policy.PolicyReason> = [
  new Policy.CircuitOpen({ message: "an example", retryAfter }),
  new Policy.DeadlineExceeded({ message: "an example", phase: "total", limit }),
  new Policy.Shed({ message: "an example", retryAfter })
]
