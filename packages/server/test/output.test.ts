import { Writable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import * as Output from "../src/internal/output.ts"

/** A stream that takes what it gets only when it is told to. */
const slow = () => {
  const taken: Array<string> = []
  const held: Array<() => void> = []
  const stream = new Writable({
    write: (chunk, _, done) => {
      taken.push(String(chunk))
      held.push(done)
    }
  })
  return { stream, taken, release: () => held.splice(0).forEach((done) => done()) }
}

const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))

describe("output", () => {
  it("writes the lines of a turn at once", async () => {
    const { stream, taken } = slow()
    const output = Output.to(stream)
    output(() => "one")
    output(() => "two")
    await turn()
    assert.deepStrictEqual(taken, ["one\ntwo\n"])
  })

  it("leaves out lines that nobody reads, and tells how many once they are read again", async () => {
    const { release, stream, taken } = slow()
    const output = Output.to(stream)
    for (let n = 0; n < 3; n++) {
      output(() => "x".repeat(500_000))
      await turn()
    }
    for (let n = 0; n < 1000; n++) output(() => assert.fail("a line is made that nobody gets"))
    await turn()
    assert.isBelow(stream.writableLength, 2_000_000)
    for (let n = 0; n < 3; n++) {
      release()
      await turn()
    }
    output((dropped) => `dropped ${dropped}`)
    await turn()
    assert.strictEqual(taken.at(-1), "dropped 1000\n")
  })

  it("takes no line for a stream that is gone", () => {
    const { stream } = slow()
    stream.destroy()
    Output.to(stream)(() => assert.fail("a line is made that nobody gets"))
  })
})
