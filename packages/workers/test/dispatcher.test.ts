/**
 * What real threads show only by chance: the moment between a call and its post.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Dispatcher from "../src/internal/dispatcher.ts"
import * as failures from "../src/internal/failures.ts"
import * as Outbox from "../src/internal/outbox.ts"
import * as Unit from "../src/internal/unit.ts"
import { fromWorker, toWorker, type ToWorker } from "../src/internal/wire.ts"

const thread: Unit.Unit["thread"] = {
  post: () => undefined,
  heartbeat: () => 0,
  stderr: () => "",
  terminate: () => undefined,
  startSampling: () => undefined,
  stopSampling: () => Promise.resolve([])
}

const setup = () => {
  const ended: Array<string> = []
  const posted = new Map<number, Array<string>>()
  const dispatcher = Dispatcher.make({
    queue: 10,
    now: () => 0,
    fromWire: (wire) => wire,
    onBusy: () => undefined,
    onEmpty: () => ended.push("empty")
  })
  const lane = dispatcher.lane(2, false)
  const unit = (id: number): Unit.Unit => {
    const tags: Array<string> = []
    posted.set(id, tags)
    const outbox = Outbox.make<ToWorker>({
      post: (messages) => {
        for (const message of messages) tags.push(message[0] === toWorker.request ? message[2] : `kind ${message[0]}`)
      },
      onRefused: () => undefined
    })
    const made = Unit.make(id, thread, outbox, 0)
    made.state = "ready"
    return made
  }
  const call = (tag: string): number => {
    const id = dispatcher.submit({
      contract: "test",
      tag,
      lane,
      payload: undefined,
      isFresh: true,
      headers: undefined,
      trace: undefined,
      timeoutMs: 1000,
      discard: false,
      sink: {
        success: () => ended.push(`${tag} succeeded`),
        failure: () => ended.push(`${tag} failed`),
        ended: () => ended.push(`${tag} ended`),
        chunk: () => undefined,
        fail: ({ reason }) => ended.push(`${tag} ${reason._tag}`)
      }
    })
    return typeof id === "number" ? id : assert.fail(id.message)
  }
  return { call, dispatcher, ended, posted, unit }
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
})
