/**
 * The length of what runs for a time, as `DURATION` says it.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** Of a text such as `30s`, `10m` or `2` (seconds), in milliseconds. */
export const millisOf = (text: string, otherwise: number): number => {
  const [, amount = "", unit = "s"] = /^\s*(\d+)\s*(ms|s|m|h)?\s*$/.exec(text) ?? []
  if (amount === "") return otherwise
  const names = { ms: "millis", s: "seconds", m: "minutes", h: "hours" } as const
  const name = unit === "ms" || unit === "m" || unit === "h" ? names[unit] : names.s
  return Option.match(Duration.fromInput(`${Number(amount)} ${name}`), {
    onNone: () => otherwise,
    onSome: Duration.toMillis
  })
}
