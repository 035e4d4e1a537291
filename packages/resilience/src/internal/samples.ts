/**
 * One failure of every reason, and of every form of a reason that means something
 * else, to explain policies by. The compiler sees to it that no reason is left out.
 */
import * as Boundary from "@causeway/core/BoundaryError"
import * as Policy from "@causeway/core/PolicyError"
import * as Upstream from "@causeway/core/UpstreamReason"
import * as Duration from "effect/Duration"

/** The failures of each reason, by what tells them apart. */
type Samples<Reason extends { readonly _tag: string }> = {
  readonly [Tag in Reason["_tag"]]: { readonly [form: string]: Extract<Reason, { readonly _tag: Tag }> }
}

const status = { message: "", seenIn: "status" } as const
const socket = { message: "", seenIn: "socket" } as const
const body = { message: "", seenIn: "body" } as const
const inStream = { message: "", seenIn: "stream" } as const
const request = { message: "", seenIn: "request" } as const
const retryAfter = Duration.seconds(1)
const hint = "with Retry-After"

/** Reasons of an `UpstreamError`. */
export const upstream = (): Samples<Upstream.UpstreamReason> => ({
  Configuration: { "": new Upstream.Configuration({ ...request, option: "" }) },
  RequestEncoding: { "": new Upstream.RequestEncoding({ ...request, path: "" }) },
  Credential: { "": new Upstream.Credential({ ...request, missing: "" }) },
  Connect: {
    "": new Upstream.Connect({ ...socket, kind: "refused", addresses: [] }),
    tls: new Upstream.Connect({ ...socket, kind: "tls", addresses: [] })
  },
  Protocol: { "": new Upstream.Protocol(socket) },
  Timeout: {
    connect: new Upstream.Timeout({ ...socket, phase: "connect", limit: retryAfter }),
    "headers, body, idle": new Upstream.Timeout({ ...socket, phase: "headers", limit: retryAfter })
  },
  ConnectionLost: { "": new Upstream.ConnectionLost({ ...socket, phase: "headers", bytesReceived: 0 }) },
  Aborted: { "": new Upstream.Aborted({ ...socket, by: "caller" }) },
  InvalidRequest: { "": new Upstream.InvalidRequest(status) },
  InputTooLarge: { "": new Upstream.InputTooLarge({ ...status, unit: "tokens" }) },
  ContentFiltered: {
    input: new Upstream.ContentFiltered({ ...status, side: "input", categories: [] }),
    output: new Upstream.ContentFiltered({ ...body, side: "output", categories: [] })
  },
  Authentication: { "": new Upstream.Authentication(status) },
  Permission: { "": new Upstream.Permission(status) },
  NotFound: {
    model: new Upstream.NotFound({ ...status, what: "model" }),
    "route, object": new Upstream.NotFound({ ...status, what: "route" })
  },
  Conflict: { "": new Upstream.Conflict(status) },
  RateLimited: { "": new Upstream.RateLimited(status), [hint]: new Upstream.RateLimited({ ...status, retryAfter }) },
  QuotaExhausted: { "": new Upstream.QuotaExhausted(status) },
  Overloaded: { "": new Upstream.Overloaded(status), [hint]: new Upstream.Overloaded({ ...status, retryAfter }) },
  ProviderFault: {
    "": new Upstream.ProviderFault(status),
    [hint]: new Upstream.ProviderFault({ ...status, retryAfter })
  },
  Gateway: {
    "no-healthy-upstream, connect-failure, overflow": new Upstream.Gateway({
      ...status,
      gateway: "envoy",
      flag: "no-healthy-upstream",
      status: 503
    }),
    "reset, timeout, other": new Upstream.Gateway({ ...status, gateway: "envoy", flag: "reset", status: 503 })
  },
  MalformedResponse: { "": new Upstream.MalformedResponse({ ...body, issue: "empty", excerpt: "" }) },
  StreamProtocol: { "": new Upstream.StreamProtocol({ ...inStream, index: 0, event: "" }) },
  StreamTruncated: {
    "": new Upstream.StreamTruncated({ ...inStream, events: 0, bytes: 0, partial: "", missing: "first-event" })
  },
  OutputUnusable: { "": new Upstream.OutputUnusable({ ...body, issue: "refusal", output: "" }) },
  Session: { "": new Upstream.Session(inStream) }
})

const notSent = { message: "", delivery: "not-sent" } as const
const mayHaveRun = { message: "", delivery: "may-have-run" } as const

/** Reasons of a `BoundaryError`. */
export const boundary = (): Samples<Boundary.BoundaryReason> => ({
  Crashed: {
    "before it had the call": new Boundary.Crashed({ ...notSent, uptimeMs: 0, callsDone: 0 }),
    "with the call": new Boundary.Crashed({ ...mayHaveRun, uptimeMs: 0, callsDone: 0 })
  },
  Unresponsive: { "": new Boundary.Unresponsive({ ...mayHaveRun, silentFor: retryAfter }) },
  Overloaded: { "": new Boundary.Overloaded({ message: "", retryAfter, queued: 0 }) },
  DeadlineExceeded: { "": new Boundary.DeadlineExceeded({ ...mayHaveRun, limit: retryAfter }) },
  Draining: { "": new Boundary.Draining({ message: "" }) },
  Undecodable: {
    request: new Boundary.Undecodable({ ...notSent, direction: "request", issue: "" }),
    response: new Boundary.Undecodable({ ...mayHaveRun, direction: "response", issue: "" })
  },
  Unreachable: { "": new Boundary.Unreachable({ message: "" }) }
})

/** Reasons of a `PolicyError`, which the call may hold a policy of its own to fail with. */
export const policy = (): Samples<Policy.PolicyReason> => ({
  CircuitOpen: { "": new Policy.CircuitOpen({ message: "", retryAfter }) },
  DeadlineExceeded: { "": new Policy.DeadlineExceeded({ message: "", phase: "total", limit: retryAfter }) },
  Shed: { "": new Policy.Shed({ message: "", retryAfter }) }
})
