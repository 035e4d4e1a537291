/** The words of the wire form: the kinds and the keys that the corpus is written with. */
import * as Lossless from "@causeway/core/Lossless"
import { classes, corpus } from "./corpus/index.ts"

/** The words of one form. */
export interface Words {
  /** What stands under `$`. */
  readonly kinds: ReadonlyArray<string>
  /** Keys of the form's own, all of which begin with `$`. */
  readonly keys: ReadonlyArray<string>
}

const isNode = (u: unknown): u is object =>
  typeof u === "object" && u !== null && (Array.isArray(u) || Object.getPrototypeOf(u) === Object.prototype)

const known = new Map<Lossless.Form, Words>()

/** Every word, in alphabetical order. */
export const wordsOf = (form: Lossless.Form): Words => {
  const words = known.get(form) ?? find(form)
  known.set(form, words)
  return words
}

const find = (form: Lossless.Form): Words => {
  const kinds = new Set<string>()
  const keys = new Set<string>()
  // What is over limits has no words of its own, and is large.
  const { limits: _, ...parts } = corpus
  for (const one of Object.values(parts).flat()) {
    const pending: Array<unknown> = [Lossless.toWire(one.make(), { classes, ...one.options, form })]
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      for (const [key, held] of Object.entries(node as object)) {
        if (/^\$(?!\$)./.test(key)) keys.add(key)
        if (key === "$" && typeof held === "string") kinds.add(held)
        if (isNode(held)) pending.push(held)
      }
    }
  }
  return { kinds: [...kinds].toSorted(), keys: [...keys].toSorted() }
}
