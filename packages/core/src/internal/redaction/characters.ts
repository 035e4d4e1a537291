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
/** What may stand between a name and its sign: `"key" : value`, `\\"key\\": value`, `headers['key'] = value`. */
export const afterName = kind(64, " \t\"'`]\\")
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
