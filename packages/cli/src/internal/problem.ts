/**
 * Why the command ended, for people.
 */
import * as Redaction from "@causeway/core/Redaction"
import * as Report from "@causeway/core/Report"
import { hasProperty } from "effect/Predicate"

/** What is declared has a message that says it all; anything else is shown with its stack. */
export const problemOf = (error: unknown): string => {
  const text =
    error instanceof Error
      ? hasProperty(error, "_tag")
        ? error.message
        : (error.stack ?? error.message)
      : String(error)
  return Report.visible(Redaction.text(text))
}
