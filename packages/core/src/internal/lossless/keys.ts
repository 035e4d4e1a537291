/** What the names of properties say about their values. */
import * as Redaction from "../../Redaction.ts"
import * as Known from "../redaction/known.ts"
import { own } from "../redaction/names.ts"
import { escapeKey } from "./wire.ts"

/** What a property's name says about its value. */
export interface Key {
  /** Its name on the wire. */
  readonly wire: string
  /** Whether it holds a secret, so that it may no longer be the only one of this name. */
  readonly altered: boolean
  /** A credential: every text in the value is masked. A list of headers: those with a credential's name are. */
  readonly holds: "anything" | "credential" | "headers"
}

/** Whether a property of this name may hold a list of headers. */
export const areHeaders = (name: string): boolean => /(?:headers|trailers)$/i.test(name)

/** What the name says of a list that may be a header or an entry of its own: `["authorization", "Bearer …"]`. */
export const pairKey = (key: (name: string) => Key, list: ReadonlyArray<unknown>): Key | undefined => {
  if (list.length !== 2) return undefined
  try {
    const name = list[0]
    return typeof name === "string" ? key(name) : undefined
  } catch {
    // A name that cannot be read says nothing of what stands beside it.
    return undefined
  }
}

/** The name of an entry, as lists of headers, cookies and form fields have them: `{ name: "authorization", value: "Bearer …" }`. */
export const nameOfEntry = (target: object): string | undefined => {
  for (const key of entryKeys) {
    // Without running anything of the object's.
    const name: unknown = Object.getOwnPropertyDescriptor(target, key)?.value
    if (typeof name === "string" && name.length <= longestKey) return name
  }
  return undefined
}

/** In small letters, and as .NET and AWS write them. */
const entryKeys = ["name", "key", "Name", "Key"]

/** Whether a property of this name may be the value of an entry. */
export const isEntryValue = (name: string): boolean => name === "value" || name === "Value"

/** Whether objects with these keys may be such entries. */
export const areEntries = (keys: ReadonlyArray<string>): boolean =>
  keys.some(isEntryValue) && entryKeys.some((key) => keys.includes(key))

const mostKeys = 4_096
const longestKey = 256

/** Names come again and again: what is known of one is remembered, for as long as the known secrets stay the same. */
export const keysOf = (redact: (text: string) => string, shapes: boolean): ((name: string) => Key) => {
  const keys = new Map<string, Key>()
  let version = Known.version()
  const holdsOf = (name: string): Key["holds"] =>
    !shapes ? "anything" : Redaction.isCredentialName(name) ? "credential" : areHeaders(name) ? "headers" : "anything"
  const make = (name: string): Key => {
    const clean = redact(name)
    return { wire: escapeKey(clean), altered: clean !== name, holds: holdsOf(name) }
  }
  return (name) => {
    if (version !== Known.version()) {
      version = Known.version()
      keys.clear()
    }
    const found = keys.get(name)
    if (found !== undefined) return found
    if (name.length > longestKey) return make(name)
    if (keys.size >= mostKeys) keys.clear()
    const kept = own(name)
    const key = make(kept)
    keys.set(kept, key)
    return key
  }
}

/** For all who were handed no secrets. */
export const sharedKeys = keysOf(Redaction.text, true)

/** Where nothing is looked for. */
export const plainKeys = keysOf((name) => name, false)
