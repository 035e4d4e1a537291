/**
 * The forms in which a known secret can stand in a text, and the pattern that finds
 * them: one place for the secrets of the whole program and for those of one codec.
 */

/** Shorter ones are masked only where they stand as a word: `EMPTY` or `none` as a key must not tear texts apart. */
const shortest = 8

/** A pattern that finds any of the forms, or `undefined` where there are none. */
export const anyOf = (forms: ReadonlyArray<string>): RegExp | undefined => {
  if (forms.length === 0) return undefined
  // The longest first, so that a secret that begins another one does not leave the other's rest behind.
  const sources = [...new Set(forms)].toSorted((a, b) => b.length - a.length).map(sourceOf)
  return new RegExp(sources.join("|"), "g")
}

const escape = (literal: string): string => literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)

const sourceOf = (form: string): string =>
  form.length >= shortest ? escape(form) : `(?<![A-Za-z0-9_])${escape(form)}(?![A-Za-z0-9_])`

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** As other languages write JSON: Python's with letters of ASCII only, PHP's with slashes escaped as well. */
const inAscii = (json: string): string =>
  json.replaceAll(/[\u0080-\uFFFF]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

const withSlashes = (json: string): string => json.replaceAll("/", String.raw`\/`)

/** Within JSON, and within JSON that stands in JSON as a text, as a body does in an error. */
export const plainForms = (secret: string): ReadonlyArray<string> => {
  const json = inJson(secret)
  const forms = new Set([json, inAscii(json), withSlashes(json), withSlashes(inAscii(json))])
  return [secret, ...forms, ...Array.from(forms, inJson)]
}

export const percentEncoded = (secret: string): ReadonlyArray<string> => {
  const encoded = encodeURIComponent(secret.toWellFormed())
  return [
    encoded,
    encoded.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    encoded.replaceAll("%20", "+"),
    // A whole address leaves the characters that have a meaning in it.
    encodeURI(secret.toWellFormed()),
    // Forms encode these too, which `encodeURIComponent` leaves.
    new URLSearchParams({ "": secret }).toString().slice(1)
  ].filter((form) => form !== secret)
}

/**
 * What a secret looks like within base64, as in `Basic` credentials: at each of
 * the three places where it can begin within a group of four characters, without
 * the characters that depend on its neighbours.
 */
export const base64 = (secret: string): ReadonlyArray<string> => {
  if (secret.length < shortest) return []
  const bytes = Array.from(new TextEncoder().encode(secret), (byte) => String.fromCharCode(byte)).join("")
  const length = bytes.length
  return [0, 1, 2].flatMap((before) => {
    const text = btoa("\0".repeat(before) + bytes)
    const own = text.slice([0, 2, 3][before], Math.floor(((before + length) * 8) / 6))
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")]
  })
}
