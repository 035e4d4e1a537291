/**
 * Things made when they are first asked for. Those not used for longest are forgotten
 * where there are too many: parts are kept for each model, and models are named by
 * callers.
 */
export class Remembered<A> {
  readonly #values = new Map<string, A>()
  readonly #most: number

  constructor(most = 1000) {
    this.#most = most
  }

  get(key: string, make: () => A): A {
    const found = this.#values.get(key)
    if (found !== undefined) {
      // Order matters only where something will have to go.
      if (this.#values.size > this.#most / 2) {
        this.#values.delete(key)
        this.#values.set(key, found)
      }
      return found
    }
    const made = make()
    this.#values.set(key, made)
    if (this.#values.size > this.#most) {
      for (const oldest of this.#values.keys()) {
        this.#values.delete(oldest)
        break
      }
    }
    return made
  }

  values(): Iterable<A> {
    return this.#values.values()
  }
}
