/**
 * What each place is asked: all that a group of Rpcs can express. Each case gives
 * what its caller saw, as plain values.
 */
// @effect-diagnostics anyUnknownInErrorContext:off the cases are of all kinds of calls
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as RpcClient from "effect/rpc/RpcClient"
import * as Stream from "effect/Stream"
import { Good, Odd } from "../fixtures/contracts.ts"
import { eventually } from "../fixtures/pool.ts"
import { Everything, Point } from "./fixtures/everything.ts"

/** An exit by what of it crosses a boundary: without stacks and fiber ids. */
const shape = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isSuccess(exit)
    ? { success: exit.value }
    : exit.cause.reasons.map((reason) => {
        switch (reason._tag) {
          case "Fail":
            return { fail: reason.error }
          case "Die":
            return { die: reason.defect instanceof Error ? [reason.defect.name, reason.defect.message] : reason.defect }
          case "Interrupt":
            return "interrupt"
        }
      })

const shapeOf = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.map(Effect.exit(self), shape)

/** Elements, then how it ended. */
const shapeOfStream = <A, E, R>(self: Stream.Stream<A, E, R>) =>
  Effect.gen(function* () {
    const seen: Array<A> = []
    const end = yield* shapeOf(Stream.runForEach(self, (a) => Effect.sync(() => void seen.push(a))))
    return [seen, end]
  })

let lastId = 0
/** A name that no other call has, in any place. */
const freshId = Effect.sync(() => `call ${++lastId}`)

type Services = Good | Odd | Everything
export type Case = Effect.Effect<unknown, never, Services>

const good = (f: (good: Good["Service"]) => Effect.Effect<unknown>): Case => Effect.flatMap(Good, f)
const odd = (f: (odd: Odd["Service"]) => Effect.Effect<unknown>): Case => Effect.flatMap(Odd, f)
const all = (f: (all: Everything["Service"]) => Effect.Effect<unknown>): Case => Effect.flatMap(Everything, f)

/** What a call told of itself until it has ended. */
const toldWhenEnded = (all: Everything["Service"], id: string) =>
  eventually(Effect.orDie(all.told({ id })), (told) => told.length === 2)

/** Waits until a call runs. */
const began = (all: Everything["Service"], id: string) =>
  eventually(Effect.orDie(all.told({ id })), (told) => told.length > 0)

/** Interrupts a call once it runs; what it told. */
const interrupting = (start: (all: Everything["Service"], id: string) => Effect.Effect<unknown, unknown>): Case =>
  all((all) =>
    Effect.gen(function* () {
      const id = yield* freshId
      const fiber = yield* Effect.forkChild(Effect.exit(start(all, id)), { startImmediately: true })
      yield* began(all, id)
      yield* Fiber.interrupt(fiber)
      return yield* toldWhenEnded(all, id)
    })
  )

const values = {
  date: new Date(86_400_000),
  map: new Map([["a", 1]]),
  set: new Set(["a", "b"]),
  big: 2n ** 70n,
  url: new URL("https://example.com/a?b=c"),
  bytes: Uint8Array.of(1, 2, 255),
  duration: Duration.seconds(3),
  some: Option.some(1),
  result: Result.fail("no"),
  point: new Point({ x: 1, y: 2 }),
  nothing: undefined,
  number: Number.NEGATIVE_INFINITY
}

const endings = ["done", "fail", "die", "interrupt"] as const

