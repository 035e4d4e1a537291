/**
 * The walk through two values side by side. A list of what is left to compare takes
 * the place of recursion, so that no depth is too much.
 */
import { brandOf, isUncarriable } from "./brand.ts"
import type { Brand } from "./brand.ts"
import { contents } from "./contents.ts"
import {
  counterpart,
  descriptorOf,
  hiddenKeys,
  isEnumerable,
  isFrame,
  isObject,
  isShared,
  keysOf,
  nameOf,
  reachOf,
  read,
  said,
  stepOf,
  threw
} from "./objects.ts"
import { isPlaceholder, show } from "./show.ts"

/** The first place in which two values differ. */
export interface Difference {
  /** Where, such as `value.cause.errors[2]`. */
  readonly path: string
  /** What of it: a value, its kind, prototype, keys, enumerability, identity … */
  readonly aspect: string
  readonly expected: string
  readonly actual: string
}

/** Options of {@link find}. */
export interface Options {
  /**
   * Whether `actual` is what a codec made of `expected`. Then an accessor may have
   * become the value that it gave, a local symbol another one of the same
   * description, an object of another realm its counterpart in this one, and what
   * cannot be carried a placeholder such as `[function onRetry]`. Default: false.
   */
  readonly carried?: boolean | undefined
  /** Whether stacks count. Default: true. */
  readonly stack?: boolean | undefined
  /** Whether the annotations of a `Cause`'s reasons, and the ids of fibers, count. Default: true. */
  readonly annotations?: boolean | undefined
  /** Paths that do not count, such as `value.evidence.timing`. */
  readonly ignore?: ((path: string) => boolean) | undefined
}

/** A place in a value; a list rather than a string, since most are never shown. */
interface Place {
  readonly parent: Place | undefined
  readonly step: string
}

interface Pair {
  readonly expected: unknown
  readonly actual: unknown
  readonly place: Place
}

const render = (place: Place): string => {
  const steps: Array<string> = []
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) steps.push(at.step)
  if (steps.length > 40) steps.splice(20, steps.length - 40, `…${steps.length - 40} steps…`)
  return steps.toReversed().join("")
}

export class Search {
  readonly options: Options
  readonly pending: Array<Pair> = []
  /** Which object of `actual` stands for which of `expected`, and back: it must be the same one everywhere. */
  readonly forward = new Map<unknown, unknown>()
  readonly backward = new Map<unknown, unknown>()
  found: Difference | undefined

  constructor(options: Options) {
    this.options = options
  }

  run(expected: unknown, actual: unknown): Difference | undefined {
    this.pending.push({ expected, actual, place: { parent: undefined, step: "value" } })
    for (let pair = this.pending.pop(); pair !== undefined; pair = this.pending.pop()) {
      if (this.options.ignore?.(render(pair.place)) === true) continue
      this.compare(pair)
      if (this.found !== undefined) return this.found
    }
    return undefined
  }

  report(place: Place, aspect: string, expected: unknown, actual: unknown): void {
    this.found ??= {
      path: render(place),
      aspect,
      expected: typeof expected === "string" && aspect !== "value" ? expected : show(expected),
      actual: typeof actual === "string" && aspect !== "value" ? actual : show(actual)
    }
  }

  compare({ actual, expected, place }: Pair): void {
    if (typeof expected === "symbol" && typeof actual === "symbol") return this.symbol(expected, actual, place)
    if (this.options.carried === true && isUncarriable(expected)) {
      if (isFrame(expected, place.step) && typeof actual === "function") {
        if (this.options.stack === false) return
        return void this.pending.push({ expected: said(expected), actual: said(actual), place })
      }
      if (isPlaceholder(actual) || expected === actual) return
      return this.report(place, "value", expected, actual)
    }
    if (!isObject(expected) || !isObject(actual)) {
      if (!Object.is(expected, actual)) this.report(place, "value", expected, actual)
      return
    }
    const before = this.forward.get(expected)
    if (before !== undefined) {
      if (before !== actual) this.report(place, "identity", "the object met before", "another object")
      return
    }
    if (this.backward.has(actual)) {
      return this.report(place, "identity", "an object of its own", "an object met before")
    }
    this.forward.set(expected, actual)
    this.backward.set(actual, expected)
    if (expected === actual) return
    if (typeof expected === "function" || typeof actual === "function") {
      return this.report(place, "value", expected, actual)
    }
    this.objects(expected, actual, place)
  }

  symbol(expected: symbol, actual: symbol, place: Place): void {
    const fits = this.options.carried === true ? this.pair(expected, actual) : expected === actual
    if (!fits) this.report(place, "value", expected, actual)
  }

  /** Whether a symbol can stand for another after a crossing: a local one by its description, everywhere the same. */
  pair(expected: symbol, actual: symbol): boolean {
    if (isShared(expected) || isShared(actual)) return expected === actual
    if (this.forward.has(expected) || this.backward.has(actual)) {
      return this.forward.get(expected) === actual && this.backward.get(actual) === expected
    }
    if (expected.description !== actual.description) return false
    this.forward.set(expected, actual)
    this.backward.set(actual, expected)
    return true
  }

