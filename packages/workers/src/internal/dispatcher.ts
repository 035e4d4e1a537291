/**
 * When a worker gets a call. Holds every call that has not ended:
 * those that wait and those that were posted. Each ends exactly once.
 *
 * Whoever waits for a call runs as soon as its sink is told, and may make or
 * interrupt other calls in that moment; so sinks are told last, when the books are
 * in order.
 */
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as failures from "./failures.ts"
import * as Lanes from "./lanes.ts"
import * as Placement from "./placement.ts"
import * as Rate from "./rate.ts"
import { send } from "./sending.ts"
import { boundaryOf, callOf, errorOf, type Submission, tagIn } from "./submission.ts"
import { Table } from "./table.ts"
import { type Call, release, releaseAll, type Unit } from "./unit.ts"
import { fromWorker, type FromWorker, type Request, toWorker } from "./wire.ts"

/** Options of {@link make}. */
export interface Options {
  /** How many calls may wait. */
  readonly queue: number
  /** The pool's clock, in milliseconds. */
  readonly now: () => number
  /** What the worker sent of a value that did not fit. */
  readonly fromWire: (wire: unknown) => unknown
  /** Told when there is something to watch over. */
  readonly onBusy: () => void
  /** Told when no call is left. */
  readonly onEmpty: () => void
  /** Told when a call has ended for whoever made it, so long after it was made, in milliseconds. */
  readonly onEnded: (call: Call, durationMs: number) => void
}

/** Says of a boundary why a call cannot cross it. */
export type Refusal = (boundary: string) => BoundaryError