/** By what they are about, and their name. */
export const cases: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  "unary calls": {
    "a success": good((_) => shapeOf(_.square({ x: 3 }))),
    "many at once, each with its own answer": good((_) =>
      shapeOf(
        Effect.forEach(
          Array.from({ length: 50 }, (_, x) => x),
          (x) => _.square({ x }),
          { concurrency: 50 }
        )
      )
    ),
    "a payload that is no struct": all((_) => shapeOf(_.plain("text"))),
    "a payload and a success that are classes": all((_) =>
      Effect.map(_.move(new Point({ x: 1, y: 2 })), (point) => [
        point instanceof Point,
        point.x,
        point.y,
        point.sum
      ]).pipe(shapeOf)
    ),
    "values that JSON has no form for": all((_) => shapeOf(_.values({ values }))),
    "a field that is there": odd((_) => shapeOf(_.optional({ text: "text" }))),
    "a field that is not": odd((_) => shapeOf(_.optional({}))),
    "a field with a default": odd((_) => shapeOf(_.defaulted({}))),
    "schemas that take a moment": odd((_) => shapeOf(_.slow({ text: "slow" })))
  },
  "failures and defects": {
    "a typed error": good((_) => shapeOf(_.refuse({ code: 3 }))),
    "a typed error that is no class": all((_) => shapeOf(_.failsByClass())),
    "a cause with several reasons": all((_) => shapeOf(_.several())),
    "an error as a defect": good((_) => shapeOf(_.die({ how: "error" }))),
    "a string as a defect": good((_) => shapeOf(_.die({ how: "string" }))),
    "a handler that throws": good((_) => shapeOf(_.die({ how: "throw" }))),
    "a defect with a schema of its own": all((_) => shapeOf(_.oddDefect())),
    "a handler that interrupts itself": odd((_) => shapeOf(_.interruptsItself()))
  },
  streams: {
    "their elements": good((_) => shapeOfStream(_.count({ to: 40 }))),
    "elements, and then a failure": good((_) => shapeOfStream(_.count({ to: 40, failAt: 30 }))),
    ...Object.fromEntries(
      endings.flatMap((end) =>
        [[], [1], [3, 0, 2], [5000]].map((sizes): [string, Case] => [
          `chunks of ${sizes.join(", ") || "nothing"}, and then ${end}`,
          all((_) => shapeOfStream(_.chunks({ sizes, end })))
        ])
      )
    ),
    "a handler that throws": all((_) => shapeOfStream(_.throwsStream())),
    "a handler that gives a queue": odd((_) => shapeOfStream(_.queued({ fail: false }))),
    "a handler that gives a queue that fails": odd((_) => shapeOfStream(_.queued({ fail: true }))),
    "elements that take a moment to encode": odd((_) => shapeOfStream(_.slowly({ text: "slow" }))),
    "as a queue": all((_) =>
      Effect.flatMap(_.chunks({ sizes: [3], end: "fail" }, { asQueue: true, streamBufferSize: 4 }), (queue) =>
        shapeOfStream(Stream.fromQueue(queue))
      ).pipe(Effect.scoped)
    ),
    "as a queue of which one element is taken": good((_) =>
      Effect.gen(function* () {
        const id = yield* freshId
        const first = yield* Effect.scoped(Effect.flatMap(_.endless({ id }, { asQueue: true }), Queue.take))
        const { ended } = yield* eventually(_.produced({ id }), ({ ended }) => ended)
        return [first, ended]
      }).pipe(shapeOf)
    ),
    "of which three elements are taken": good((_) =>
      Effect.gen(function* () {
        const id = yield* freshId
        const taken = yield* Stream.runCollect(Stream.take(_.endless({ id }), 3))
        const { ended } = yield* eventually(_.produced({ id }), ({ ended }) => ended)
        return [taken, ended]
      }).pipe(shapeOf)
    )
  },
  interruption: {
    "reaches the handler, which sees that the client did it": interrupting((_, id) => _.waits({ id })),
    "reaches the producer of a stream": interrupting((_, id) => Stream.runDrain(_.streamWaits({ id }))),
    "by a timeout": all((_) =>
      Effect.gen(function* () {
        const id = yield* freshId
        const none = yield* Effect.timeoutOption(_.waits({ id }), "50 millis")
        return [none, yield* toldWhenEnded(_, id)]
      }).pipe(shapeOf)
    ),
    "does not reach a handler that is uninterruptible": all((_) =>
      Effect.gen(function* () {
        const id = yield* freshId
        const fiber = yield* Effect.forkChild(Effect.exit(_.firmlyWaits({ id })), { startImmediately: true })
        yield* began(_, id)
        yield* Fiber.interrupt(fiber)
        const before = yield* _.told({ id })
        yield* _.release({ id })
        return [before, yield* toldWhenEnded(_, id)]
      }).pipe(shapeOf)
    )
  },
  "calls whose result is discarded": {
    "know of what was thrown before there was an effect": good((_) =>
      shapeOf(_.die({ how: "throw" }, { discard: true }))
    ),
    "and of a middleware that refuses": odd((_) =>
      shapeOf(_.whoCalls(undefined, { discard: true, headers: { anonymous: "yes" } }))
    )
  },
  "headers and middleware": {
    "of a call": all((_) => shapeOf(_.headers(undefined, { headers: { "X-Test-A": "1" } }))),
    "as pairs": all((_) => shapeOf(_.headers(undefined, { headers: [["x-Test-b", "2"]] }))),
    "of the fiber, below those of the call": all((_) =>
      _.headers(undefined, { headers: { "x-test-a": "call" } }).pipe(
        RpcClient.withHeaders({ "x-test-a": "fiber", "x-test-c": "3" }),
        shapeOf
      )
    ),
    "what a handler is told of its call": all((_) => shapeOf(_.options({ a: 1 }))),
    "a middleware's service": odd((_) => shapeOf(_.whoCalls())),
    "a middleware's refusal": odd((_) => shapeOf(_.whoCalls(undefined, { headers: { anonymous: "yes" } }))),
    "a middleware's refusal, by the fiber's headers": odd((_) =>
      shapeOf(_.whoCalls().pipe(RpcClient.withHeaders({ anonymous: "yes" })))
    ),
    "a middleware's service, in a stream": odd((_) => shapeOfStream(_.greetings())),
    "a middleware's refusal, of a stream": odd((_) =>
      shapeOfStream(_.greetings(undefined, { headers: { anonymous: "yes" } }))
    ),
    "their order": all((_) => shapeOf(_.trails()))
  },
  "handlers and what they give": {
    "a service of the layer": all((_) =>
      Effect.map(Effect.all([_.counted(), _.counted()]), ([first, second]) => second - first).pipe(shapeOf)
    ),
    "a deferred": odd((_) => shapeOf(_.deferred({ fail: false }))),
    "a deferred that fails": odd((_) => shapeOf(_.deferred({ fail: true }))),
    "a fork": odd((_) => shapeOf(_.forked())),
    "what cannot be interrupted": odd((_) => shapeOf(_.firm())),
    "a finalizer, which has run when the next call comes": odd((_) =>
      shapeOf(
        Effect.andThen(
          _.scoped(),
          eventually(_.finalized(), (count) => count > 0)
        ).pipe(Effect.as("finalized"))
      )
    )
  },
  spans: {
    "continue the caller's trace": good((_) =>
      Effect.gen(function* () {
        const caller = yield* Effect.orDie(Effect.currentSpan)
        const { parentId, traceId } = yield* _.span()
        // The caller's own is the parent of the client's, which is the parent of the handler's.
        return [traceId === caller.traceId, parentId !== "", parentId !== caller.spanId]
      }).pipe(Effect.withSpan("caller"), shapeOf)
    )
  }
}

