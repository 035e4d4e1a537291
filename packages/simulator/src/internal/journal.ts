/** The bounded record of requests, with those who wait for something to happen in it. */
import * as Effect from "effect/Effect"
import type { Outcome, SeenRequest } from "../SeenRequest.ts"
import { removeOldest } from "./oldest.ts"

/** What is known of a request before its body. */
export type Arrival = Pick<SeenRequest, "method" | "path" | "headers" | "bearer" | "connection">

/** What its body told, and what it got. */
export type Content = Pick<SeenRequest, "model" | "fault" | "phase" | "status" | "stream" | "fields" | "bytes" | "body">

/** Before its body is known. */
export const nothing: Content = {
  model: undefined,
  fault: undefined,
  phase: undefined,
  status: undefined,
  stream: false,
  fields: [],
  bytes: 0,
  body: undefined
}

/** A request that is being served. */
export interface Entry {
  readonly number: number
  readonly id: string
  readonly describe: (content: Partial<Content>) => void
  /** The first outcome stays. */
  readonly settle: (outcome: Exclude<Outcome, "pending">) => void
}

export interface Journal {
  readonly arrived: (arrival: Arrival) => Entry
  readonly connectionClosed: (connection: number) => void
  /** The oldest first. */
  readonly list: () => ReadonlyArray<SeenRequest>
  readonly count: () => number
  /** Forgets the requests, not how many there were. */
  readonly clear: () => void
  /** Tells of each request when it has its outcome. The result ends it. */
  readonly onSettled: (listener: (request: SeenRequest) => void) => () => void
  readonly awaitRequest: (predicate: (request: SeenRequest) => boolean) => Effect.Effect<SeenRequest>
}

type Entered = Omit<SeenRequest, "socketOpen">

interface Waiter {
  readonly predicate: (request: SeenRequest) => boolean
  readonly resume: (effect: Effect.Effect<SeenRequest>) => void
}

/** `isOpen` says whether a connection is still open. */
export const make = (options: {
  readonly limit: number
  readonly recordBodies: boolean
  readonly isOpen: (connection: number) => boolean
  readonly now: () => number
}): Journal => {
  const { isOpen, limit, now, recordBodies } = options
  const log = new Map<number, Entered>()
  const waiters = new Set<Waiter>()
  const listeners = new Set<(request: SeenRequest) => void>()
  let count = 0

  const snapshot = (entered: Entered): SeenRequest => ({ ...entered, socketOpen: isOpen(entered.connection) })

  const offer = (waiter: Waiter, request: SeenRequest): boolean => {
    try {
      if (!waiter.predicate(request)) return false
      waiter.resume(Effect.succeed(request))
    } catch (defect) {
      waiter.resume(Effect.die(defect))
    }
    waiters.delete(waiter)
    return true
  }

  const changed = (entered: Entered): void => {
    if (waiters.size === 0) return
    const request = snapshot(entered)
    for (const waiter of waiters) offer(waiter, request)
  }

  return {
    arrived(arrival) {
      const number = ++count
      const start = now()
      let entered: Entered = {
        ...nothing,
        ...arrival,
        number,
        id: `sim-req-${number}`,
        outcome: "pending",
        millis: undefined
      }
      const update = (change: Partial<Entered>) => {
        entered = { ...entered, ...change }
        if (log.has(number)) log.set(number, entered)
        changed(entered)
      }
      log.set(number, entered)
      if (log.size > limit) removeOldest(log)
      changed(entered)
      return {
        number,
        id: entered.id,
        describe: (content) => update(recordBodies ? content : { ...content, body: undefined }),
        settle: (outcome) => {
          if (entered.outcome !== "pending") return
          update({ outcome, millis: now() - start })
          for (const listener of listeners) listener(snapshot(entered))
        }
      }
    },
    connectionClosed(connection) {
      if (waiters.size === 0) return
      for (const entered of log.values()) if (entered.connection === connection) changed(entered)
    },
    list: () => [...log.values()].map(snapshot),
    count: () => count,
    clear: () => log.clear(),
    onSettled(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    awaitRequest: (predicate) =>
      Effect.callback((resume) => {
        const waiter: Waiter = { predicate, resume }
        for (const entered of log.values()) if (offer(waiter, snapshot(entered))) return
        waiters.add(waiter)
        return Effect.sync(() => void waiters.delete(waiter))
      })
  }
}
