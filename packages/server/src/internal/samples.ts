/**
 * One failure for each answer that a kind of failure can have, for whoever describes
 * what a call can fail with. Statuses and texts are those of `PublicError`, which is
 * asked about each.
 */
import * as Boundary from "@causeway/core/BoundaryError"
import * as Disposition from "@causeway/core/Disposition"
import { Evidence } from "@causeway/core/Evidence"
import * as Policy from "@causeway/core/PolicyError"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Reason from "@causeway/core/UpstreamReason"
import * as Duration from "effect/Duration"
import * as Request from "../RequestError.ts"

const limit = Duration.seconds(60)
const retryAfter = Duration.seconds(2)

const upstream = (reason: Reason.UpstreamReason, status?: number): UpstreamError =>
  new UpstreamError({
    upstream: "primary",
    operation: "chat.completions.create",
    reason,
    evidence: new Evidence({
      attempt: 1,
      timing: { startedAt: 0, totalMs: 1 },
      ...(status !== undefined && { response: { status, headers: [], body: "", bodyBytes: 0 } })
    })
  })

const seen = { seenIn: "status" } as const
const unsent = { message: "it is set up wrongly", seenIn: "request" } as const
const socket = { message: "the connection failed", seenIn: "socket" } as const

/** What an upstream's failure is told as. An upstream's own 4xx may have any other status below 500. */
export const upstreams: ReadonlyArray<UpstreamError> = [
  upstream(new Reason.Configuration({ ...unsent, option: "baseUrl" })),
  upstream(new Reason.RequestEncoding({ ...unsent, message: "a BigInt cannot be sent", path: "messages[0].content" })),
  upstream(new Reason.Credential({ ...unsent, missing: "OPENAI_API_KEY" })),
  upstream(new Reason.Connect({ ...socket, kind: "refused", addresses: ["127.0.0.1:9000"] })),
  upstream(new Reason.Connect({ ...socket, kind: "exhausted", addresses: [] })),
  upstream(new Reason.Protocol(socket)),
  upstream(new Reason.Timeout({ ...socket, phase: "headers", limit })),
  upstream(new Reason.ConnectionLost({ ...socket, phase: "body", bytesReceived: 10 })),
  upstream(new Reason.Aborted({ ...socket, by: "caller" })),
  upstream(new Reason.Aborted({ ...socket, by: "deadline" })),
  upstream(new Reason.Aborted({ ...socket, by: "shutdown" })),
  upstream(new Reason.InvalidRequest({ ...seen, message: "messages is too short", param: "messages" })),
  upstream(new Reason.InputTooLarge({ ...seen, message: "at most 8192 tokens", unit: "tokens" })),
  upstream(new Reason.InputTooLarge({ ...seen, message: "the body is too large", unit: "bytes" }), 413),
  upstream(
    new Reason.ContentFiltered({ ...seen, message: "refused by the content filter", side: "input", categories: [] })
  ),
  upstream(new Reason.Authentication({ ...seen, message: "invalid key" })),
  upstream(new Reason.Permission({ ...seen, message: "not permitted" })),
  upstream(new Reason.NotFound({ ...seen, message: "there is no such model", what: "model" })),
  upstream(new Reason.Conflict({ ...seen, message: "it is being changed" })),
  upstream(new Reason.RateLimited({ ...seen, message: "too many requests", retryAfter })),
  upstream(new Reason.QuotaExhausted({ ...seen, message: "the quota is used up" })),
  upstream(new Reason.Overloaded({ ...seen, message: "try again later", retryAfter })),
  upstream(new Reason.ProviderFault({ ...seen, message: "internal error", status: 500 })),
  upstream(new Reason.ProviderFault({ ...seen, message: "not available", status: 503 })),
  upstream(gateway("unknown", "other", 502)),
  upstream(gateway("envoy", "no-healthy-upstream", 503)),
  upstream(gateway("nginx", "timeout", 504)),
  upstream(new Reason.MalformedResponse({ message: "no JSON", seenIn: "body", issue: "not-json", excerpt: "" })),
  upstream(new Reason.StreamProtocol({ message: "no JSON", seenIn: "stream", index: 3, event: "" })),
  upstream(
    new Reason.StreamTruncated({
      message: "cut",
      seenIn: "stream",
      events: 3,
      bytes: 300,
      partial: "",
      missing: "done"
    })
  ),
  upstream(new Reason.OutputUnusable({ message: "refused", seenIn: "body", issue: "refusal", output: "" })),
  upstream(new Reason.Session({ ...socket, code: 1011 }))
]

