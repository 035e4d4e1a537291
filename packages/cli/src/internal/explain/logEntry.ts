/** An entry of the server's log about a failure: as the command prints it, or as Effect's JSON loggers do. */
import * as Catalogue from "@causeway/core/Catalogue"
import * as Disposition from "@causeway/core/Disposition"
import * as Report from "@causeway/core/Report"
import { ids, isRecord, line, reason, say } from "./lines.ts"

type Fields = Readonly<Record<string, unknown>>

/** Entries of these levels tell of a failure, whatever else they have. */
const levels: ReadonlySet<unknown> = new Set(["WARN", "ERROR", "FATAL"])

/** An entry, and its report where it tells of a failure; `undefined` for what is no entry of a log. */
export const read = (entry: Fields): { readonly failure: string | undefined } | undefined => {
  const { annotations } = entry
  const all = { ...entry, ...(isRecord(annotations) && annotations) }
  const fields = Object.fromEntries(
    Object.entries(all).map(([name, value]) => [name.replace(/^causeway\./, ""), value])
  )
  const { level, message, reason, timestamp } = fields
  if (typeof level !== "string" || typeof timestamp !== "string" || message === undefined) return undefined
  const isFailure = typeof reason === "string" || levels.has(level)
  return { failure: isFailure ? report(fields) : undefined }
}

const report = (fields: Fields): string => {
  const { attempt, attempts, level, message, status, timestamp } = fields
  const text = (Array.isArray(message) ? message : [message]).map((part) => say(part) ?? JSON.stringify(part)).join(" ")
  const [headline = "", ...rest] = text.split("\n").filter((each) => each.trim() !== "")
  // A report that stands in the entry as a whole says this itself.
  const isWhole = rest.some((each) => each.startsWith("  to do "))
  return [
    headline,
    ...rest,
    ...line("logged", say(timestamp), say(level)),
    ...line(
      "answers",
      say(status, (code) => `HTTP ${code} to the caller`),
      say(fields["upstream_status"], (code) => `HTTP ${code} of the upstream`),
      say(attempts, (count) => `${count} attempts`) ?? say(attempt, (number) => `attempt ${number}`)
    ),
    ...ids(fields["request_id"], fields["upstream_request_id"]),
    ...(isWhole ? [] : line("meaning", meaningOf(fields))),
    ...whatItIs(fields, isWhole)
  ].join("\n")
}

const whatItIs = (fields: Fields, isWhole: boolean): ReadonlyArray<string> => {
  const { boundary, reason: tag, upstream } = fields
  if (typeof tag !== "string") return line("reason", "none of Causeway's: an error that no contract declares")
  const error = upstream !== undefined ? "UpstreamError" : boundary !== undefined ? "BoundaryError" : "PolicyError"
  const entry = Catalogue.find(error, tag)
  if (entry === undefined) return line("unread", `a reason ${tag} of a ${error} is not known to this version`)
  return reason(isWhole ? { ...entry, toDo: "" } : entry)
}

const values = {
  blame: ["caller", "upstream", "us"],
  retry: ["never", "backoff", "after"],
  delivery: ["not-sent", "may-have-run", "ran"]
} as const

const valueOf = <Name extends keyof typeof values>(
  fields: Fields,
  name: Name
): (typeof values)[Name][number] | undefined => values[name].find((value) => value === fields[name])

const meaningOf = (fields: Fields): string | undefined => {
  const blame = valueOf(fields, "blame")
  const retry = valueOf(fields, "retry")
  if (blame === undefined || retry === undefined) return undefined
  const delivery = valueOf(fields, "delivery")
  return Report.meaning(Disposition.make({ blame, retry: retry === "never" ? "never" : "backoff", delivery }))
}
