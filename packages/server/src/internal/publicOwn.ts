/**
 * What a client is told of failures that are no upstream's, by their reason.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import type { PolicyError } from "@causeway/core/PolicyError"
import * as Duration from "effect/Duration"
import { type RequestError, statusOf } from "../RequestError.ts"
import { type Told, told } from "./told.ts"

const effectOf = (delivery: "not-sent" | "may-have-run"): string =>
  delivery === "not-sent" ? "the call had no effect" : "the call may have had an effect"

export const ofBoundary = ({ reason }: BoundaryError): Told => {
  const { _tag: tag } = reason
  switch (tag) {
    case "Overloaded":
      return told(503, "service_unavailable_error", tag, "this server has more to do than it can")
    case "Draining":
      return told(503, "service_unavailable_error", tag, "this server is shutting down")
    case "Unreachable":
      return told(503, "service_unavailable_error", tag, "the service behind this server is not ready")
    case "DeadlineExceeded":
      return told(504, "timeout_error", tag, `no answer within the ${Duration.format(reason.limit)} that the call had`)
    case "Unresponsive":
      return told(504, "timeout_error", tag, `the worker no longer reacted; ${effectOf(reason.delivery)}`)
    case "Crashed":
      return told(500, "server_error", tag, `the worker ended unexpectedly; ${effectOf(reason.delivery)}`)
    case "Undecodable":
      return reason.direction === "request"
        ? told(400, "invalid_request_error", tag, "the request does not fit the call")
        : told(500, "server_error", tag, "the result does not fit its schema")
  }
}

export const ofPolicy = ({ reason }: PolicyError): Told => {
  const { _tag: tag } = reason
  switch (tag) {
    case "CircuitOpen":
      return told(503, "service_unavailable_error", tag, "every upstream has failed too often of late")
    case "Shed":
      return told(503, "service_unavailable_error", tag, "refused, so that other calls can be served")
    case "DeadlineExceeded":
      return told(504, "timeout_error", tag, `no answer within ${Duration.format(reason.limit)} (${reason.phase})`)
  }
}

export const ofRequest = ({ reason }: RequestError): Told => {
  const type = types[reason._tag] ?? "invalid_request_error"
  const param =
    reason._tag === "InvalidValue"
      ? reason.path || null
      : reason._tag === "InvalidHeader"
        ? reason.header
        : reason._tag === "NotAcceptable"
          ? "accept"
          : null
  return told(statusOf(reason), type, reason._tag, reason.message, param)
}

const types: Readonly<Partial<Record<RequestError["reason"]["_tag"], string>>> = {
  Unauthenticated: "authentication_error",
  Forbidden: "permission_error",
  TooManyRequests: "rate_limit_error",
  TooManyPipelined: "rate_limit_error"
}
