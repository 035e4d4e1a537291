/**
 * Looks for a secret in bytes: in clear, percent-encoded and in base64, whatever
 * its position in the encoded text.
 *
 * **Example** (A header that gives a secret away)
 *
 * ```ts
 * import * as Secrets from "@causeway/testing/Secrets"
 *
 * const header = `Basic ${Buffer.from("user:hunter2hunter2").toString("base64")}`
 *
 * Secrets.find(Buffer.from(header), "hunter2hunter2") // => "in base64"
 * Secrets.find(Buffer.from(header), "hunter3hunter3") // => undefined
 * ```
 */

/** Every way of writing a secret that is looked for. */
const forms = (secret: string): ReadonlyMap<string, string> => {
  const plain = Buffer.from(secret)
  // Base64 goes by three bytes: what stands before shifts it, what stands after changes its last letters.
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), plain]).toString("base64")
    return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + plain.length) * 8) / 6))
  })
  return new Map([
    [secret, "in clear"],
    [encodeURIComponent(secret.toWellFormed()), "percent-encoded"],
    ...base64.map((text) => [text.replaceAll("+", "-").replaceAll("/", "_"), "in base64url"] as const),
    // Last, since most texts look the same in both.
    ...base64.map((text) => [text, "in base64"] as const)
  ])
}

/** How a secret stands in some bytes, or `undefined` if it is not there. */
export const find = (bytes: Uint8Array, secret: string): string | undefined => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const [form, how] of forms(secret)) {
    // A structured clone writes text in one byte a letter, or in two.
    if (buffer.includes(form) || buffer.includes(Buffer.from(form, "utf16le"))) return how
  }
  return undefined
}
