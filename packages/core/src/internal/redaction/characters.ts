/** Kinds of characters, as bits in one table: a look-up is the cheapest test of a scan. */

const table = new Uint8Array(128)

const kind = (bit: number, characters: string): number => {
  for (const character of characters) table[character.charCodeAt(0)]! |= bit
  return bit
}

const digits = "0123456789"
const lower = "abcdefghijklmnopqrstuvwxyz"
const upper = lower.toUpperCase()

/** A letter or a digit. */
export const alphanumeric = kind(1, digits + lower + upper)
/** What a name is made of: `x-api-key`, `user.api_key`. */
export const nameable = kind(2, `${digits + lower + upper}_-.$`)
/** What the body of a key is made of; `*` since vendors mask with it what they echo. */
export const keyBody = kind(4, `${digits + lower + upper}_-*`)
/** What ends a value without quotes. */
export const endOfValue = kind(8, " \t\r\n\"'`,;&<>(){}[]|\\")
/** Digits. */
export const digit = kind(16, digits)

/** The alphabets of base64. */
export const base64able = kind(32, `${digits + lower + upper}+/-_`)

/** Whether the character at a place is of a kind. */
export const is = (text: string, at: number, bit: number): boolean => {
  const code = text.charCodeAt(at)
  // Beyond either end of the text the code is NaN, and neither comparison holds.
  return code < 128 && (table[code]! & bit) !== 0
}

/** Characters without which a text holds no secret of a known shape, as bits of another table. */
export const anchors = {
  dash: 1,
  underscore: 2,
  at: 4,
  equals: 8,
  colon: 16,
  percent: 32,
  token: 64,
  scheme: 128,
  quote: 256,
  newline: 512,
  dashes: 1024
} as const

const allAnchors = 2047

const anchorTable = new Uint16Array(128)
for (const [characters, bit] of [
  ["-", anchors.dash],
  ["_", anchors.underscore],
  ["@", anchors.at],
  ["=", anchors.equals],
  [":", anchors.colon],
  ["%", anchors.percent],
  // Of AIza and AKIA, of eyJ, of ya29.
  ["IJ9", anchors.token],
  ["Bb", anchors.scheme],
  ["\"'", anchors.quote],
  ["\n", anchors.newline]
] as const) {
  for (const character of characters) anchorTable[character.charCodeAt(0)]! |= bit
}

/** Up to this length, looking at each character costs less than searching for each anchor. */
const short = 64

/** The anchors in a text; of a long one all, for then each search looks for its own. */
export const anchorsIn = (text: string): number => {
  if (text.length > short) return allAnchors
  let found = 0
  // Other characters may pass as an anchor: that costs a search, and a test of each would cost more.
  for (let at = 0; at < text.length; at++) found |= anchorTable[text.charCodeAt(at) & 127]!
  return found & anchors.dash && text.includes("--") ? found | anchors.dashes : found
}
