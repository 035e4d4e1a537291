import * as Redaction from "@causeway/core/Redaction"

/** What anybody may see of a value: for `JSON.stringify`. */
export const withoutSecrets = (name: string, value: unknown): unknown => {
  if (value === null || typeof value === "boolean") return value
  if (Redaction.isCredentialName(name)) return Redaction.mask
  return typeof value === "string" ? Redaction.text(value) : value
}
