/**
 * What real threads show only by chance: the moment between a call and its post.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Dispatcher from "../src/internal/dispatcher.ts"
import * as failures from "../src/internal/failures.ts"
import { unstarted } from "../src/internal/isolate.ts"
import * as Outbox from "../src/internal/outbox.ts"
import * as Unit from "../src/internal/unit.ts"
import { fromWorker, toWorker, type ToWorker } from "../src/internal/wire.ts"

const setup = (queue = 10) => {
  let time = 0
  const ended: Array<string> = []
  const posted = new Map<number, Array<string>>()
  const dispatcher = Dispatcher.make({
    queue,
    now: () => time,
    fromWire: (wire) => wire,
    onBusy: () => undefined,
    onEnded: () => undefined,
    onEmpty: () => ended.push("empty")
  })
  const lane = dispatcher.lane(2, false)
  const exclusive = dispatcher.lane(1, true)
  const shared = dispatcher.lane(2, true)
  const unit = (id: number): Unit.Unit => {
    const tags: Array<string> = []
    posted.set(id, tags)
    const outbox = Outbox.make<ToWorker>({
      post: (messages) => {
        if (messages.some((message) => message[0] === toWorker.request && message[2] === "poison"))
          throw new Error("no")
        for (const message of messages) tags.push(message[0] === toWorker.request ? message[2] : `kind ${message[0]}`)
      },
      onRefused: (message, error) => {
        if (message[0] === toWorker.request) dispatcher.refused(message, error)
      }
    })
    const made = Unit.make(id, 0, unstarted, outbox, 0)
    made.state = "ready"
    return made
  }
  const submit = (tag: string, { isExclusive = false, isOpenEnded = false, isShared = false, timeoutMs = 1000 } = {}) =>
    dispatcher.submit({
      contract: "test",
      tag,
      key: undefined,
      lane: isShared ? shared : isExclusive ? exclusive : lane,
      // Looked at, and seen to be nothing that the codec made.
      payload: tag === "poison" ? () => tag : undefined,
      isFresh: tag !== "poison",
      headers: undefined,
      trace: undefined,
      timeoutMs,
      isOpenEnded,
      discard: false,
      sink: {
        success: () => ended.push(`${tag} succeeded`),
        failure: () => ended.push(`${tag} failed`),
        ended: () => ended.push(`${tag} ended`),
        chunk: () => ended.push(`${tag} goes on`),
        span: () => undefined,
        fail: ({ reason }) => ended.push(`${tag} ${reason._tag}`)
      }
    })
  const call = (...args: Parameters<typeof submit>): number => {
    const id = submit(...args)
    return typeof id === "number" ? id : assert.fail(id.message)
  }
  const sleep = (ms: number): void => {
    time += ms
    dispatcher.expire()
  }
  return { call, dispatcher, ended, posted, sleep, submit, unit }
}

const crash = (boundary: string) => failures.draining(boundary)

describe("dispatcher", () => {
  it("moves calls that were not posted yet to other workers, in order, before those that wait", () => {
    const { call, dispatcher, ended, posted, unit } = setup()
    const [first, second] = [unit(1), unit(2)]
    dispatcher.add(first)
    for (const tag of ["a", "b", "c", "d"]) call(tag)
    dispatcher.remove(first)
    dispatcher.lose(first, crash)
    assert.deepStrictEqual(ended, [])
    dispatcher.add(second)
    second.outbox.flush()
    assert.deepStrictEqual([posted.get(1), posted.get(2)], [[], ["a", "b"]])
    assert.strictEqual(dispatcher.queued(), 2)
  })

  it("fails calls that were posted, once, and takes nothing from a worker that is gone", () => {
    const { call, dispatcher, ended, unit } = setup()
    const lost = unit(1)
    dispatcher.add(lost)
    const id = call("a")
    lost.outbox.flush()
    dispatcher.remove(lost)
    dispatcher.lose(lost, crash)
    dispatcher.receive(lost, [fromWorker.success, id, 1])
    assert.deepStrictEqual(ended, ["a Draining", "empty"])
  })

  it("tells nobody of a call that was given up, and keeps its place until its handler ends", () => {
    const { call, dispatcher, ended, posted, unit } = setup()
    const only = unit(1)
    dispatcher.add(only)
    const id = call("a")
    call("b")
    call("c")
    dispatcher.interrupt(id)
    only.outbox.flush()
    assert.deepStrictEqual(posted.get(1), ["a", "b", "kind 1"])
    dispatcher.receive(only, [fromWorker.ended, id])
    only.outbox.flush()
    assert.deepStrictEqual(posted.get(1), ["a", "b", "kind 1", "c"])
    assert.deepStrictEqual(ended, [])
  })

  it("posts what waited behind an exclusive call, when that is interrupted", () => {
    const { call, dispatcher, posted, unit } = setup()
    const only = unit(1)
    dispatcher.add(only)
    call("long")
    const id = call("exclusive", { isExclusive: true })
    call("after")
    dispatcher.interrupt(id)
    only.outbox.flush()
    assert.deepStrictEqual(posted.get(1), ["long", "after"])
  })

  it("ends an open-ended call that does not begin in time, whether it waits or was posted", () => {
    const { call, dispatcher, ended, posted, sleep, unit } = setup()
    const only = unit(1)
    dispatcher.add(only)
    const begins = call("begins", { isOpenEnded: true, timeoutMs: 10 })
    call("is silent", { isOpenEnded: true, timeoutMs: 10 })
    call("waits", { isOpenEnded: true, timeoutMs: 10 })
    only.outbox.flush()
    assert.deepStrictEqual(posted.get(1), ["begins", "is silent"])
    assert.isUndefined(dispatcher.calls.get(begins)?.request[4])
    dispatcher.receive(only, [fromWorker.chunk, begins, [1]])
    sleep(20)
    sleep(1_000_000)
    assert.deepStrictEqual(ended, ["begins goes on", "is silent DeadlineExceeded", "waits DeadlineExceeded"])
  })

  it("and when its deadline passes", () => {
    const { call, dispatcher, posted, sleep, unit } = setup()
    const only = unit(1)
    dispatcher.add(only)
    call("long")
    call("exclusive", { isExclusive: true, timeoutMs: 10 })
    call("after")
    sleep(20)
    only.outbox.flush()
    assert.deepStrictEqual(posted.get(1), ["long", "after"])
  })

  it("and when it goes to another worker than the one that was kept free", () => {
    const { call, dispatcher, posted, unit } = setup()
    const [first, second] = [unit(1), unit(2)]
    for (const added of [first, second]) dispatcher.add(added)
    call("long")
    const id = call("short")
    call("exclusive", { isExclusive: true })
    call("also exclusive", { isExclusive: true })
    call("after")
    dispatcher.receive(second, [fromWorker.success, id, 1])
    for (const { outbox } of [first, second]) outbox.flush()
    assert.deepStrictEqual(
      [posted.get(1), posted.get(2)],
      [
        ["long", "after"],
        ["short", "exclusive"]
      ]
    )
  })

  it("lets exclusive calls that share a worker join there, until others wait who came before them", () => {
    const { call, dispatcher, posted, unit } = setup()
    const only = unit(1)
    dispatcher.add(only)
    const first = call("one", { isShared: true })
    const second = call("two", { isShared: true })
    call("three", { isShared: true })
    call("other")
    call("four", { isShared: true })
    only.outbox.flush()
    assert.deepStrictEqual(posted.get(1), ["one", "two"])
    dispatcher.receive(only, [fromWorker.success, first, 1])
    dispatcher.receive(only, [fromWorker.success, second, 1])
    only.outbox.flush()
    // The one that waited before the other call did, and not the one that came after it.
    assert.deepStrictEqual(posted.get(1), ["one", "two", "three"])
  })

  it("lets them join when the one who came before them is gone", () => {
    const { call, dispatcher, posted, unit } = setup()
    const only = unit(1)
    dispatcher.add(only)
    call("one", { isShared: true })
    const other = call("other")
    call("two", { isShared: true })
    only.outbox.flush()
    assert.deepStrictEqual(posted.get(1), ["one"])
    dispatcher.interrupt(other)
    only.outbox.flush()
    assert.deepStrictEqual(posted.get(1), ["one", "two"])
  })

  it("says when to come again by what calls took, and not by how long none came", () => {
    const { call, dispatcher, sleep, submit, unit } = setup(6)
    const only = unit(1)
    dispatcher.add(only)
    for (let i = 0; i < 4; i++) {
      const id = call("served")
      sleep(200)
      dispatcher.receive(only, [fromWorker.success, id, 1])
      sleep(60_000)
    }
    for (let i = 0; i < 8; i++) call("waits")
    const refused = submit("one too many")
    const reason = typeof refused === "number" ? undefined : refused.reason
    // Six wait, two are served at a time, each takes 200 ms.
    assert.strictEqual(reason?._tag === "Overloaded" && Duration.toMillis(reason.retryAfter), 600)
  })

  it("outlasts any number of waiting calls that cannot be posted", () => {
    const { call, dispatcher, ended, posted, unit } = setup(3001)
    const only = unit(1)
    for (let i = 0; i < 3000; i++) call("poison")
    call("after")
    dispatcher.add(only)
    only.outbox.flush()
    assert.strictEqual(ended.filter((end) => end === "poison Undecodable").length, 3000)
    assert.deepStrictEqual(posted.get(1), ["after"])
  })
})
