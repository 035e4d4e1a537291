/** An answer as the rules look at it. */
import * as Redaction from "../../Redaction.ts"
import type { SeenIn } from "../../reason/Common.ts"
import { type Body, read } from "./body.ts"

/** What was seen of an answer. */
export interface Answer {
  readonly status: number
  /** Names in any case. */
  readonly headers: Iterable<readonly [string, string]>
  /** The body as text, or the data of a stream's event; the beginning of a long one will do. */
  readonly body: string
  readonly seenIn: SeenIn
  /** The time of arrival, in milliseconds on the epoch, for hints that are dates where the answer has no date of its own. */
  readonly now?: number | undefined
}

/** A failure as rules see it: an answer, or what was thrown. Unredacted. */
export interface Seen extends Body {
  /** The status; of an error inside a success the one that it states as its code, or `undefined`. */
  readonly status: number | undefined
  /** Whether the answer's own status claims that nothing failed. */
  readonly success: boolean
  readonly seenIn: SeenIn
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** The time of arrival, in milliseconds on the epoch. */
  readonly now: number | undefined
  /** An answer's whole JSON, where it was read; of an error that a client made of an answer, what it holds of the body. */
  readonly json?: unknown
  /** What was thrown, where no answer but an error came. It may be anything: read it with care. */
  readonly thrown?: unknown
}

/** Headers by name in lower case; of several the first. */
export const headersOf = (pairs: Iterable<readonly [string, string]>): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>()
  for (const [name, value] of pairs) {
    const key = name.toLowerCase()
    if (!headers.has(key)) headers.set(key, value)
  }
  return headers
}

/** Reads an answer. */
export const look = (answer: Answer): Seen => {
  const success = answer.status < 400
  const body = read(answer.body, success)
  return {
    ...body,
    status: success ? innerStatus(body) : Number.isFinite(answer.status) ? answer.status : 500,
    success,
    seenIn: answer.seenIn,
    headers: headersOf(answer.headers),
    now: answer.now
  }
}

/** The status that an error states of itself: in OpenRouter's, vLLM's and Google's it is the code. */
const innerStatus = ({ code, error }: Body): number | undefined => {
  const stated = [error["status_code"], error["status"], error["raw_status_code"], code]
  // An object may state how it becomes a number, and then that is no function.
  const numbers = stated.map((each) => (typeof each === "string" ? Number(each) : each))
  return numbers
    .filter((each) => typeof each === "number")
    .find((each) => Number.isInteger(each) && each >= 400 && each < 600)
}

/** More of a text is not looked at. */
const longest = 65_536

/** A text for people, redacted and short. Cut at the end, for half a key is not known as one. */
export const clean = (text: string, most = 500): string => {
  const redacted = Redaction.text(text.slice(0, longest))
  return redacted.length > most ? `${redacted.slice(0, most - 1)}…` : redacted
}
