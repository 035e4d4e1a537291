import { MessageChannel } from "node:worker_threads"
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import * as Channel from "../src/internal/channel.ts"

const spin = (ms: number): void => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

const unreadable = (error: unknown): never => assert.fail(String(error))

/** Posts of one message each, and a mark for the end of each turn in which some were taken. */
const taking = (onTaken: (count: number) => void) => {
  const taken: Array<unknown> = []
  let count = 0
  const listener: Channel.Listener = {
    onPost: (post) => {
      if (taken.length === 0 || taken.at(-1) === "|") void Promise.resolve().then(() => taken.push("|"))
      taken.push(post)
      onTaken(++count)
      return 1
    },
    onUnreadable: unreadable
  }
  return { listener, taken }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const upTo = (length: number): Array<number> => Array.from({ length }, (_, n) => n)

describe("channel", () => {
  let channel: MessageChannel
  beforeEach(() => {
    channel = new MessageChannel()
  })
  afterEach(() => channel.port1.close())

  it("takes what waits together, and no more in a turn than it is told to", async () => {
    const { port1, port2 } = channel
    for (const post of [1, 2, 3, 4, 5]) port1.postMessage(post)
    const { promise, resolve } = Promise.withResolvers<void>()
    const { listener, taken } = taking((count) => count === 5 && resolve())
    Channel.listen(port2, 2, listener)
    await promise
    assert.deepStrictEqual(taken, [1, 2, "|", 3, 4, "|", 5, "|"])
  })

  it("takes posts in order, each once, also where they come faster than they are dealt with", async () => {
    const { port1, port2 } = channel
    const seen: Array<unknown> = []
    const { promise, resolve } = Promise.withResolvers<void>()
    Channel.listen(port1, 3, {
      onPost: (post) => {
        seen.push(post)
        spin(0.2)
        if (seen.length <= 150) port2.postMessage(seen.length + 149)
        if (seen.length === 300) resolve()
        return 1
      },
      onUnreadable: unreadable
    })
    for (const n of upTo(150)) port2.postMessage(n)
    await promise
    assert.deepStrictEqual(seen, upTo(300))
  })

  it("lets timers have their turn, however many posts come", async () => {
    const { port1, port2 } = channel
    let taken = 0
    let atTimer = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    Channel.listen(port1, 8, {
      onPost: () => {
        if (++taken === 1) setTimeout(() => void (atTimer = taken), 1)
        if (taken === 2000 || atTimer > 0) resolve()
        else port2.postMessage(taken)
        spin(1)
        return 1
      },
      onUnreadable: unreadable
    })
    for (const n of upTo(16)) port2.postMessage(n)
    await promise
    assert.isAbove(atTimer, 0)
    assert.isBelow(atTimer, 100)
  })

  it("still gives what was posted before the other side ended", () => {
    const { port1, port2 } = channel
    const { listener, taken } = taking(() => undefined)
    for (const post of [1, 2, 3]) port1.postMessage(post)
    port1.close()
    const { drain } = Channel.listen(port2, 2, listener)
    drain()
    port2.close()
    assert.deepStrictEqual(taken, [1, 2, 3])
  })

  it("and of that what was put off first, and each once", async () => {
    const { port1, port2 } = channel
    const seen: Array<unknown> = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const { drain } = Channel.listen(port1, 1, {
      onPost: (post) => {
        seen.push(post)
        if (post !== 0) return 1
        // So long that those behind it are put off, until this is over.
        setImmediate(() => {
          port2.postMessage(6)
          drain()
          resolve()
        })
        spin(30)
        return 1
      },
      onUnreadable: unreadable
    })
    for (const n of upTo(6)) port2.postMessage(n)
    await promise
    assert.deepStrictEqual(seen, upTo(7))
    await turn()
    assert.deepStrictEqual(seen, upTo(7))
  })
})
