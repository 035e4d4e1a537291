/** The failures of the way to a server, in words. */
import * as Duration from "effect/Duration"
import type * as Headers from "effect/http/Headers"
import { hasProperty } from "effect/Predicate"
import * as BoundaryError from "../../BoundaryError.ts"
import * as Redaction from "../../Redaction.ts"
import * as TransportFailure from "../../TransportFailure.ts"
import { explicitWait } from "../classification/hints.ts"
import { excerpt } from "../excerpt.ts"

const failure = (boundary: string, reason: BoundaryError.BoundaryReason): BoundaryError.BoundaryError =>
  new BoundaryError.BoundaryError({ boundary, reason })

/** A value did not fit. */
export const undecodable = (
  boundary: string,
  direction: "request" | "response",
  issue: string,
  raw?: unknown
): BoundaryError.BoundaryError =>
  failure(
    boundary,
    new BoundaryError.Undecodable({
      message: `the ${direction} cannot cross: ${firstLine(issue)}`,
      delivery: direction === "request" ? "not-sent" : "may-have-run",
      direction,
      issue,
      ...(raw !== undefined && { raw: excerpt(raw) })
    })
  )

/** Nothing came for too long: no headers, or no more of the answer. */
export const unresponsive = (boundary: string, silence: Duration.Duration): BoundaryError.BoundaryError =>
  failure(
    boundary,
    new BoundaryError.Unresponsive({
      message: `the server said nothing for ${Duration.format(silence)}`,
      delivery: "may-have-run",
      silentFor: silence
    })
  )

/** The transport failed, before or after the call was sent. */
export const ofTransport = (boundary: string, thrown: unknown, hasBegun: boolean): BoundaryError.BoundaryError => {
  const reason = TransportFailure.reasonOf(thrown, hasBegun ? { phase: "body" } : {})
  const isBefore = reason._tag === "Connect" || reason._tag === "Configuration" || reason._tag === "RequestEncoding"
  return failure(
    boundary,
    new BoundaryError.Unreachable({
      message: reason.message,
      cause: thrown,
      ...(!isBefore && { delivery: "may-have-run" })
    })
  )
}

/** The answer ended, and the call did not. */
export const cutOff = (boundary: string): BoundaryError.BoundaryError =>
  failure(
    boundary,
    new BoundaryError.Unreachable({ message: "the answer ended before the call did", delivery: "may-have-run" })
  )

/** An answer that is none of a contract's. */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  /** The beginning of its body. */
  readonly text: string
  readonly hasToken: boolean
}

/** What an answer says that is none of a contract's: the server's own refusal, or another's page. */
export const ofAnswer = (boundary: string, answer: Answer): BoundaryError.BoundaryError => {
  const { headers, status, text } = answer
  const type = headers["content-type"] ?? "no type of content"
  if (status >= 200 && status < 300) {
    const issue = `the answer is ${status} with ${Redaction.text(type)}, and not of a contract`
    return undecodable(boundary, "response", issue, text)
  }
  const said = sayingOf(text)
  const words = said === undefined ? "" : `: ${said.message}`
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return undecodable(boundary, "request", `the server refuses it with ${status}${words}`)
    case 429:
      return failure(
        boundary,
        new BoundaryError.Overloaded({
          message: `the server has too many calls (429)${words}`,
          retryAfter: explicitWait(new Map(Object.entries(headers)), undefined) ?? Duration.seconds(1),
          queued: 0
        })
      )
  }
  if (status === 503 && said?.code === "draining") {
    return failure(boundary, new BoundaryError.Draining({ message: "the server is shutting down" }))
  }
  return failure(
    boundary,
    new BoundaryError.Unreachable({
      message: `${refusalOf(answer)}${words}`,
      status,
      // A gateway may have sent it on before it gave up.
      ...(status >= 500 && { delivery: "may-have-run" })
    })
  )
}

const refusalOf = ({ hasToken, headers, status }: Answer): string => {
  if (status === 401 || status === 403 || status === 407)
    return hasToken ? `the token does not open this server (${status})` : `the server wants a token (${status})`
  if (status === 404 || status === 405) return `no contract is served at this URL (${status})`
  if (status >= 300 && status < 400)
    return `the URL leads to another one (${status}), ${Redaction.url(headers["location"] ?? "which is not told")}`
  return `something on the way answered ${status}`
}

const shown = 300

/** What a body says in the shape of this server's errors, or its beginning if that is plain text. */
const sayingOf = (text: string): { readonly message: string; readonly code?: string } | undefined => {
  try {
    const body: unknown = JSON.parse(text)
    const error = hasProperty(body, "error") ? body.error : undefined
    if (!hasProperty(error, "message") || typeof error.message !== "string") return undefined
    const code = hasProperty(error, "code") && typeof error.code === "string" ? { code: error.code } : {}
    return { message: Redaction.text(error.message.slice(0, shown)), ...code }
  } catch {
    const words = text.trim()
    return words === "" || words.startsWith("<")
      ? undefined
      : { message: Redaction.text(firstLine(words.slice(0, shown))) }
  }
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? ""
