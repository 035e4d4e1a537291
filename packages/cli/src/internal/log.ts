/**
 * The log: to the standard error, without secrets; for people where a terminal
 * shows it, else as logfmt, a line for each entry.
 */
import * as Redaction from "@causeway/core/Redaction"
import * as Report from "@causeway/core/Report"
import * as Cause from "effect/Cause"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Logfmt from "./logfmt.ts"

const write = (text: string): void => {
  process.stderr.write(`${Report.visible(Redaction.text(text))}\n`)
}

/** What stands before the names of annotations that are Causeway's own. */
const own = "causeway."

/** What the headline of a failure's report says already. */
const told: ReadonlySet<string> = new Set([`${own}operation`])

/**
 * An entry as a line. Of a failure's report it has the headline: the rest of the
 * report is in the pairs before it, or can be had of them by `causeway explain`.
 */
export const line: Logger.Logger<unknown, string> = Logger.map(
  Logger.formatStructured,
  ({ annotations, cause, level, message, timestamp }) => {
    const isReport = typeof message === "string" && `${own}reason` in annotations
    const pairs = Object.entries(annotations).flatMap(([name, value]): ReadonlyArray<Logfmt.Pair> =>
      isReport && told.has(name) ? [] : [[name.startsWith(own) ? name.slice(own.length) : name, value]]
    )
    return Logfmt.format([
      ["timestamp", timestamp],
      ["level", level],
      ...pairs,
      ["message", isReport ? message.split("\n", 1)[0] : message],
      ...(cause === undefined ? [] : [["cause", cause] as const])
    ])
  }
)

/** Messages keep their lines. */
const forPeople = Logger.make(({ cause, date, fiber, logLevel, message }) => {
  const parts = (Array.isArray(message) ? message : [message]).map((part) =>
    typeof part === "string" ? part : Redaction.text(JSON.stringify(part) ?? String(part))
  )
  const notes = Object.entries(fiber.getRef(References.CurrentLogAnnotations)).map(
    ([name, value]) => `  ${name}=${String(value)}`
  )
  const causes = cause.reasons.length === 0 ? [] : [Cause.pretty(cause)]
  const time = date.toTimeString().slice(0, 8)
  write([`${time} ${logLevel.toLowerCase()}  ${parts.join(" ")}`, ...notes, ...causes].join("\n"))
})

/** The logger of the command. */
export const layer: Layer.Layer<never> = Logger.layer([process.stderr.isTTY ? forPeople : Logger.map(line, write)])
