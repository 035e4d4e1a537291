import { assert, describe, it } from "@effect/vitest"
import * as CoreLossless from "@causeway/core/Lossless"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Lossless from "../src/internal/lossless.ts"
import * as Outbox from "../src/internal/outbox.ts"
import { send } from "../src/internal/sending.ts"

const crossing = Lossless.make(undefined)

const Moved = CoreLossless.transfer(Schema.Uint8Array)

const encoder = (schema: Schema.Top) =>
  SchemaParser.encodeUnknownSync(crossing.codecFor(schema) as Schema.Codec<unknown>)

/** An outbox that posts as a thread does, and what it posted. */
const recording = (moves = true) => {
  const posts: Array<ReadonlyArray<string>> = []
  const received: Array<unknown> = []
  const refused: Array<string> = []
  type Message = readonly [name: string, value: unknown]
  const outbox = Outbox.make<Message>({
    post: (messages, transfers) => {
      received.push(structuredClone(messages, { transfer: [...transfers] }))
      posts.push(messages.map(([name]) => name))
    },
    onRefused: ([name]) => refused.push(name),
    moves
  })
  const put = (name: string, value: unknown): void => send(outbox, [name, value], value, false)
  return { outbox, posts, put, received, refused }
}

describe("sending", () => {
  it("joins what the codec made, such as failures", () => {
    const { outbox, posts, put } = recording()
    put("a", crossing.toWire(new Error("a")))
    put("b", crossing.toWire({ list: [1, { two: 2 }] }))
    outbox.flush()
    assert.deepStrictEqual(posts, [["a", "b"]])
  })

  it("keeps apart what holds memory that stays, or anything else that it did not make", () => {
    const { outbox, posts, put } = recording()
    const bytes = new Uint8Array([1, 2])
    put("a", crossing.toWire({ bytes }))
    put("b", crossing.toWire({ bytes }))
    put("c", { map: new Map() })
    put("d", () => 1)
    outbox.flush()
    assert.deepStrictEqual(posts, [["a"], ["b"], ["c"]])
  })

  it("joins memory that is given away, which is taken at once", () => {
    const { outbox, posts, put, received } = recording()
    const encode = encoder(Moved)
    const [one, two] = [new Uint8Array([1]), new Uint8Array([2])]
    put("a", encode(one))
    put("b", encode(two))
    assert.deepStrictEqual([one.byteLength, two.byteLength], [0, 0])
    assert.deepStrictEqual(posts, [])
    outbox.flush()
    assert.deepStrictEqual(posts, [["a", "b"]])
    assert.deepInclude(JSON.stringify(received), '"0":1')
    assert.deepInclude(JSON.stringify(received), '"0":2')
  })

  it("refuses the second of two messages that give the same memory away, and neither beside it", () => {
    const { outbox, posts, put, refused } = recording()
    const encode = encoder(Moved)
    const shared = new Uint8Array([1])
    const [first, second] = [encode(shared), encode(shared)]
    put("first", first)
    put("second", second)
    put("other", encode(new Uint8Array([2])))
    outbox.flush()
    assert.deepStrictEqual([posts.flat(), refused], [["first", "other"], ["second"]])
  })

  it("gives away again what was taken back before it was posted", () => {
    const [lost, next] = [recording(), recording()]
    const value = encoder(Moved)(new Uint8Array([7]))
    lost.put("a", value)
    assert.strictEqual(lost.outbox.close().length, 1)
    next.put("a", value)
    next.outbox.flush()
    assert.deepStrictEqual([lost.posts, next.posts, next.refused], [[], [["a"]], []])
  })

  it("takes nothing where nothing can move", () => {
    const { posts, put } = recording(false)
    const bytes = new Uint8Array([1])
    put("a", encoder(Moved)(bytes))
    assert.deepStrictEqual(posts, [["a"]])
  })
})
