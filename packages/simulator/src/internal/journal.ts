/** The bounded record of requests, with those who wait for something to happen in it. */
import * as Effect from "effect/Effect"
import type { Outcome, SeenRequest } from "../SeenRequest.ts"

/** What is known of a request before its body. */
export type Arrival = Pick<SeenRequest, "method" | "path" | "bearer" | "connection">

/** What its body told. */
export type Content = Pick<SeenRequest, "model" | "fault" | "stream" | "fields" | "bytes">

/** A request that is being served. */
export interface Entry {
  readonly number: number
  readonly id: string
  readonly describe: (content: Content) => void
  /** The first outcome stays. */
  readonly settle: (outcome: Exclude<Outcome, "pending">) => void
}

export interface Journal {
  readonly arrived: (arrival: Arrival) => Entry
  readonly connectionClosed: (connection: number) => void
  /** The oldest first. */
  readonly list: () => ReadonlyArray<SeenRequest>
  readonly count: () => number
  readonly awaitRequest: (predicate: (request: SeenRequest) => boolean) => Effect.Effect<SeenRequest>
}

type Entered = Omit<SeenRequest, "socketOpen">

interface Waiter {
  readonly predicate: (request: SeenRequest) => boolean
  readonly resume: (effect: Effect.Effect<SeenRequest>) => void
}

/** `isOpen` says whether a connection is still open. */
export const make = (limit: number, isOpen: (connection: number) => boolean): Journal => {
  const log = new Map<number, Entered>()
  const waiters = new Set<Waiter>()
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
      let entered: Entered = {
        ...arrival,
        number,
        id: `sim-req-${number}`,
        model: undefined,
        fault: undefined,
        stream: false,
        fields: [],
        bytes: 0,
        outcome: "pending"
      }
      const update = (change: Partial<Entered>) => {
        entered = { ...entered, ...change }
        if (log.has(number)) log.set(number, entered)
        changed(entered)
      }
      log.set(number, entered)
      if (log.size > limit) log.delete(number - limit)
      changed(entered)
      return {
        number,
        id: entered.id,
        describe: update,
        settle: (outcome) => {
          if (entered.outcome === "pending") update({ outcome })
        }
      }
    },
    connectionClosed(connection) {
      if (waiters.size === 0) return
      for (const entered of log.values()) if (entered.connection === connection) changed(entered)
    },
    list: () => [...log.values()].map(snapshot),
    count: () => count,
    awaitRequest: (predicate) =>
      Effect.callback((resume) => {
        const waiter: Waiter = { predicate, resume }
        for (const entered of log.values()) if (offer(waiter, snapshot(entered))) return
        waiters.add(waiter)
        return Effect.sync(() => void waiters.delete(waiter))
      })
  }
}