/**
 * What effect's own client does otherwise over a worker, and as here in process and over HTTP: there it holds the
 * call until the handler has ended, whose failure is then the call's, since its pool counts calls by their exits.
 * A pool of ours keeps its books apart from that.
 */
export const discarded: Readonly<Record<string, Case>> = {
  "end when the handler has begun, which then goes on": all((_) =>
    Effect.gen(function* () {
      const id = yield* freshId
      const nothing = yield* _.waits({ id }, { discard: true })
      yield* began(_, id)
      const before = yield* _.told({ id })
      yield* _.release({ id })
      return [nothing, before, yield* toldWhenEnded(_, id)]
    }).pipe(shapeOf)
  ),
  "know nothing of its failure": all((_) =>
    Effect.gen(function* () {
      const id = yield* freshId
      yield* _.waits({ id, fail: true }, { discard: true })
      yield* _.release({ id })
      return yield* toldWhenEnded(_, id)
    }).pipe(shapeOf)
  ),
  "nor of its defect": good((_) => shapeOf(_.die({ how: "error" }, { discard: true })))
}

/** A case in which the pool differs by intent, and what both give. */
export interface Difference {
  readonly why: string
  readonly run: Case
  readonly pool: unknown
  readonly stock: unknown
}

/** What a boundary error says of itself, or what a defect is. */
const kindOf = (self: Effect.Effect<unknown, unknown>): Effect.Effect<unknown> =>
  Effect.map(Effect.exit(self), (exit) => {
    if (Exit.isSuccess(exit)) return exit.value
    const squashed = Cause.squash(exit.cause)
    const kind = Cause.hasDies(exit.cause) ? "defect" : "failure"
    const { note, reason } = Object(squashed)
    return {
      [kind]: reason?._tag ?? Object(squashed).name ?? String(squashed).split(":")[0],
      ...(note === undefined ? {} : { note })
    }
  })

export const differences: Readonly<Record<string, Difference>> = {
  "a success that does not fit its schema": {
    why: "it is a failure of the boundary, in the error channel, and says what did not fit",
    run: all((_) => kindOf(_.misfits())),
    pool: { failure: "Undecodable" },
    stock: { defect: 'Failed to encode response for RPC "misfits"' }
  },
  "a payload that does not fit its schema": {
    why: "it is a failure of the boundary; there it is thrown at the caller before there is an effect",
    run: all((_) => kindOf(Effect.suspend(() => _.takesFinite({ x: Number.NaN })))),
    pool: { failure: "Undecodable" },
    stock: { defect: "Error" }
  },
  "what a typed error holds beside its schema": {
    why: "errors cross without loss",
    run: good((_) => kindOf(_.upstream())),
    pool: { failure: "RateLimited", note: "kept" },
    stock: { failure: "RateLimited" }
  },
  "what a defect holds beside its message": {
    why: "defects cross without loss, and what cannot cross becomes a placeholder",
    run: good((_) => kindOf(_.die({ how: "uncloneable" }))),
    pool: { defect: "RangeError", note: "kept" },
    stock: { defect: "RangeError" }
  },
  "a finalizer that dies": {
    why: "an answer is sent once what its call held is released, so that the next call finds it free",
    run: all((_) => kindOf(_.finalizerDies())),
    pool: { defect: "in a finalizer" },
    stock: 1
  }
}
