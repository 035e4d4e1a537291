/** Secrets that the program itself knows: the one redaction that does not depend on how a secret looks. */
import { base64able, is } from "./characters.ts"
import { anyOf, base64, percentEncoded, plainForms } from "./forms.ts"
import type { Spans } from "./spans.ts"

/** One pattern for all known secrets, by kind of form. */
interface Patterns {
  /** As they are, and as they are within JSON. */
  readonly plain: RegExp
  /** Percent-encoded, where that differs. */
  readonly percent: RegExp | undefined
  readonly base64: RegExp | undefined
  /** The length of the shortest form in base64. */
  readonly base64Length: number
}

const counts = new Map<string, number>()
let patterns: Patterns | undefined

/** While it is added, a secret is masked. As many {@link remove}s as adds end that. */
export const add = (secret: string): void => {
  if (secret === "") return
  counts.set(secret, (counts.get(secret) ?? 0) + 1)
  patterns = compile()
}

/** Takes back one {@link add}. */
export const remove = (secret: string): void => {
  const count = counts.get(secret)
  if (count === undefined) return
  if (count > 1) counts.set(secret, count - 1)
  else counts.delete(secret)
  patterns = compile()
}

let changes = 0

/** Another number with every change of what is known. */
export const version = (): number => changes

/** Whether nothing is known. */
export const isEmpty = (): boolean => patterns === undefined

/** Finds every known secret as it is. */
export const find = (text: string, spans: Spans): void => {
  if (patterns !== undefined) allOf(patterns.plain, text, spans)
}

/** Finds every known secret that is encoded. */
export const findEncoded = (text: string, spans: Spans): void => {
  if (patterns === undefined) return
  const { base64, base64Length, percent } = patterns
  if (percent !== undefined && (text.includes("%") || text.includes("+"))) allOf(percent, text, spans)
  if (base64 !== undefined && hasRun(text, base64Length)) allOf(base64, text, spans)
}

const allOf = (pattern: RegExp, text: string, spans: Spans): void => {
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    spans.push(match.index, pattern.lastIndex)
  }
}

/** Whether so many characters of base64 stand in a row: each such row covers a place that is looked at. */
const hasRun = (text: string, length: number): boolean => {
  for (let at = length - 1; at < text.length; at += length) {
    if (!is(text, at, base64able)) continue
    let start = at
    while (is(text, start - 1, base64able)) start--
    let end = at + 1
    while (end - start < length && is(text, end, base64able)) end++
    if (end - start >= length) return true
  }
  return false
}

const compile = (): Patterns | undefined => {
  changes++
  const secrets = [...counts.keys()]
  const plain = anyOf(secrets.flatMap(plainForms))
  if (plain === undefined) return undefined
  const encoded = secrets.flatMap(base64)
  return {
    plain,
    percent: anyOf(secrets.flatMap(percentEncoded)),
    base64: anyOf(encoded),
    base64Length: Math.min(...encoded.map(({ length }) => length))
  }
}