function gateway(gateway: Reason.Gateway["gateway"], flag: Reason.Gateway["flag"], status: number): Reason.Gateway {
  return new Reason.Gateway({ ...seen, message: "failed", gateway, flag, status })
}

const lost = { message: "the way broke", delivery: "may-have-run" } as const

const boundary = (reason: Boundary.BoundaryReason): Boundary.BoundaryError =>
  new Boundary.BoundaryError({ boundary: "pool", reason })

/** What can become of every call on its way. */
export const boundaries: ReadonlyArray<Boundary.BoundaryError> = [
  boundary(new Boundary.Crashed({ ...lost, uptimeMs: 0, callsDone: 0 })),
  boundary(new Boundary.Unresponsive({ ...lost, silentFor: limit })),
  boundary(new Boundary.Overloaded({ message: "full", retryAfter, queued: 256 })),
  boundary(new Boundary.DeadlineExceeded({ ...lost, limit })),
  boundary(new Boundary.Draining({ message: "shutting down" })),
  boundary(new Boundary.Undecodable({ ...lost, direction: "request", issue: "" })),
  boundary(new Boundary.Undecodable({ ...lost, direction: "response", issue: "" })),
  boundary(new Boundary.Unreachable({ message: "not ready" }))
]

/** What a policy ends a call with by itself. */
export const policies: ReadonlyArray<Policy.PolicyError> = [
  new Policy.CircuitOpen({ message: "open", retryAfter }),
  new Policy.DeadlineExceeded({ message: "too late", phase: "total", limit }),
  new Policy.Shed({ message: "shed", retryAfter })
].map((reason) => new Policy.PolicyError({ reason }))

/** What is wrong with a request, by which requests it can be wrong with. */
export const requests = {
  /** Any request. */
  any: [
    new Request.InvalidHeader({ header: "x-causeway-timeout", allowed: "a whole number of milliseconds, from 1" }),
    new Request.AmbiguousRequest({ issue: "two-hosts" }),
    new Request.Unauthenticated({ issue: "missing" }),
    new Request.Forbidden({ key: "default", scope: "route", wanted: "/predict" }),
    new Request.BodyTooLarge({ limit: 33_554_432 }),
    new Request.UnsupportedEncoding({ encoding: "gzip" }),
    new Request.TooManyRequests({ limit: 60, windowMs: 60_000, retryAfterMs: 1000 }),
    new Request.TooManyPipelined({ limit: 100 })
  ],
  /** One with a body that is read as JSON, or whose bytes have a schema. */
  body: [
    new Request.MalformedBody({ issue: "not-json" }),
    new Request.InvalidValue({ path: "x", issue: "Expected a finite number" })
  ],
  /** One that can be answered in some media types. */
  accept: (offered: ReadonlyArray<string>) => [new Request.NotAcceptable({ offered })]
} as const

/** A request that no call is there for. */
export const routes = [
  new Request.RouteNotFound({ method: "GET", path: "/nope" }),
  new Request.MethodNotAllowed({ method: "GET", allowed: ["POST", "OPTIONS"] })
] as const

/** An error of a contract's own. */
export const ofContract = (tag: string, blame: Disposition.Disposition["blame"] | undefined): object => ({
  _tag: tag,
  ...(blame !== undefined && { [Disposition.symbol]: Disposition.make({ blame }) })
})
