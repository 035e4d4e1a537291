/** What the reports of all kinds of input have in common. */
import type * as Catalogue from "@causeway/core/Catalogue"

/** Whether a value has members. */
export const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === "object" && u !== null && !Array.isArray(u)

/** A line of a report, or none where there is nothing to tell. */
export const line = (label: string, ...parts: ReadonlyArray<string | undefined>): ReadonlyArray<string> => {
  const told = parts.filter((part) => part !== undefined && part !== "")
  return told.length === 0 ? [] : [`  ${label.padEnd(9)} ${told.join(", ")}`]
}

/** A value that is a text or a number, with words around it. */
export const say = (value: unknown, words: (text: string) => string = (text) => text): string | undefined =>
  (typeof value === "string" && value !== "") || typeof value === "number" ? words(String(value)) : undefined

/** The ids under which a request is found: in this server's log, and in the upstream's. */
export const ids = (own: unknown, upstreams: unknown): ReadonlyArray<string> =>
  line(
    "ids",
    say(own, (id) => `${id} (the server's)`),
    say(upstreams, (id) => `${id} (the upstream's)`)
  )

/** What is known of a reason. */
export const reason = ({ error, tag, toDo, when }: Catalogue.Entry): ReadonlyArray<string> => [
  ...line("reason", `${error} ${tag}: ${when}`),
  ...line("to do", toDo)
]
