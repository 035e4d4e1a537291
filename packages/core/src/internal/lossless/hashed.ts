/**
 * Collections of Effect that find their keys by what those hold. Looking into keys
 * takes as many steps as there are paths in them, and a wire can have many more of
 * those than it has characters, and lists of many more holes: so the steps are counted
 * beforehand.
 */
import * as Hash from "effect/Hash"
import { saysItsLength } from "./bytes.ts"
import type { Decoder } from "./decoder.ts"
import type { Kind } from "./kinds.ts"
import { refuse } from "./refusal.ts"
import { isObject, type Node, read } from "./wire.ts"

/** So many steps may the keys of a wire take: about a twentieth of a second. */
export const mostComparisons = 300_000

/** What a step takes to compare two values without parts. */
const leaf = 0.25

/**
 * A collection: there before its parts, so that they can refer to it, and filled when
 * they are all there themselves, since what is added to a key later changes its hash.
 */
export const hashed = <K>(
  empty: object,
  elements: (decoder: Decoder, node: Node) => ReadonlyArray<K>,
  keyOf: (element: K) => unknown,
  fromIterable: (elements: ReadonlyArray<K>) => object
): Kind => ({
  make: () => Object.assign(Object.create(Object.getPrototypeOf(empty)), empty),
  fill: (decoder, value, wire) => {
    const { $state } = wire as Node
    const all = elements(decoder, wire as Node)
    if ($state !== undefined) decoder.state(value, $state)
    decoder.collect(() => {
      count(decoder, all, keyOf)
      // All that such a collection is, it holds in own properties.
      Object.assign(value, fromIterable(all))
    })
  }
})

const count = <K>(decoder: Decoder, elements: ReadonlyArray<K>, keyOf: (element: K) => unknown): void => {
  // Without labels nothing is shared; and nothing else takes more steps than it has characters.
  const isCounted = decoder.labels !== undefined || decoder.holes > mostComparisons || decoder.sawLength
  const met = new Map<number, number>()
  for (const element of elements) {
    const key = keyOf(element)
    if (isCounted) spend(decoder, stepsOf(key, decoder.comparisonsLeft))
    const hash = Hash.hash(key)
    const same = met.get(hash)
    if (same !== undefined) spend(decoder, same * (isObject(key) ? stepsOf(key, decoder.comparisonsLeft) : leaf))
    met.set(hash, (same ?? 0) + 1)
  }
}

const spend = (decoder: Decoder, steps: number): void => {
  decoder.comparisonsLeft -= steps
  if (decoder.comparisonsLeft < 0) refuse("shape", "has keys that take too long to compare")
}

/** How many steps it takes to look at all of a value, shared parts each time anew, and not much more than `most`. */
const stepsOf = (value: unknown, most: number): number => {
  const open = new Set<object>()
  let steps = 0
  const visit = (part: unknown): void => {
    steps++
    if (steps > most || !isObject(part) || open.has(part)) return
    if (ArrayBuffer.isView(part)) {
      // Effect believes what bytes say of their length: it may be without end.
      if (saysItsLength(part)) steps = Infinity
      return
    }
    open.add(part)
    if (Array.isArray(part)) {
      // A list may have more places than anybody has time for.
      for (const one of part) {
        if (steps > most) break
        visit(one)
      }
    } else {
      for (const key of Reflect.ownKeys(part)) visit(read(part, key))
      if (part instanceof Map || part instanceof Set) for (const one of part) visit(one)
    }
    open.delete(part)
  }
  visit(value)
  return steps
}
