import { once } from "node:events"
import { MessageChannel } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import * as Channel from "../src/internal/channel.ts"

/** Posts of one message each, and a mark for the end of each turn in which some were taken. */
const taking = () => {
  const taken: Array<unknown> = []
  const listener: Channel.Listener = {
    onPost: (post) => {
      if (taken.length === 0 || taken.at(-1) === "|") void Promise.resolve().then(() => taken.push("|"))
      taken.push(post)
      return 1
    },
    onUnreadable: (error) => assert.fail(String(error))
  }
  return { listener, taken }
}

describe("channel", () => {
  it("takes what waits together, and no more in a turn than it is told to", async () => {
    const { port1, port2 } = new MessageChannel()
    const { listener, taken } = taking()
    for (const post of [1, 2, 3, 4, 5]) port1.postMessage(post)
    const closed = once(port2, "close")
    Channel.listen(port2, 2, listener)
    port1.close()
    await closed
    assert.deepStrictEqual(taken, [1, 2, "|", 3, 4, "|", 5, "|"])
  })

  it("still gives what was posted before the other side ended", () => {
    const { port1, port2 } = new MessageChannel()
    const { listener, taken } = taking()
    for (const post of [1, 2, 3]) port1.postMessage(post)
    port1.close()
    Channel.drain(port2, listener)
    port2.close()
    assert.deepStrictEqual(taken, [1, 2, 3])
  })
})
