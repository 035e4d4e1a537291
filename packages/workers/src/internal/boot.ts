/**
 * The life of a worker, from its first line to its last.
 */
import * as Redaction from "@causeway/core/Redaction"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import type { Port } from "./host.ts"
import { forward } from "./logs.ts"
import * as Lossless from "./lossless.ts"
import * as Outbox from "./outbox.ts"
import * as Server from "./server.ts"
import * as Spans from "./spans.ts"
import * as Vitals from "./vitals.ts"
import { type BootOptions, fromWorker, type FromWorker, toWorker } from "./wire.ts"

/** How long an answer waits for others of the same turn, in milliseconds. */
const holdMs = 0.2

/** What an entry is served with. */
export interface Options<in ROut, out E> {
  readonly handlers: Layer.Layer<ROut, E>
  readonly lossless: Parameters<typeof Lossless.make>[0]
  readonly boot: BootOptions
  readonly port: Port
}

/** Builds the layer, serves what it holds, and ends when the pool says so. */
export const serve = <ROut, E>({ boot, handlers, lossless, port }: Options<ROut, E>): void => {
  redactStderr()
  const crossing = Lossless.make(lossless)
  let server: Server.Server | undefined
  const outbox = Outbox.make<FromWorker>({
    post: port.post,
    moves: port.moves,
    onRefused: (message, error) => server?.refused(message, error),
    hold: { ms: holdMs, messages: boot.together }
  })
  const logs = forward(outbox, crossing)
  const room = Spans.makeRoom()
  const scope = Scope.makeUnsafe()

  const tellDropped = (): void => {
    const count = room.dropped()
    if (count > 0) logs.warn(`${count} spans were not recorded: they began faster than the pool could take them`)
  }

  const exit = (code: number, ...last: ReadonlyArray<FromWorker>): void => {
    tellDropped()
    logs.flush()
    for (const message of last) outbox.push(message)
    outbox.flush()
    process.exit(code)
  }

  const stop = (): void => {
    const finalize = Effect.andThen(server?.close ?? Effect.void, Scope.close(scope, Exit.void))
    Effect.runFork(finalize).addObserver(() => exit(0))
  }

  const vitals = Vitals.make(boot.heartbeatMs)
  setInterval(() => {
    port.beat()
    server?.expire()
    const told = vitals.beat()
    if (told === undefined) return
    outbox.push(told)
    tellDropped()
  }, boot.heartbeatMs).unref()

  // Rejections that nobody handles arrive here as well.
  process.on("uncaughtException", (error) => exit(1, [fromWorker.uncaught, crossing.toWire(error)]))

  port.listen((messages) => {
    for (const message of messages) {
      if (message[0] === toWorker.stop) stop()
      else if (message[0] === toWorker.logged) logs.taken(message[1])
      else if (message[0] === toWorker.recorded) room.give(message[1])
      else server?.receive(message)
    }
  })

  const services = Context.empty().pipe(
    Context.add(Logger.CurrentLoggers, new Set([logs.logger])),
    Context.add(References.MinimumLogLevel, boot.logLevel)
  )
  const build = Effect.flatMap(Layer.buildWithScope(handlers, scope), (context) =>
    Effect.sync(() => {
      server = Server.make(context, outbox, crossing, room)
      outbox.push([fromWorker.ready])
    })
  )
  Effect.runForkWith(services)(build).addObserver((built) => {
    if (Exit.isFailure(built)) exit(1, [fromWorker.bootFailed, crossing.toWire(Cause.squash(built.cause))])
  })
}

/**
 * What this thread writes to its standard error becomes part of the failure, should
 * it crash: the secrets that only this thread knows are taken out here.
 */
const redactStderr = (): void => {
  const { stderr } = process
  const write = stderr.write.bind(stderr)
  stderr.write = (chunk: string | Uint8Array, ...rest: ReadonlyArray<never>) => write(redacted(chunk), ...rest)
}

const redacted = (chunk: string | Uint8Array): string | Uint8Array => {
  const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()
  const safe = Redaction.text(text)
  // What holds no secret stays as it is, a part of a character included.
  return safe === text ? chunk : safe
}
