/**
 * Secrets that were handed to one codec: found in any text, percent-encoded, in
 * JSON and in base64, whatever they look like.
 */
import * as Redacted from "effect/Redacted"

/** Shorter ones are masked only where they stand as a word. */
const shortest = 8

/** A pattern that finds the secrets, or `undefined` where there are none. A wiped secret is none. */
export const compile = (secrets: ReadonlyArray<Redacted.Redacted<string>>): RegExp | undefined => {
  const forms = new Set(secrets.flatMap(valueOf).flatMap(formsOf))
  if (forms.size === 0) return undefined
  // The longest first, so that a secret that begins another one does not leave the other's rest behind.
  return new RegExp(
    [...forms]
      .toSorted((a, b) => b.length - a.length)
      .map(sourceOf)
      .join("|"),
    "g"
  )
}

const valueOf = (secret: Redacted.Redacted<string>): ReadonlyArray<string> => {
  try {
    const value: unknown = Redacted.value(secret)
    return typeof value === "string" && value !== "" ? [value] : []
  } catch {
    return []
  }
}

const formsOf = (secret: string): ReadonlyArray<string> => {
  const percent = encodeURIComponent(secret.toWellFormed())
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    percent,
    percent.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    new URLSearchParams({ "": secret }).toString().slice(1),
    ...(secret.length < shortest ? [] : base64(new TextEncoder().encode(secret)))
  ]
}

/**
 * What a secret looks like within base64: at each of the three places where it can
 * begin within a group of four characters, without those that its neighbours decide.
 */
const base64 = (bytes: Uint8Array): ReadonlyArray<string> =>
  [0, 1, 2].flatMap((before) => {
    const text = btoa("\0".repeat(before) + Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    const own = text.slice([0, 2, 3][before], Math.floor(((before + bytes.length) * 8) / 6))
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")]
  })

const sourceOf = (form: string): string => {
  const literal = form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
  return form.length >= shortest ? literal : `(?<![A-Za-z0-9_])${literal}(?![A-Za-z0-9_])`
}
