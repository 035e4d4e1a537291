/** Credentials that stand behind their name: `api_key=…`, `"apiKey": "…"`, `Authorization: Bearer …`, `--token …`. */
import { alphanumeric, digit, endOfValue, is, nameable } from "./characters.ts"
import { mayEndName, type Weight, weightOf } from "./names.ts"
import type { Spans } from "./spans.ts"

/** How far back a name is looked for. */
const longestName = 64

/** How much of a value is looked at to tell whether it is a secret. */
const glance = 256

const backslash = 0x5c
const newline = 0x0a

const isQuote = (code: number): boolean => code === 0x22 || code === 0x27 || code === 0x60

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** Behind `=`, which nothing but a value follows. */
export const equations = (text: string, spans: Spans): void => {
  let at = text.indexOf("=")
  while (at !== -1) {
    const next = text.charCodeAt(at + 1)
    const isComparison = next === 0x3d || next === 0x3e || "=!<>".includes(text[at - 1] ?? " ")
    at = text.indexOf("=", isComparison ? at + 1 : assigned(text, at, at + 1, true, spans))
  }
}

/** Behind `:`. */
export const declarations = (text: string, spans: Spans): void => {
  let at = text.indexOf(":")
  while (at !== -1) at = text.indexOf(":", assigned(text, at, at + 1, false, spans))
}

/** Behind a name in a list of names and values, as Node keeps raw headers: `"x-api-key", "…"`. */
export const listings = (text: string, spans: Spans): void => {
  for (const end of ['",', "',"]) {
    for (let at = text.indexOf(end); at !== -1; at = text.indexOf(end, at + 2)) {
      const name = nameBefore(text, at + 1)
      if (name === "" || weightOf(name) !== 2) continue
      const quote = afterBlanks(text, at + 2)
      if (text[quote] !== end[0]) continue
      const close = closing(text, quote + 1, end[0]!, 0)
      // A list of names has names only, and in an object a name comes next.
      if (text[close + 1] === ":" || !isPlausible(text.slice(quote + 1, Math.min(close, quote + glance)))) continue
      spans.push(quote + 1, close)
      at = close - 1
    }
  }
}

/** Behind `%3D` and `%3A`, which are `=` and `:` in an address within an address. */
export const encoded = (text: string, spans: Spans): void => {
  let at = text.indexOf("%3")
  while (at !== -1) {
    const sign = text[at + 2] ?? " "
    at = text.indexOf("%3", "DdAa".includes(sign) ? assigned(text, at, at + 3, "Dd".includes(sign), spans) : at + 2)
  }
}

const flag = /(?<![\w-])--([a-z][a-z-]{1,40}) ([^\s-]\S*)/gi

/** Behind a flag of a command line: `--api-key …`. */
export const flags = (text: string, spans: Spans): void => {
  if (!text.includes("--")) return
  for (const match of text.matchAll(flag)) {
    const end = match.index + match[0].length
    if (weightOf(match[1]!) === 2) spans.push(end - match[2]!.length, end)
  }
}

/** Looks at what stands on both sides of a sign; returns where to look on. */
const assigned = (text: string, sign: number, after: number, isEquation: boolean, spans: Spans): number => {
  const name = nameBefore(text, sign)
  const weight = name === "" ? 0 : weightOf(name)
  if (weight === 0) return after
  const start = afterBlanks(text, after)
  const quote = start + backslashes(text, start)
  const end = isQuote(text.charCodeAt(quote))
    ? quoted(text, quote, quote - start, weight, spans)
    : text[start] === "["
      ? listed(text, start, weight, spans)
      : bare(text, name, weight, start, isEquation && start === after && !isBlank(text.charCodeAt(sign - 1)), spans)
  return Math.max(end, after)
}

const afterBlanks = (text: string, from: number): number => {
  let at = from
  while (at - from < 8 && isBlank(text.charCodeAt(at))) at++
  return at
}

const backslashes = (text: string, from: number): number => {
  let count = 0
  while (count < 4 && text.charCodeAt(from + count) === backslash) count++
  return count
}

/** The name before a sign: of `key : value`, `"key": value`, `\"key\": value`, `headers['key'] = value`. */
const nameBefore = (text: string, sign: number): string => {
  let end = sign
  while (sign - end < 4 && isBlank(text.charCodeAt(end - 1))) end--
  if (text[end - 1] === "]") end--
  if (isQuote(text.charCodeAt(end - 1))) end--
  while (sign - end < 8 && text.charCodeAt(end - 1) === backslash) end--
  if (!mayEndName(text, end)) return ""
  const start = startOfName(text, end)
  if (end - start !== 3 || !isBlank(text.charCodeAt(start - 1))) return text.slice(start, end)
  // Which key it is, is said by the word before: `API key`, `primary key`.
  return text.slice(startOfName(text, start - 1), start - 1) + text.slice(start, end)
}

