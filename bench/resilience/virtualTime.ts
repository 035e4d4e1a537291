/**
 * A program whose time passes at once: timers fire in their order as soon as nothing
 * else is left to do, and the clocks say what they would. It holds for everything in
 * the process that asks `setTimeout`, `setInterval`, `Date.now` or `performance.now`,
 * and for no sockets; chance comes from a seed. So the figures depend on no other load of the machine.
 */
import { setImmediate as turn } from "node:timers/promises"
import { chances } from "./chances.ts"

interface Entry {
  readonly at: number
  readonly order: number
  readonly every: number | undefined
  readonly run: () => void
}

/** What other programs do with a timer. */
class Timer {
  readonly #stop: () => void
  constructor(stop: () => void) {
    this.#stop = stop
  }
  unref(): this {
    return this
  }
  ref(): this {
    return this
  }
  hasRef(): boolean {
    return true
  }
  close(): void {
    this.#stop()
  }
}

/** Turns of the event loop after which nothing that has begun is still on its way to its next timer. */
const turns = 12

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** Runs a program in a time of its own, which begins at a moment on the epoch. */
export const inVirtualTime = async <A>(epochMs: number, seed: number, program: () => Promise<A>): Promise<A> => {
  const entries = new Map<unknown, Entry>()
  let now = epochMs
  let order = 0
  const add = (run: () => void, ms: unknown, every: boolean): Timer => {
    const wait = Math.max(1, Number(ms) || 0)
    const timer = new Timer(() => entries.delete(timer))
    entries.set(timer, { at: now + wait, order: order++, every: every ? wait : undefined, run })
    return timer
  }
  const clear = (timer: unknown): void => void entries.delete(timer)
  type Callback = (...args: ReadonlyArray<unknown>) => void
  const fakes = {
    setTimeout: (run: Callback, ms?: unknown, ...args: ReadonlyArray<unknown>) => add(() => run(...args), ms, false),
    setInterval: (run: Callback, ms?: unknown, ...args: ReadonlyArray<unknown>) => add(() => run(...args), ms, true),
    clearTimeout: clear,
    clearInterval: clear
  }
  const { clearInterval, clearTimeout, setInterval, setTimeout } = globalThis
  const dateNow = Date.now
  const performanceNow = performance.now
  const mathRandom = Math.random
  Object.assign(globalThis, fakes)
  Date.now = () => now
  Math.random = chances(seed)
  performance.now = () => now - epochMs
  try {
    let isOver = false
    const result = program().finally(() => (isOver = true))
    // Whoever waits for the result hears of its failure.
    result.catch(() => undefined)
    for (;;) {
      for (let index = 0; index < turns; index++) await turn()
      if (isOver) return await result
      let first: readonly [unknown, Entry] | undefined
      for (const each of entries) if (first === undefined || isBefore(each[1], first[1])) first = each
      if (first === undefined) throw new Error("the program waits for something that is no timer")
      const [timer, { at, every, order: place, run }] = first
      now = Math.max(now, at)
      if (every === undefined) entries.delete(timer)
      else entries.set(timer, { at: now + every, every, order: place, run })
      run()
    }
  } finally {
    Object.assign(globalThis, { clearInterval, clearTimeout, setInterval, setTimeout })
    Date.now = dateNow
    Math.random = mathRandom
    performance.now = performanceNow
  }
}
