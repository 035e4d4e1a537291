import { assert, describe, it } from "@effect/vitest"
import * as Outbox from "../src/internal/outbox.ts"

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const recording = (hold?: Outbox.Hold) => {
  const posts: Array<ReadonlyArray<string>> = []
  const refused: Array<string> = []
  const outbox = Outbox.make<string>({
    post: (messages) => {
      if (messages.includes("poison")) throw new Error("cannot be cloned")
      posts.push(messages)
    },
    onRefused: (message) => refused.push(message),
    hold
  })
  return { outbox, posts, refused }
}

describe("outbox", () => {
  it("posts the messages of one turn together", async () => {
    const { outbox, posts } = recording()
    for (const message of ["a", "b"]) outbox.push(message)
    await turn()
    outbox.push("c")
    await turn()
    assert.deepStrictEqual(posts, [["a", "b"], ["c"]])
  })

  it("posts by itself and in order what may share objects with others", async () => {
    const { outbox, posts } = recording()
    outbox.push("a")
    outbox.pushAlone("b", [])
    outbox.push("c")
    assert.deepStrictEqual(posts, [["a"], ["b"]])
    await turn()
    assert.deepStrictEqual(posts, [["a"], ["b"], ["c"]])
  })

  it("refuses a message that cannot be posted, and posts the others of its turn", async () => {
    const { outbox, posts, refused } = recording()
    for (const message of ["a", "poison", "b"]) outbox.push(message)
    await turn()
    outbox.pushAlone("poison", [])
    outbox.push("poison")
    await turn()
    assert.deepStrictEqual(posts, [["a"], ["b"]])
    assert.deepStrictEqual(refused, ["poison", "poison", "poison"])
  })

  it("holds no message longer than it is told to while others are pushed", () => {
    const { outbox, posts } = recording({ ms: 1, messages: 1000 })
    outbox.push("a")
    const until = performance.now() + 5
    while (performance.now() < until);
    outbox.push("b")
    assert.deepStrictEqual(posts, [["a", "b"]])
  })

  it("holds no more messages than it is told to", async () => {
    const { outbox, posts } = recording({ ms: 1000, messages: 2 })
    for (const message of ["a", "b", "c"]) outbox.push(message)
    assert.deepStrictEqual(posts, [["a", "b"]])
    await turn()
    assert.deepStrictEqual(posts, [["a", "b"], ["c"]])
  })

  it("gives back what it has not posted when it is closed, and posts nothing more", async () => {
    const { outbox, posts } = recording()
    outbox.push("a")
    assert.deepStrictEqual(outbox.close(), ["a"])
    outbox.push("b")
    outbox.pushAlone("c", [])
    await turn()
    assert.deepStrictEqual(posts, [])
  })
})
