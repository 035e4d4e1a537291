/**
 * Any order of calls, crashes, answers, interruptions and deadlines: each call ends
 * once and is posted once, no worker is idle while a call waits that it could take,
 * and the books are right.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Dispatcher from "../src/internal/dispatcher.ts"
import * as failures from "../src/internal/failures.ts"
import { unstarted } from "../src/internal/isolate.ts"
import * as Outbox from "../src/internal/outbox.ts"
import * as Unit from "../src/internal/unit.ts"
import { fromWorker, toWorker, type ToWorker } from "../src/internal/wire.ts"

/** The same numbers between 0 and 1 for the same seed (Park and Miller's generator). */
const random = (seed: number) => {
  let state = seed
  return (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

const ending = { exitCode: 1, signal: undefined, thrown: undefined, stderr: "", uptimeMs: 0, callsDone: 0 }

/** A pool without threads, to which everything happens by chance. */
const setup = (seed: number) => {
  const chance = random(seed)
  const oneOf = <A>(all: ReadonlyArray<A>): A | undefined => all[Math.floor(chance() * all.length)]
  let time = 0
  const dispatcher = Dispatcher.make({
    queue: 8,
    now: () => time,
    fromWire: (wire) => wire,
    onBusy: () => undefined,
    onEnded: () => undefined,
    onEmpty: () => undefined
  })
  const lanes = [
    dispatcher.lane(2, false),
    dispatcher.lane(1, true),
    dispatcher.lane(3, false),
    dispatcher.lane(2, true)
  ]
  const units = new Set<Unit.Unit>()
  /** How each call ended, as often as it did. */
  const ends = new Map<number, Array<string>>()
  const interrupted = new Set<number>()
  const posted = new Set<number>()
  let lastUnit = 0
  let depth = 0

  const submit = (): void => {
    const seen: Array<string> = []
    const reaction = chance()
    const end = (how: string): void => {
      seen.push(how)
      // Whoever waited runs at once, and may make or give up other calls.
      if (depth > 3) return
      depth++
      if (reaction < 0.2) submit()
      else if (reaction < 0.4) interrupt()
      depth--
    }
    const id = dispatcher.submit({
      contract: "test",
      tag: chance() < 0.15 ? "poison" : "call",
      lane: oneOf(lanes) ?? assert.fail(),
      key: chance() < 0.3 ? Math.floor(chance() * 5) : undefined,
      payload: undefined,
      isFresh: chance() < 0.5,
      headers: undefined,
      trace: undefined,
      timeoutMs: chance() < 0.3 ? 5 : 1000,
      isOpenEnded: chance() < 0.2,
      discard: false,
      sink: {
        success: () => end("success"),
        failure: () => end("failure"),
        ended: () => end("ended"),
        chunk: () => undefined,
        span: () => undefined,
        fail: ({ reason }) => end("delivery" in reason ? `${reason._tag} ${reason.delivery}` : reason._tag)
      }
    })
    if (typeof id === "number") ends.set(id, seen)
  }

  const interrupt = (): void => {
    const id = oneOf(Array.from(ends.keys()))
    if (id === undefined) return
    if (ends.get(id)?.length === 0) interrupted.add(id)
    dispatcher.interrupt(id)
  }

  const post = (messages: ReadonlyArray<ToWorker>): void => {
    const requests = messages.filter((message) => message[0] === toWorker.request)
    if (requests.some(([, , tag]) => tag === "poison")) throw new Error("cannot be cloned")
    for (const [, id] of requests) {
      assert.isFalse(posted.has(id), `call ${id} was posted twice`)
      posted.add(id)
    }
  }

  const add = (): void => {
    const onRefused = (message: ToWorker, error: unknown): void => {
      if (message[0] === toWorker.request) dispatcher.refused(message, error)
    }
    const unit = Unit.make(++lastUnit, 0, unstarted, Outbox.make({ post, onRefused }), 0)
    unit.state = "ready"
    units.add(unit)
    dispatcher.add(unit)
  }

  const lose = (unit: Unit.Unit): void => {
    unit.state = "dying"
    units.delete(unit)
    dispatcher.remove(unit)
    dispatcher.lose(unit, (boundary) => failures.crashed(boundary, ending))
  }

  const flush = (): void => {
    for (const { outbox } of units) outbox.flush()
  }

  const answer = (unit: Unit.Unit): void => {
    flush()
    const call = oneOf(Array.from(unit.calls))
    if (call === undefined) return
    const outcome =
      chance() < 0.8 ? ([fromWorker.success, call.id, 1] as const) : ([fromWorker.ended, call.id] as const)
    dispatcher.receive(unit, outcome)
  }

  const step = (): void => {
    const dice = chance()
    const unit = oneOf(Array.from(units))
    if (dice < 0.35) submit()
    else if (dice < 0.5 && units.size < 3) add()
    else if (dice < 0.55 && unit !== undefined) lose(unit)
    else if (dice < 0.75 && unit !== undefined) answer(unit)
    else if (dice < 0.85) interrupt()
    else if (dice < 0.95) {
      time += 3
      dispatcher.expire()
    } else flush()
  }

  const checkBooks = (): void => {
    const active = Array.from(dispatcher.active)
    for (const { queue } of lanes) {
      const [first] = queue
      if (first === undefined) continue
      const isBehind = lanes.some(({ queue: [other] }) => other !== undefined && other.id < first.id)
      // It does not join those of its kind while others wait who came before it.
      const takers = active.filter((unit) => !first.lane.exclusive || unit.calls.size === 0 || !isBehind)
      assert.isFalse(
        takers.some((unit) => Unit.hasRoom(unit, first)),
        `${first.id} is stuck`
      )
    }
    const queued = lanes.flatMap(({ queue }) => queue)
    assert.strictEqual(dispatcher.queued(), queued.length)
    for (const { calls, load, reservedFor } of active) {
      const kinds = new Set(Array.from(calls, ({ lane }) => lane.exclusive))
      assert.isAtMost(kinds.size, 1, "calls that want a worker for themselves have it with others")
      if (reservedFor !== undefined) assert.include(queued, reservedFor)
      const counted = lanes.map((lane) => Array.from(calls).filter((call) => call.lane === lane).length)
      assert.deepStrictEqual(
        lanes.map(({ index }) => load[index] ?? 0),
        counted
      )
    }
  }

  const close = (): void => {
    depth = Number.POSITIVE_INFINITY
    for (const unit of Array.from(units)) lose(unit)
    dispatcher.clearQueue(failures.draining)
  }

  return { checkBooks, close, dispatcher, ends, interrupted, posted, step }
}

describe("dispatcher", () => {
  it("ends each call once, tells the truth about it, and lets none wait for nothing", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { checkBooks, close, dispatcher, ends, interrupted, posted, step } = setup(seed)
      for (let i = 0; i < 120; i++) {
        step()
        checkBooks()
      }
      close()
      assert.strictEqual(dispatcher.calls.size, 0)
      for (const [id, seen] of ends) {
        // One that is given up in the moment of its end may be told of it: its fiber does not listen any more.
        assert.isAtMost(seen.length, 1, `seed ${seed}, call ${id}: ${seen.join(", ")}`)
        if (!interrupted.has(id)) assert.strictEqual(seen.length, 1, `seed ${seed}, call ${id}`)
        const [how = ""] = seen
        if (how.endsWith("not-sent") || how === "Draining") assert.isFalse(posted.has(id), `seed ${seed}: ${how}`)
        if (how.startsWith("Crashed")) assert.isTrue(posted.has(id), `seed ${seed}: ${how}`)
      }
    }
  })
})
