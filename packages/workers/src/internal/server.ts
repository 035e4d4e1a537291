/**
 * The worker's side of the boundary: finds the handler of each call, runs it, and
 * sends back how it ended. A handler that ends without waiting costs no more than
 * its own run: its fiber is looked at once, and never kept.
 */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Headers from "effect/http/Headers"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcMessage from "effect/rpc/RpcMessage"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Scope from "effect/Scope"
import { isDone } from "./codecs.ts"
import { continued, hasEnded } from "./continued.ts"
import { entriesOf, type Entry, type Metadata } from "./entries.ts"
import { inWords } from "./inWords.ts"
import type { Crossing } from "./lossless.ts"
import type { Opaque } from "./opaque.ts"
import type { Outbox } from "./outbox.ts"
import { send } from "./sending.ts"
import type * as Spans from "./spans.ts"
import * as StreamServer from "./streamServer.ts"
import { Table } from "./table.ts"
import {
  type Refusal,
  type Refused,
  fromWorker,
  type FromWorker,
  type Request,
  toWorker,
  type ToWorker
} from "./wire.ts"

/** A call whose handler runs. */
interface Call {
  readonly id: number
  readonly entry: Entry
  readonly discard: boolean
  /** Made when there is something to run. */
  scope: Scope.Closeable | undefined
  readonly credit: StreamServer.Credit | undefined
  /** On this thread's clock. */
  readonly deadline: number
  fiber: Fiber.Fiber<unknown, Opaque> | undefined
  /** Nobody waits for it any more. */
  isAbandoned: boolean
  /** The boundary ends it, whatever the handler says. */
  refusal: Refusal | undefined
}

/** See {@link make}. */
export interface Server {
  readonly receive: (message: ToWorker) => void
  /** Fails the calls whose deadline has passed. */
  readonly expire: () => void
  /** A message could not be posted. */
  readonly refused: (message: FromWorker, error: unknown) => void
  /** Interrupts what runs, and ends when it has ended, finalizers included. */
  readonly close: Effect.Effect<void>
}

/** A handler that holds the event loop longer than this at its start holds back nobody else's answer. */
const slowMs = 0.2

