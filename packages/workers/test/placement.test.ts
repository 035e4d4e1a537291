/** Where keys find their worker: evenly, and moving no more of them than they must. */
import { assert, describe, it } from "@effect/vitest"
import * as Hash from "effect/Hash"
import { unstarted } from "../src/internal/isolate.ts"
import * as Outbox from "../src/internal/outbox.ts"
import * as Placement from "../src/internal/placement.ts"
import { callOf } from "../src/internal/submission.ts"
import * as Unit from "../src/internal/unit.ts"
import type { ToWorker } from "../src/internal/wire.ts"

const unit = (id: number): Unit.Unit => {
  const outbox = Outbox.make<ToWorker>({ post: () => undefined, onRefused: () => undefined })
  return Object.assign(Unit.make(id, 0, unstarted, outbox, 0), { state: "ready" as const })
}

const lane: Unit.Lane = { index: 0, limit: 2, exclusive: false, queue: [] }

const call = (key: string) =>
  callOf(
    1,
    {
      contract: "test",
      tag: "call",
      lane,
      key: Hash.string(key),
      payload: undefined,
      isFresh: true,
      headers: undefined,
      trace: undefined,
      timeoutMs: 1000,
      isOpenEnded: false,
      discard: false,
      sink: {
        success: () => undefined,
        failure: () => undefined,
        ended: () => undefined,
        chunk: () => undefined,
        span: () => undefined,
        fail: () => undefined
      }
    },
    0
  )

const keys = Array.from({ length: 4000 }, (_, n) => `user-${n}`)

const of = (count: number) => {
  const placement = Placement.make({ isBehind: () => false })
  const units = Array.from({ length: count }, (_, id) => unit(id))
  for (const one of units) placement.add(one)
  const find = (key: string) => placement.find(call(key))?.id
  const all = () => new Map(keys.map((key) => [key, find(key)]))
  return { all, find, placement, units }
}

const counts = (found: Iterable<number | undefined>): ReadonlyMap<number | undefined, number> => {
  const seen = new Map<number | undefined, number>()
  for (const id of found) seen.set(id, (seen.get(id) ?? 0) + 1)
  return seen
}

describe("placement", () => {
  it("spreads keys evenly", () => {
    for (const count of [2, 3, 4, 7, 16]) {
      const { all } = of(count)
      const seen = counts(all().values())
      assert.strictEqual(seen.size, count)
      for (const n of seen.values()) assert.closeTo(n, keys.length / count, (0.25 * keys.length) / count)
    }
  })

  it("moves the keys of a worker that is lost, over all others, and no other key", () => {
    const { all, placement, units } = of(5)
    const before = all()
    placement.remove(units[2]!)
    const moved = Array.from(all()).filter(([key, id]) => id !== before.get(key))
    assert.deepStrictEqual(new Set(moved.map(([key]) => before.get(key))), new Set([2]))
    const seen = counts(moved.map(([, id]) => id))
    assert.deepStrictEqual(new Set(seen.keys()), new Set([0, 1, 3, 4]))
    placement.add(unit(99))
    assert.deepStrictEqual(all(), new Map(Array.from(before, ([key, id]) => [key, id === 2 ? 99 : id])))
  })

  it("sends a call whose worker is full to the next of its key, and back", () => {
    const { find, placement, units } = of(3)
    const [home] = [find("a")]
    const others = [call("b"), call("b")]
    for (const other of others) placement.place(other, units[home!]!)
    const next = find("a")
    assert.notStrictEqual(next, home)
    assert.strictEqual(find("a"), next)
    Unit.release(units[home!]!, others[0]!)
    assert.strictEqual(find("a"), home)
  })
})
