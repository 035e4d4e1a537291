import { assert, describe, it } from "@effect/vitest"
import { Table } from "../src/internal/table.ts"

/** Ids that share a bucket, and ids that do not. */
const ids = [1, 2, 257, 513, 258, 1025, 3]

const filled = () => {
  const table = new Table<{ readonly id: number }>()
  for (const id of ids) table.add({ id })
  return table
}

describe("table", () => {
  it("finds what was added by its id, and nothing else", () => {
    const table = filled()
    for (const id of ids) assert.strictEqual(table.get(id)?.id, id)
    assert.isUndefined(table.get(769))
    assert.strictEqual(table.size, ids.length)
  })

  it("loses what is deleted, once, and keeps the others", () => {
    const table = filled()
    assert.isTrue(table.delete(257))
    assert.isFalse(table.delete(257))
    assert.isFalse(table.delete(769))
    assert.isUndefined(table.get(257))
    for (const id of ids.filter((id) => id !== 257)) assert.strictEqual(table.get(id)?.id, id)
    assert.strictEqual(table.size, ids.length - 1)
  })

  it("gives all by their ids, as a copy", () => {
    const table = filled()
    const all = table.inOrder()
    table.delete(1)
    const sorted = ids.toSorted((a, b) => a - b)
    assert.deepStrictEqual(
      all.map(({ id }) => id),
      sorted
    )
    assert.deepStrictEqual(
      Array.from(table, ({ id }) => id).toSorted((a, b) => a - b),
      sorted.slice(1)
    )
  })

  it("is empty after it was cleared", () => {
    const table = filled()
    table.clear()
    assert.strictEqual(table.size, 0)
    assert.deepStrictEqual(table.inOrder(), [])
  })
})
