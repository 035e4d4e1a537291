/**
 * The log: to the standard error, without secrets; for people where a terminal
 * shows it, else as logfmt.
 */
import * as Redaction from "@causeway/core/Redaction"
import * as Cause from "effect/Cause"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { visible } from "./visible.ts"

const write = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const forMachines = Logger.map(Logger.formatLogFmt, (line) => write(Redaction.text(line)))

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
  const text = [`${time} ${logLevel.toLowerCase()}  ${parts.join(" ")}`, ...notes, ...causes].join("\n")
  write(visible(Redaction.text(text)))
})

/** The logger of the command. */
export const layer: Layer.Layer<never> = Logger.layer([process.stderr.isTTY ? forPeople : forMachines])
