/** The codec where there is no Node, as in a browser: the whole corpus, and what is not the same there. */
import type * as Lossless_ from "@causeway/core/Lossless"
import * as Difference from "@causeway/testing/Difference"
import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import type { Case } from "./conformance/corpus/Case.ts"

/** What Node alone can tell from what it looks like, by the case: what arrives instead. */
const differs: Readonly<Record<string, RegExp>> = {
  // Of another realm `instanceof` knows nothing.
  "plain values of another realm": /value.map: kind should be Map, but is Object/,
  // It is transparent, and what is behind it arrives.
  "a proxy": /did not match the regular expression/,
  // There is none.
  "a Buffer": /prototype should be Buffer.prototype, but is Uint8Array.prototype/,
  "a pooled Buffer leaves its pool behind": /prototype should be Buffer.prototype, but is Uint8Array.prototype/
}

const { Buffer } = globalThis
let Lossless: typeof Lossless_
let corpus: Readonly<Record<string, ReadonlyArray<Case>>> = {}
let classes: ReadonlyArray<Lossless_.AnyClass> = []

beforeAll(async () => {
  vi.resetModules()
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined)
  Lossless = await import("@causeway/core/Lossless")
  ;({ classes, corpus } = await import("./conformance/corpus/index.ts"))
})

afterAll(() => {
  vi.restoreAllMocks()
})

const withoutBuffer = <A>(run: () => A): A => {
  Reflect.deleteProperty(globalThis, "Buffer")
  try {
    return run()
  } finally {
    Object.defineProperty(globalThis, "Buffer", { value: Buffer, configurable: true, writable: true })
  }
}

/** What is wrong with what arrives. */
const wrong = (one: Case, form: Lossless_.Form): string | undefined => {
  const options = { classes, ...one.options, form }
  const value = one.make()
  const arrived = withoutBuffer(() => {
    const wire = Lossless.toWire(value, options)
    return Lossless.fromWire(form === "json" ? JSON.parse(JSON.stringify(wire)) : structuredClone(wire), options)
  })
  const expected = one.arrives === undefined ? value : one.arrives(value)
  const difference = Difference.find(expected, arrived, { carried: true, ignore: one.ignore })
  if (difference !== undefined) return Difference.format(difference)
  try {
    one.holds?.(arrived)
    return undefined
  } catch (thrown) {
    return String(thrown)
  }
}

describe("without Node", () => {
  it.each(["json", "clone"] as const)("every value of the corpus arrives as it should, as %s", (form) => {
    // Limits are the same everywhere, and take long.
    const { limits: _, ...parts } = corpus
    const unlike = Object.values(parts)
      .flat()
      .flatMap((one) => {
        const found = wrong(one, form)
        const expected = differs[one.name]
        return (found === undefined) === (expected === undefined) && expected?.test(found ?? "") !== false
          ? []
          : [`${one.name}: ${found}`]
      })
    assert.deepStrictEqual(unlike, [])
  })
})
