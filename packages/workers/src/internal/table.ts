/**
 * Calls in flight, by their id.
 *
 * A `Map` would do, were it not for V8: each time its table is full of deleted
 * entries it moves to a new one, to which the outgrown one keeps a link. Once one of
 * them has come to the old generation, every later one is held by the chain, with all
 * that was in it: most calls that ever ran stay in memory until the next full
 * collection, and each small one copies them. Here nothing moves, and what left is gone.
 */

/** Whatever has an id: numbers that grow, so that they spread evenly. */
export interface Identified {
  readonly id: number
}

const buckets = 256

/** See above. */
export class Table<A extends Identified> implements Iterable<A> {
  readonly #buckets: ReadonlyArray<Array<A>> = Array.from({ length: buckets }, () => [])
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): A | undefined {
    const bucket = this.#of(id)
    for (let at = 0; at < bucket.length; at++) if (bucket[at]!.id === id) return bucket[at]
    return undefined
  }

  /** Adds what is not there yet. */
  add(one: A): void {
    this.#of(one.id).push(one)
    this.#size++
  }

  /** Whether it was there. */
  delete(id: number): boolean {
    const bucket = this.#of(id)
    for (let at = 0; at < bucket.length; at++) {
      if (bucket[at]!.id !== id) continue
      const last = bucket.pop()!
      if (at < bucket.length) bucket[at] = last
      this.#size--
      return true
    }
    return false
  }

  clear(): void {
    for (const bucket of this.#buckets) bucket.length = 0
    this.#size = 0
  }

  /** In no order. */
  *[Symbol.iterator](): Iterator<A> {
    for (const bucket of this.#buckets) yield* bucket
  }

  /** By id; a copy. */
  inOrder(): ReadonlyArray<A> {
    return this.#buckets.flat().toSorted((a, b) => a.id - b.id)
  }

  #of(id: number): Array<A> {
    return this.#buckets[id % buckets]!
  }
}