const startOfName = (text: string, end: number): number => {
  let start = end
  while (end - start < longestName && is(text, start - 1, nameable)) start--
  return start
}

/** A value in quotes: a secret whatever it looks like, if the name says so. */
const quoted = (text: string, quote: number, slashes: number, weight: Weight, spans: Spans): number => {
  const begin = quote + 1
  if (weight === 1 && !isOpaque(text, begin)) return begin
  const end = closing(text, begin, text[quote]!, slashes)
  if (end > begin) spans.push(begin, end)
  return end
}

/** Where a quoted value ends: at its quote, or at the end of its line where the text was cut. */
const closing = (text: string, begin: number, quote: string, slashes: number): number => {
  for (let at = text.indexOf(quote, begin); at !== -1; at = text.indexOf(quote, at + 1)) {
    let before = at
    while (before > begin && text.charCodeAt(before - 1) === backslash) before--
    // As many backslashes as before the opening quote close it; without any, every pair of them is one of the value's own.
    if (at - before === slashes) return before
    if (slashes === 0 && (at - before) % 2 === 0) return at
  }
  return endOfLine(text, begin)
}

/** A list of values in brackets. */
const listed = (text: string, start: number, weight: Weight, spans: Spans): number => {
  const end = weight === 2 ? text.slice(start, start + glance * 4).indexOf("]") : -1
  if (end < 2) return start
  spans.push(start + 1, start + end)
  return start + end
}

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf("\n", from)
  return end === -1 ? text.length : end
}

const nothing = new Set(["null", "undefined", "true", "false", "none", "nil", "None", "True", "False"])

/**
 * A value without quotes. `tight`: the sign is `=` with no blanks around it, as in
 * a query, an environment or a connection string; elsewhere prose may follow a
 * name, and what follows has to look like a secret: `token: unexpected end` stays.
 */
const bare = (text: string, name: string, weight: Weight, start: number, tight: boolean, spans: Spans): number => {
  const lower = name.toLowerCase()
  const end = lower.endsWith("authorization")
    ? endOfCredentials(text, start)
    : lower.endsWith("cookie")
      ? endOfCookies(text, start)
      : weight === 1
        ? isOpaque(text, start)
          ? endOfBare(text, start)
          : start
        : endOfSecret(text, start, tight)
  if (end > start) spans.push(start, end)
  return end
}

const endOfBare = (text: string, start: number): number => {
  let end = start
  while (end < text.length && !is(text, end, endOfValue)) end++
  return end
}

const endOfSecret = (text: string, start: number, tight: boolean): number => {
  const end = endOfBare(text, start)
  const found = end - start > glance ? undefined : text.slice(start, end)
  return found === undefined || (!nothing.has(found) && (tight || isPlausible(found))) ? end : start
}

/** Looks like a password or a key rather than a word. */
const isPlausible = (found: string): boolean =>
  found.length >= 24 || (found.length >= 6 && (/\d/.test(found) || /[a-z][A-Z]/.test(found)))

const simpleScheme = /^(?:bearer|basic|token|apikey|api-key|key|negotiate|ntlm)(?: +|%20|\+)(?=[^\s"'`,;])/i
const longScheme = /^(?:digest|hawk|aws4-hmac-sha256|sharedkey|oauth|mac) /i

/** What an `authorization` header holds: a scheme and one word, a scheme and a list, or a key alone. */
const endOfCredentials = (text: string, start: number): number => {
  const begin = text.slice(start, start + 32)
  const scheme = simpleScheme.exec(begin)
  if (scheme !== null) return endOfBare(text, start + scheme[0].length)
  return longScheme.test(begin) ? endOfLine(text, start) : endOfSecret(text, start, false)
}

/** Cookies have names: a line without `=` holds none. They end with the line or at a quote. */
const endOfCookies = (text: string, start: number): number => {
  if (!/^[^\s"'`=]{1,200}=/.test(text.slice(start, start + glance))) return start
  let end = start
  while (end < text.length && text.charCodeAt(end) !== newline && !isQuote(text.charCodeAt(end))) end++
  return end
}

/** Looks like nothing but a key: sixteen letters and digits in a row. UUIDs and words joined by dashes do not. */
const isOpaque = (text: string, start: number): boolean => {
  let run = 0
  let digits = 0
  for (let at = start; at < text.length && at - start < glance && !is(text, at, endOfValue); at++) {
    // The next name's sign: what follows is looked at there.
    if (text.charCodeAt(at) === 0x3a || text.charCodeAt(at) === 0x3d) return false
    if (is(text, at, alphanumeric)) {
      run++
      if (is(text, at, digit)) digits++
      if (run >= 16 && digits > 0 && digits < run) return true
    } else if (text[at] !== "%" && text[at] !== "+") {
      run = 0
      digits = 0
    }
  }
  return false
}
