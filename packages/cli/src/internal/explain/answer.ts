/**
 * An error answer over HTTP: OpenAI's shape or a problem (RFC 9457), as this server and
 * others write them, with its head where there is one.
 */
import * as Catalogue from "@causeway/core/Catalogue"
import * as Classification from "@causeway/core/Classification"
import * as Redaction from "@causeway/core/Redaction"
import * as Problem from "@causeway/server/Problem"
import * as Result from "effect/Result"
import { ids, isRecord, line, reason, say } from "./lines.ts"

/** What stands before a body, as `curl -i` prints it. */
export interface Head {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
}

/** An answer with its head. */
export interface Whole {
  readonly head: Head
  readonly body: string
}

/** A head and its body; `undefined` for a text that does not begin with a head. Of several, the last one counts. */
export const split = (text: string): Whole | undefined => {
  const [start, status] = /^HTTP\/[\d.]+ (\d{3})[^\r\n]*\r?\n/.exec(text) ?? []
  if (start === undefined) return undefined
  const [gap = ""] = /\r?\n\r?\n/.exec(text) ?? []
  const end = gap === "" ? text.length : text.indexOf(gap)
  const body = text.slice(end + gap.length)
  const later = split(body)
  if (later !== undefined) return later
  const headers = text
    .slice(start.length, end)
    .split(/\r?\n/)
    .flatMap((row): Head["headers"] => {
      const at = row.indexOf(":")
      return at < 1 ? [] : [[row.slice(0, at).trim().toLowerCase(), row.slice(at + 1).trim()]]
    })
  return { head: { status: Number(status), headers }, body }
}

/** The error that a body states in OpenAI's shape, or as a problem, whose members then have the names of that shape. */
export const errorIn = (value: unknown): Readonly<Record<string, unknown>> | undefined => {
  if (!isRecord(value)) return undefined
  const { category, detail, error, title } = value
  if (isRecord(error) && typeof error["message"] === "string") return error
  return typeof title === "string" && typeof detail === "string"
    ? { ...value, message: detail, type: category, kind: value["type"] }
    : undefined
}

const excerptLimit = 200

/** An answer as a report. `error`: what its body states, where that is in OpenAI's shape. */
export const explain = (error: Readonly<Record<string, unknown>> | undefined, body: string, head?: Head): string => {
  const header = (name: string): string | undefined => head?.headers.find(([key]) => key === name)?.[1]
  const excerpt = Redaction.text(body).replaceAll(/\s+/g, " ").trim().slice(0, excerptLimit)
  const upstreams = header("x-upstream-request-id")
  const own = head && Classification.requestId(head.headers.filter(([name]) => name !== "x-upstream-request-id"))
  return [
    say(error?.["message"]) ?? (excerpt || "an answer without a body"),
    ...line(
      "answer",
      head && `HTTP ${head.status}`,
      ...["type", "code", "param"].map((name) => say(error?.[name], (text) => `${name} ${text}`))
    ),
    ...ids(own ?? say(error?.["instance"], decoded), upstreams ?? error?.["upstreamRequestId"]),
    ...line("retry", retryOf(header("x-should-retry"), header("retry-after"))),
    ...whatItIs(error, body, head)
  ].join("\n")
}

/** A problem has its request's id in the form of a URI. */
const decoded = (id: string): string =>
  Result.getOrElse(
    Result.try(() => decodeURIComponent(id)),
    () => id
  )

const retryOf = (advised: string | undefined, after: string | undefined): string | undefined => {
  if (advised === "false") return "does not help, it says"
  const wait = after === undefined ? "" : /^\d+$/.test(after) ? ` after ${after} s` : ` after ${after}`
  return advised === "true" || after !== undefined ? `may help${wait}, it says` : undefined
}

const whatItIs = (
  error: Readonly<Record<string, unknown>> | undefined,
  body: string,
  head: Head | undefined
): ReadonlyArray<string> => {
  const known = error && entryOf(error)
  if (known !== undefined) return reason(known)
  if (error?.["code"] === "internal_error") {
    return line("to do", "Look for the request's id in the server's log, which says more.")
  }
  if (head === undefined) {
    return line(
      "unread",
      "the code is no reason of the catalogue, and without its status an answer is not classified (curl -i shows it)"
    )
  }
  const classified = Classification.classify({ ...head, body, seenIn: head.status < 400 ? "body" : "status" })
  const entry = classified && Catalogue.find("UpstreamError", classified.reason._tag)
  return entry === undefined ? line("reason", "none: it states no error") : reason(entry)
}

/** Reasons of these families are the server's own. */
const own: ReadonlySet<unknown> = new Set(["service_unavailable_error", "timeout_error", "server_error"])

/** The reason that a problem's kind names, else a code. A code of which there are two is told apart by its family. */
const entryOf = ({ code, kind, type }: Readonly<Record<string, unknown>>): Catalogue.Entry | undefined => {
  const anchor = typeof kind === "string" ? kind.replace(/^.*#/, "") : undefined
  const named = Catalogue.entries().find(({ error, tag }) => Problem.anchorOf(`${error}/${tag}`) === anchor)
  if (named !== undefined) return named
  const found = Catalogue.entries().filter(({ tag }) => snakeCase(tag) === code)
  return found.find(({ error }) => own.has(type) === (error !== "UpstreamError")) ?? found[0]
}

const snakeCase = (tag: string): string => tag.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase()
