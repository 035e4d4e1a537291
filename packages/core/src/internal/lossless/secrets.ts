/**
 * Secrets that were handed to one codec: found in any text, percent-encoded, in
 * JSON and in base64, whatever they look like.
 */
import * as Redacted from "effect/Redacted"
import { anyOf, base64, percentEncoded, plainForms } from "../redaction/forms.ts"

/** A pattern that finds the secrets, or `undefined` where there are none. A wiped secret is none. */
export const compile = (secrets: ReadonlyArray<Redacted.Redacted<string>>): RegExp | undefined =>
  anyOf(
    secrets.flatMap(valueOf).flatMap((secret) => [...plainForms(secret), ...percentEncoded(secret), ...base64(secret)])
  )

const valueOf = (secret: Redacted.Redacted<string>): ReadonlyArray<string> => {
  try {
    const value: unknown = Redacted.value(secret)
    return typeof value === "string" && value !== "" ? [value] : []
  } catch {
    return []
  }
}