  objects(expected: object, actual: object, place: Place): void {
    const kind = brandOf(expected)
    const other = brandOf(actual)
    if (kind !== other) return this.report(place, "kind", kind, other)
    // What a proxy is made of is not to be seen.
    if (kind === "Proxy") return this.report(place, "value", expected, actual)
    const prototype: object | null = Object.getPrototypeOf(expected)
    const wanted = this.options.carried === true ? counterpart(prototype) : prototype
    if (wanted !== Object.getPrototypeOf(actual)) {
      return this.report(place, "prototype", nameOf(wanted), nameOf(Object.getPrototypeOf(actual)))
    }
    const inside = contents(kind, expected, actual, this.options)
    if (inside !== undefined) {
      for (const { aspect, expected: one, actual: two } of inside.facts) {
        if (!Object.is(one, two)) return this.report(place, aspect, one, two)
      }
      // The last one pushed is looked at first.
      for (const { actual, expected, step } of inside.parts.toReversed())
        this.pending.push({ expected, actual, place: { parent: place, step } })
      if (inside.whole) return
    }
    const reach = reachOf(expected)
    if (reach !== reachOf(actual)) return this.report(place, "state", reach, reachOf(actual))
    this.properties(kind, expected, actual, place)
  }

  properties(kind: Brand, expected: object, actual: object, place: Place): void {
    const hidden = hiddenKeys(kind, this.options.stack !== false)
    const counts = (key: PropertyKey) =>
      !hidden.has(key) && this.options.ignore?.(render({ parent: place, step: stepOf(key) })) !== true
    const keys = keysOf(kind, expected).filter(counts)
    const others = keysOf(kind, actual).filter(counts)
    const pairs = this.match(expected, keys, actual, others, place)
    if (pairs === undefined) return
    const next: Array<Pair> = []
    for (const [key, other] of pairs) {
      const one = descriptorOf(expected, key)
      const two = descriptorOf(actual, other)
      const at: Place = { parent: place, step: stepOf(key) }
      if (one === undefined || two === undefined) continue
      const isStack = (kind === "Error" || kind === "DOMException") && key === "stack"
      if (one.enumerable !== two.enumerable) {
        return this.report(
          at,
          "property",
          one.enumerable ? "enumerable" : "hidden",
          two.enumerable ? "enumerable" : "hidden"
        )
      }
      // Whether `stack` is a value or an accessor differs between versions of the engine, not between values.
      if (isStack || this.options.carried === true) {
        const value = read(expected, one)
        const arrived = read(actual, two)
        if (value === threw) {
          if (arrived !== threw && !isPlaceholder(arrived)) this.report(at, "value", "[a getter that throws]", arrived)
        } else next.push({ expected: value, actual: arrived === threw ? "[a getter that throws]" : arrived, place: at })
      } else if (one.get !== undefined || one.set !== undefined || two.get !== undefined || two.set !== undefined) {
        if (one.get !== two.get || one.set !== two.set) {
          return this.report(at, "property", one.get ?? one.set ?? one.value, two.get ?? two.set ?? two.value)
        }
      } else next.push({ expected: one.value, actual: two.value, place: at })
    }
    for (const pair of next.toReversed()) this.pending.push(pair)
  }

  /** Pairs the keys of two objects, enumerable ones in their order; reports what is missing, added or moved. */
  match(
    expected: object,
    keys: ReadonlyArray<PropertyKey>,
    actual: object,
    others: ReadonlyArray<PropertyKey>,
    place: Place
  ): ReadonlyArray<readonly [PropertyKey, PropertyKey]> | undefined {
    const free = new Set(others)
    const pairs: Array<readonly [PropertyKey, PropertyKey]> = []
    for (const key of keys) {
      const other =
        typeof key === "symbol" && this.options.carried === true
          ? this.alike(key, free)
          : free.has(key)
            ? key
            : undefined
      if (other === undefined) {
        const step = { parent: place, step: stepOf(key) }
        this.report(step, "property", "present", "absent")
        return undefined
      }
      free.delete(other)
      pairs.push([key, other])
    }
    for (const key of free) {
      this.report({ parent: place, step: stepOf(key) }, "property", "absent", "present")
      return undefined
    }
    const order = pairs.filter(([key]) => isEnumerable(expected, key)).map(([, other]) => other)
    const seen = others.filter((key) => isEnumerable(actual, key))
    if (order.length === seen.length && order.some((key, index) => key !== seen[index])) {
      this.report(place, "order of keys", order.map(String).join(", "), seen.map(String).join(", "))
      return undefined
    }
    return pairs
  }

  alike(key: symbol, free: ReadonlySet<PropertyKey>): PropertyKey | undefined {
    return [...free].find((other) => typeof other === "symbol" && this.pair(key, other))
  }
}
