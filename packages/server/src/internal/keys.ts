/**
 * Finds out whose key a request shows. Every known key is compared, in constant time,
 * so that how long it takes says nothing about any of them.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import * as Redacted from "effect/Redacted"

/** What tells keys apart: of one length, as a comparison in constant time needs. */
type Digest = Buffer

/** What a key is compared by. */
export type Known = { readonly key: Redacted.Redacted<string> } | { readonly hash: string }

/** UTF-16 keeps every string apart from every other. */
const ofText = (key: string): Digest => createHash("sha256").update(key, "utf16le").digest()

/** As other programs make it: of the bytes that are sent. */
const ofBytes = (key: string): Digest => createHash("sha256").update(key, "utf8").digest()

const hashPattern = /^sha256:([\da-f]{64})$/i

const digestOf = (known: Known): Digest => {
  if ("key" in known) return ofText(Redacted.value(known.key))
  const [, hex] = hashPattern.exec(known.hash) ?? []
  if (hex === undefined) throw new TypeError(`a key's hash has to be sha256: and 64 hexadecimal digits`)
  return Buffer.from(hex, "hex")
}

/** The owner of a key. Of two with the same one it is the last. Takes the same time for each key, right or wrong. */
export const finder = <A>(
  owners: ReadonlyArray<readonly [Known, A]>
): ((key: Redacted.Redacted<string>) => A | undefined) => {
  const known = owners.map(([known, owner]) => ({ isHash: "hash" in known, digest: digestOf(known), owner }))
  const hasHash = known.some(({ isHash }) => isHash)
  return (key) => {
    const text = Redacted.value(key)
    const shown = ofText(text)
    const hashed = hasHash ? ofBytes(text) : shown
    return known.reduce<A | undefined>(
      (found, { digest, isHash, owner }) => (timingSafeEqual(digest, isHash ? hashed : shown) ? owner : found),
      undefined
    )
  }
}
