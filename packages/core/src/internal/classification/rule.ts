/** What a row of the table is made of. */
import type { UpstreamReason } from "../../UpstreamReason.ts"
import type { Seen } from "./seen.ts"

/** Whether a rule holds for an answer. */
export type When = (seen: Seen) => boolean

/** A row of the table: the first whose `when` holds gives the reason. */
export interface Rule {
  /** Whose habit it is, and which: `OpenAI: quota`. Unique. */
  readonly name: string
  /** Where it is written down or was seen. */
  readonly source: string
  readonly when: When
  readonly reason: (seen: Seen) => UpstreamReason
}

/** One of these statuses; `undefined`: an error inside a success that states none. */
export const status =
  (...these: ReadonlyArray<number | undefined>): When =>
  (seen) =>
    these.includes(seen.status)

/** One of the stated codes, types and statuses is one of these, in any case. */
export const coded = (...these: ReadonlyArray<string>): When => {
  const known = new Set(these)
  return ({ codes }) => codes.some((code) => known.has(code))
}

/** A sentence, in lower case and without what it quotes, has this pattern. With the flag `m`, `^` is a sentence's beginning. */
export const says =
  (pattern: RegExp): When =>
  ({ text }) =>
    pattern.test(text)

/** A body that is not JSON has this pattern, in lower case. */
export const shows =
  (pattern: RegExp): When =>
  ({ page }) =>
    pattern.test(page)

/** A header is there, and has this pattern where one is given. */
export const header =
  (name: string, pattern = /(?:)/): When =>
  ({ headers }) => {
    const value = headers.get(name)
    return value !== undefined && pattern.test(value)
  }

/** The body is JSON that states an error. */
export const stated: When = (seen) => seen.stated

/** The body is no JSON that states an error: whoever wrote it does not speak the API's language. */
export const foreign: When = (seen) => !seen.stated

/** No word of an API's own: not its language, or no code in it but a number. What a gateway wrote, perhaps handed on. */
export const codeless: When = ({ codes }) => codes.every((code) => /^\d+$/.test(code))

export const all =
  (...these: ReadonlyArray<When>): When =>
  (seen) =>
    these.every((when) => when(seen))

export const any =
  (...these: ReadonlyArray<When>): When =>
  (seen) =>
    these.some((when) => when(seen))

export const not =
  (when: When): When =>
  (seen) =>
    !when(seen)
