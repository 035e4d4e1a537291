/**
 * A contract gives the same result in the pool as by effect's own client and server
 * over a worker, which are the oracle, and in process. Where the pool differs, it
 * does so by intent, and the suite says why.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Case, cases, differences, discarded } from "./cases.ts"
import { inPool, inProcess, inStock } from "./places.ts"

const all: ReadonlyArray<readonly [string, Case]> = Object.entries(cases).flatMap(([about, named]) =>
  Object.entries(named).map(([name, run]) => [`${about}: ${name}`, run] as const)
)

/** What the oracle gave. */
const results = new Map<string, unknown>()

const same = (name: string, run: Case) => Effect.map(run, (result) => assert.deepStrictEqual(result, results.get(name)))

describe("a contract", { timeout: 60_000 }, () => {
  it.layer(inStock, { excludeTestServices: true })("by effect's own client and server", (it) => {
    for (const [name, run] of all) it.effect(name, () => Effect.map(run, (result) => void results.set(name, result)))
  })

  it.layer(inProcess, { excludeTestServices: true })("in process gives the same", (it) => {
    for (const [name, run] of all) it.effect(name, () => same(name, run))
    for (const [name, run] of Object.entries(discarded)) {
      it.effect(`discarded calls ${name}`, () => Effect.map(run, (result) => void results.set(name, result)))
    }
  })

  it.layer(inPool, { excludeTestServices: true })("in a pool gives the same", (it) => {
    for (const [name, run] of all) it.effect(name, () => same(name, run))
    for (const [name, run] of Object.entries(discarded)) it.effect(`discarded calls ${name}`, () => same(name, run))
    for (const [name, { pool, run, why }] of Object.entries(differences)) {
      it.effect(`but ${name}: ${why}`, () => Effect.map(run, (result) => assert.deepStrictEqual(result, pool)))
    }
  })

  it.layer(inStock, { excludeTestServices: true })("by effect's own client and server differs in", (it) => {
    for (const [name, { run, stock }] of Object.entries(differences)) {
      it.effect(name, () => Effect.map(run, (result) => assert.deepStrictEqual(result, stock)))
    }
  })
})