export const make = ({ fromWire, now, onBusy, onEmpty, onEnded, queue: capacity }: Options) => {
  const calls = new Table<Call>()
  const lanes = Lanes.make()
  const placement = Placement.make(lanes)
  const rate = Rate.make()
  let lastId = 0
  let refusal: Refusal | undefined
  let isDraining = false
  let isPumping = false
  let isToPumpAgain = false
  let earliestDeadline = Number.POSITIVE_INFINITY

  /** Takes a call and gives its id, or says why not. */
  const submit = (submission: Submission): number | BoundaryError => {
    const { contract, timeoutMs } = submission
    if (isDraining) return failures.draining(`${contract} pool`)
    if (refusal !== undefined) return refusal(`${contract} pool`)
    if (!(timeoutMs > 0)) return failures.deadlineExceeded(`${contract} pool`, 0, "not-sent")
    const time = now()
    const call = callOf(++lastId, submission, time)
    const unit = call.lane.queue.length === 0 ? placement.find(call) : undefined
    const queued = lanes.queued()
    if (unit === undefined && queued >= capacity) {
      return failures.overloaded(`${contract} pool`, queued, rate.waitFor(queued, calls.size - queued))
    }
    if (call.deadline < earliestDeadline) earliestDeadline = call.deadline
    calls.add(call)
    if (unit === undefined) enqueue(call)
    else post(call, unit, time)
    onBusy()
    return call.id
  }

  const enqueue = (call: Call): void => {
    lanes.push(call)
    if (call.lane.exclusive) placement.reserve(call)
  }

  const dequeue = (call: Call): void => {
    if (lanes.remove(call) && call.lane.exclusive) placement.unreserve(call)
  }

  const post = (call: Call, unit: Unit, time: number): void => {
    placement.place(call, unit)
    call.postedAt = time
    if (call.deadline < Number.POSITIVE_INFINITY && !call.isOpenEnded)
      call.request[4] = Math.max(0, Math.ceil(call.deadline - call.postedAt))
    send(unit.outbox, call.request, call.request[3], call.isFresh)
  }

  /** Posts what waits, as far as there is room. */
  const pump = (): void => {
    if (lanes.queued() === 0) return
    // A post that is refused ends its call, and with that comes here again: one by one, however many follow.
    isToPumpAgain = true
    if (isPumping) return
    isPumping = true
    do {
      isToPumpAgain = false
      postWaiting()
    } while (isToPumpAgain)
    isPumping = false
  }

  const postWaiting = (): void => {
    for (const { exclusive, queue } of lanes.all) {
      for (let call = queue[0]; call !== undefined; call = queue[0]) {
        if (exclusive) placement.reserve(call)
        const unit = placement.find(call)
        if (unit === undefined) break
        dequeue(call)
        post(call, unit, now())
        // Others may have waited behind it, for another worker that was kept free.
        if (exclusive) isToPumpAgain = true
      }
    }
  }

  /** Takes a call off the books. */
  const leave = (call: Call, time = now()): void => {
    if (!calls.delete(call.id)) return
    const { unit } = call
    if (unit === undefined) {
      dequeue(call)
    } else {
      release(unit, call)
      unit.callsDone++
      rate.count(time - call.postedAt)
      pump()
    }
    if (calls.size === 0) onEmpty()
  }

  const measure = (call: Call, time = now()): void => onEnded(call, time - call.submittedAt)

  /** Tells whoever made a call that the boundary ended it. */
  const end = (call: Call, error: BoundaryError): void => {
    measure(call)
    call.sink.fail(error)
  }

  const receive = (unit: Unit, message: FromWorker): void => {
    const [kind, id] = message
    const call = typeof id === "number" ? unit.calls.get(id) : undefined
    if (call === undefined) return
    if (isEnd(kind)) {
      const time = now()
      leave(call, time)
      if (call.abandonedAt === undefined) measure(call, time)
    }
    if (call.abandonedAt !== undefined) return
    switch (kind) {
      case fromWorker.spanStarted:
      case fromWorker.spanEnded:
        return call.sink.span(message)
      case fromWorker.chunk:
        if (call.isOpenEnded) call.deadline = Number.POSITIVE_INFINITY
        return call.sink.chunk(message[2])
      case fromWorker.success:
        return call.sink.success(message[2])
      case fromWorker.failure:
        return call.sink.failure(message[2])
      // Whoever made it waits no longer, and it goes on.
      case fromWorker.began:
      case fromWorker.ended:
        return call.sink.ended()
      case fromWorker.refused:
        return call.sink.fail(errorOf(call, message[2], fromWire))
    }
  }

  /** A request could not be posted: its call fails, and no other. */
  const refused = (request: Request, error: unknown): void => {
    const call = calls.get(request[1])
    if (call === undefined) return
    const failure = failures.undecodable(boundaryOf(call), "request", failures.oneLine(error), { tag: tagIn(call) })
    leave(call)
    if (call.abandonedAt === undefined) end(call, failure)
  }

  /** The caller no longer waits. What runs is told, and stays on its worker's books until it ends. */
  const abandon = (call: Call): void => {
    if (call.abandonedAt !== undefined) return
    call.abandonedAt = now()
    if (call.unit === undefined) leave(call)
    else call.unit.outbox.push([toWorker.interrupt, call.id])
  }

  const interrupt = (id: number): void => {
    const call = calls.get(id)
    if (call === undefined) return
    abandon(call)
    // Others may have waited behind it.
    pump()
  }

  const ack = (id: number, chunks: number): void => {
    calls.get(id)?.unit?.outbox.push([toWorker.ack, id, chunks])
  }

  /** Ends a call with a failure of the boundary; a handler that runs is interrupted. */
  const fail = (call: Call, error: BoundaryError): void => {
    if (call.abandonedAt !== undefined) return
    abandon(call)
    end(call, error)
  }

  /** Ends the calls whose deadline has passed. */
  const expire = (): void => {
    const time = now()
    if (time < earliestDeadline) return
    earliestDeadline = Number.POSITIVE_INFINITY
    const expired: Array<Call> = []
    for (const call of calls.inOrder()) {
      if (call.abandonedAt !== undefined) continue
      if (call.deadline <= time) expired.push(call)
      else if (call.deadline < earliestDeadline) earliestDeadline = call.deadline
    }
    for (const call of expired) {
      const delivery = call.unit === undefined ? "not-sent" : "may-have-run"
      fail(call, failures.deadlineExceeded(boundaryOf(call), call.limitMs, delivery))
    }
    if (expired.length > 0) pump()
  }

  const add = (unit: Unit): void => {
    placement.add(unit)
    pump()
  }

  /** Moves what was not posted yet to other workers. */
  const reclaim = (unit: Unit): void => {
    const unsent = unit.outbox.close()
    for (const message of unsent.toReversed()) {
      const call = message[0] === toWorker.request ? unit.calls.get(message[1]) : undefined
      if (call === undefined) continue
      release(unit, call)
      call.unit = undefined
      if (call.abandonedAt !== undefined) {
        leave(call)
        continue
      }
      // It came before all that wait.
      lanes.putBack(call)
    }
    pump()
  }

  /** Ends the calls of a worker that is gone. */
  const lose = (unit: Unit, errorOf: Refusal): void => {
    reclaim(unit)
    const lost = releaseAll(unit)
    for (const call of lost) calls.delete(call.id)
    for (const call of lost) if (call.abandonedAt === undefined) end(call, errorOf(boundaryOf(call)))
    if (calls.size === 0) onEmpty()
  }

  /** Refuses every call from now on, until told otherwise. */
  const refuse = (errorOf: Refusal | undefined): void => {
    refusal = errorOf
  }

  /** Takes no new calls, for good. */
  const drain = (): void => {
    isDraining = true
  }

  /** Ends what waits. */
  const clearQueue = (errorOf: Refusal): void => {
    for (const call of calls.inOrder()) if (call.unit === undefined) fail(call, errorOf(boundaryOf(call)))
  }

  return {
    ack,
    active: placement.active,
    add,
    calls,
    clearQueue,
    drain,
    expire,
    fail,
    interrupt,
    isDraining: () => isDraining,
    lane: lanes.add,
    lose,
    queued: lanes.queued,
    receive,
    reclaim,
    refuse,
    refused,
    /** Takes a worker out of service; its calls stay with it. */
    remove: placement.remove,
    submit
  }
}

const isEnd = (kind: FromWorker[0]): boolean =>
  kind !== fromWorker.chunk &&
  kind !== fromWorker.began &&
  kind !== fromWorker.spanStarted &&
  kind !== fromWorker.spanEnded

/** See {@link make}. */
export type Dispatcher = ReturnType<typeof make>