/** Serves the contracts whose handlers a context holds. */
export const make = (
  context: Context.Context<never>,
  outbox: Outbox<FromWorker>,
  crossing: Crossing,
  room: Spans.Room
): Server => {
  const entries = entriesOf(context, crossing.codecFor)
  const { toExcerpt } = crossing
  const client = new Rpc.ServerClient(0)
  const running = new Table<Call>()
  let onQuiet: (() => void) | undefined

  const receive = (message: ToWorker): void => {
    switch (message[0]) {
      case toWorker.request:
        return start(message)
      case toWorker.interrupt: {
        const call = running.get(message[1])
        if (call === undefined) return
        call.isAbandoned = true
        return interrupt(call)
      }
      case toWorker.ack:
        return running.get(message[1])?.credit?.give(message[2])
      default:
        return undefined
    }
  }

  const start = (request: Request): void => {
    const [, id, tag, , timeout, , , discard = false] = request
    const entry = entries.get(tag)
    if (entry === undefined) {
      return outbox.push([fromWorker.refused, id, { _tag: "NotServed", served: Array.from(entries.keys()) }])
    }
    if (entry.busyMs > slowMs) outbox.flush()
    const startedAt = performance.now()
    const call: Call = {
      id,
      entry,
      discard,
      scope: undefined,
      credit: entry.codecs.isStream ? StreamServer.credit() : undefined,
      deadline: timeout === undefined ? Number.POSITIVE_INFINITY : startedAt + timeout,
      fiber: undefined,
      isAbandoned: false,
      refusal: undefined
    }
    running.add(call)
    const effect = continued(handled(call, request), { id, entry, trace: request[6], outbox, crossing, room })
    // What has ended needs no fiber.
    if (hasEnded(effect)) settle(call, effect)
    else {
      call.fiber = run(call, effect)
      // What it sent at its start may have been refused already.
      if (call.refusal !== undefined) interrupt(call)
      const exit = call.fiber.pollUnsafe()
      if (exit === undefined) call.fiber.addObserver((exit) => settle(call, exit))
      else settle(call, exit)
    }
    entry.busyMs = performance.now() - startedAt
  }

  const run = (call: Call, effect: Effect.Effect<unknown, Opaque>): Fiber.Fiber<unknown, Opaque> => {
    call.scope ??= Scope.makeUnsafe()
    return Effect.runForkWith(Context.add(call.entry.context, Scope.Scope, call.scope))(effect)
  }

  /** The handler's effect, from the encoded payload to the value that it ends with. */
  const handled = (call: Call, request: Request): Effect.Effect<unknown, Opaque> => {
    const decoded = call.entry.codecs.decodePayload(request[3])
    if (isDone(decoded)) return handle(call, request, decoded.value)
    return Effect.matchEffect(decoded, {
      onFailure: (issue) => {
        call.refusal = { _tag: "Undecodable", direction: "request", issue, raw: toExcerpt(request[3]) }
        return Effect.interrupt
      },
      onSuccess: (payload) => handle(call, request, payload)
    })
  }

  const handle = (call: Call, request: Request, payload: unknown): Effect.Effect<unknown, Opaque> => {
    const { entry } = call
    const metadata: Metadata = {
      rpc: entry.rpc,
      client,
      requestId: RpcMessage.RequestId(call.id),
      headers: headersOf(request),
      payload
    }
    try {
      return through(call, entry.handler(payload, metadata), metadata)
    } catch (defect) {
      // The handler or a middleware threw, before there was an effect.
      return Exit.die(defect)
    }
  }

  /** What a handler gave, as an effect, in the call's middlewares. */
  const through = (call: Call, result: object, metadata: Metadata): Effect.Effect<unknown, Opaque> => {
    const inner = Rpc.unwrap(result)
    let effect = (call.credit === undefined ? inner : chunked(call, call.credit, inner)) as Effect.Effect<
      unknown,
      Opaque
    >
    if (call.discard) {
      // In its middlewares, which may refuse it.
      const began = Effect.sync(() => reply([fromWorker.began, call.id], true))
      effect = Effect.andThen(began, Effect.catchCause(effect, ErrorReporter.report))
    }
    for (const middleware of call.entry.middlewares) effect = middleware(effect, metadata)
    return Rpc.isWrapper(result) && result.uninterruptible ? Effect.uninterruptible(effect) : effect
  }

  const chunked = (call: Call, credit: StreamServer.Credit, result: object) =>
    StreamServer.send(result as Parameters<typeof StreamServer.send>[0], {
      encodeChunk: call.entry.codecs.encodeChunk,
      credit,
      emit: (chunk) => {
        // None follows one that could not be posted.
        if (call.refusal === undefined) reply([fromWorker.chunk, call.id, chunk], call.entry.codecs.isFreshSuccess())
      },
      misfit: (issue) => {
        call.refusal = { _tag: "Undecodable", direction: "response", issue }
        return Effect.interrupt
      }
    })

  /** A handler may hand over to a deferred, which then says how the call ends. */
  const settle = (call: Call, exit: Exit.Exit<unknown, Opaque>): void => {
    if (Exit.isFailure(exit) || !Deferred.isDeferred<unknown, Opaque>(exit.value)) return leave(call, exit)
    call.fiber = run(call, Deferred.await(exit.value))
    if (call.isAbandoned) interrupt(call)
    call.fiber.addObserver((exit) => leave(call, exit))
  }

  /** The handler has ended: its finalizers run, then the outcome is sent. */
  const leave = (call: Call, exit: Exit.Exit<unknown, Opaque>): void => {
    const finalizers = call.scope === undefined ? undefined : Scope.closeUnsafe(call.scope, exit)
    if (finalizers === undefined) return conclude(call, exit)
    Effect.runForkWith(call.entry.context)(finalizers).addObserver((closed) =>
      conclude(call, Exit.isSuccess(closed) || Exit.isFailure(exit) ? exit : closed)
    )
  }

  const conclude = (call: Call, exit: Exit.Exit<unknown, Opaque>): void => {
    if (call.refusal !== undefined) return end(call, [fromWorker.refused, call.id, call.refusal], true)
    if (call.isAbandoned || (call.discard && Exit.isSuccess(exit))) {
      return end(call, [fromWorker.ended, call.id], true)
    }
    const { encodeExit, encodeSuccess, isFreshSuccess } = call.entry.codecs
    const succeeded = Exit.isSuccess(exit)
    if (succeeded && call.credit !== undefined) return end(call, [fromWorker.ended, call.id], true)
    const answer = (encoded: Exit.Exit<unknown, string>): void => {
      if (Exit.isFailure(encoded)) {
        const raw = succeeded ? exit.value : Cause.squash(exit.cause)
        return end(call, misfit(call.id, inWords(Cause.squash(encoded.cause)), toExcerpt(raw)), false)
      }
      if (succeeded) end(call, [fromWorker.success, call.id, encoded.value], isFreshSuccess())
      else end(call, [fromWorker.failure, call.id, encoded.value], false)
    }
    if (succeeded) {
      const encoded = encodeSuccess(exit.value)
      if (isDone(encoded)) return answer(encoded)
      Effect.runForkWith(call.entry.context)(encoded).addObserver(answer)
      return
    }
    // In a fiber, so that the codec sees the options that the handlers were built with.
    Effect.runForkWith(call.entry.context)(Effect.suspend(() => encodeExit(exit))).addObserver(answer)
  }

  const end = (call: Call, message: FromWorker, isFresh: boolean): void => {
    running.delete(call.id)
    reply(message, isFresh)
    if (running.size === 0) onQuiet?.()
  }

  const reply = (message: FromWorker, isFresh: boolean): void => send(outbox, message, message[2], isFresh)

  const refused = (message: FromWorker, error: unknown): void => {
    const issue = inWords(error)
    if (message[0] === fromWorker.success || message[0] === fromWorker.failure) {
      outbox.push(misfit(message[1], issue, toExcerpt(message[2])))
    }
    if (message[0] === fromWorker.refused) outbox.push(withoutRaw(message))
    if (message[0] === fromWorker.spanStarted) room.give(1)
    if (message[0] !== fromWorker.chunk) return
    const call = running.get(message[1])
    if (call === undefined) return
    call.refusal ??= { _tag: "Undecodable", direction: "response", issue, raw: toExcerpt(message[2]) }
    interrupt(call)
  }

  const interrupt = (call: Call): void => call.fiber?.interruptUnsafe(undefined, RpcSchema.ClientAbort.annotation)

  const expire = (): void => {
    const now = performance.now()
    for (const call of running.inOrder()) {
      if (call.deadline > now || call.isAbandoned || call.refusal !== undefined) continue
      call.refusal = { _tag: "DeadlineExceeded" }
      interrupt(call)
    }
  }

  const close = Effect.callback<void>((resume) => {
    for (const call of running.inOrder()) {
      call.isAbandoned = true
      interrupt(call)
    }
    if (running.size === 0) return resume(Effect.void)
    onQuiet = () => resume(Effect.void)
  })

  return { close, expire, receive, refused }
}

const misfit = (id: number, issue: string, raw: unknown): FromWorker => [
  fromWorker.refused,
  id,
  { _tag: "Undecodable", direction: "response", issue, raw }
]

const withoutRaw = ([kind, id, refusal]: Refused): FromWorker =>
  refusal._tag === "Undecodable" && "raw" in refusal
    ? [kind, id, { _tag: refusal._tag, direction: refusal.direction, issue: refusal.issue }]
    : [kind, id, { _tag: "Undecodable", direction: "response", issue: "the failure itself cannot be posted" }]

/** The headers as they were sent, with the time that is left now. */
const headersOf = ([, , , , timeout, headers]: Request): Headers.Headers => {
  if (timeout === undefined) return Headers.fromInput(headers)
  const entries = headers === undefined ? [] : Object.entries(headers)
  entries.push([CallMetadata.timeoutHeader, String(timeout)])
  return Headers.fromInput(entries)
}
