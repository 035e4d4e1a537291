import * as Disposition from "@causeway/core/Disposition"
import * as Arbitraries from "@causeway/testing/Arbitraries"
import * as Difference from "@causeway/testing/Difference"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

const sample = <A>(arbitrary: Arbitrary.Arbitrary<A>, count = 300) =>
  Arbitrary.sampleEffect(arbitrary, { count, seed: 7, size: 20 })

const tags = (values: ReadonlyArray<{ readonly reason: { readonly _tag: string } }>): number =>
  new Set(values.map(({ reason }) => reason._tag)).size

/** Every object that can be reached, and how often. */
const visits = (root: unknown): Map<object, number> => {
  const seen = new Map<object, number>()
  const pending: Array<unknown> = [root]
  while (pending.length > 0) {
    const value = pending.pop()
    if (typeof value !== "object" || value === null) continue
    const times = seen.get(value) ?? 0
    seen.set(value, times + 1)
    if (times > 0) continue
    if (value instanceof Map) pending.push(...value.keys(), ...value.values())
    if (value instanceof Set) pending.push(...value)
    for (const key of Reflect.ownKeys(value)) {
      // The engine makes a stack's text from the message, and throws where that is the error itself.
      if (key !== "stack") pending.push(Reflect.get(value, key))
    }
  }
  return seen
}

describe("Arbitraries", () => {
  it.effect("generates every reason of Causeway's errors", () =>
    Effect.gen(function* () {
      assert.strictEqual(tags(yield* sample(Arbitraries.upstreamError)), 25)
      assert.strictEqual(tags(yield* sample(Arbitraries.boundaryError)), 7)
      assert.strictEqual(tags(yield* sample(Arbitraries.policyError)), 3)
    })
  )

  it.effect("generates evidence with each of its parts", () =>
    Effect.gen(function* () {
      const keys = (yield* sample(Arbitraries.evidence)).flatMap((evidence) => Object.keys(evidence))
      assert.includeMembers([...new Set(keys)], ["attempt", "timing", "request", "response", "provider", "system"])
    })
  )

  it.effect("generates only dispositions that can be made", () =>
    Effect.gen(function* () {
      const dispositions = yield* sample(Arbitraries.disposition)
      for (const disposition of dispositions) {
        assert.strictEqual(disposition.retry === "after", disposition.retryAfter !== undefined)
        const { retry, ...rest } = disposition
        assert.deepStrictEqual(
          Disposition.make({ ...rest, retry: retry === "never" ? "never" : "backoff" }),
          disposition
        )
      }
      assert.sameMembers([...new Set(dispositions.map(({ retry }) => retry))], ["never", "backoff", "after"])
    })
  )

  it.effect("generates errors of every native kind, with and without a cause", () =>
    Effect.gen(function* () {
      const errors = yield* sample(Arbitraries.error)
      assert.strictEqual(new Set(errors.map(({ constructor }) => constructor)).size, 7)
      const causes = errors.filter((error) => Object.hasOwn(error, "cause"))
      assert.isAbove(causes.length, 50)
      assert.isBelow(causes.length, 250)
    })
  )

  it.effect("generates graphs with shared references, cycles, and every kind of object", () =>
    Effect.gen(function* () {
      const graphs = (yield* sample(Arbitraries.graph, 500)).map(visits)
      const kinds = new Set(
        graphs.flatMap((graph) => [...graph.keys()].map((value) => Object.prototype.toString.call(value)))
      )
      assert.includeMembers(
        [...kinds],
        [
          "[object Object]",
          "[object Array]",
          "[object Error]",
          "[object Map]",
          "[object Set]",
          "[object Date]",
          "[object RegExp]"
        ]
      )
      assert.isAbove(graphs.filter((graph) => [...graph.values()].some((times) => times > 1)).length, 100)
      assert.isAbove(graphs.filter((graph) => [...graph.keys()].some(Object.isFrozen)).length, 100)
    })
  )

  it.effect("generates the same values from the same seed", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* sample(Arbitraries.graph, 50), yield* sample(Arbitraries.graph, 50)]
      assert.isUndefined(Difference.find(one, two, { carried: true, stack: false }))
    })
  )

  it.effect("generates causes and exits of every shape", () =>
    Effect.gen(function* () {
      const exits = yield* sample(Arbitraries.exit(Arbitrary.schema(Schema.String), Arbitraries.upstreamError))
      const failures = exits.flatMap((exit) => (Exit.isFailure(exit) ? [exit.cause] : []))
      assert.isAbove(failures.length, 50)
      assert.isAbove(exits.length - failures.length, 50)
      for (const holds of [Cause.hasFails, Cause.hasDies, Cause.hasInterrupts]) assert.isTrue(failures.some(holds))
      assert.isTrue(failures.some(({ reasons }) => reasons.length === 0))
      assert.isTrue(failures.some(({ reasons }) => reasons.some(({ annotations }) => annotations.size > 0)))
    })
  )

  it.effect("shrinks a graph to what matters", () =>
    Effect.gen(function* () {
      const result = yield* Arbitrary.checkEffect(
        Arbitraries.graph,
        (graph) => ![...visits(graph).keys()].some((value) => value instanceof Map),
        { seed: 1, runs: 500 }
      )
      assert.strictEqual(result._tag, "Falsified")
      if (result._tag === "Falsified") assert.isBelow(visits(result.shrunkInput).size, 4)
    })
  )
})
