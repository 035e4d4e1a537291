/**
 * Several processes that serve one port, each with workers of its own: for more
 * connections than one main thread can take. The system spreads the connections; one
 * that dies takes its own with it, and another one takes its place.
 *
 * **Example** (What `causeway serve` does with `CAUSEWAY_PROCS`)
 *
 * ```ts no-run
 * import * as Processes from "@causeway/cli/Processes"
 * import * as Settings from "@causeway/cli/Settings"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const settings = yield* Settings.load({ flags: {}, environment: process.env, cwd: process.cwd() })
 *   if (yield* Processes.isPossible(settings)) return yield* Processes.run(settings)
 * })
 *
 * Effect.runFork(program)
 * ```
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createServer } from "node:net"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { greet } from "./internal/greeting.ts"
import { hangups } from "./internal/hangups.ts"
import * as Process from "./internal/process.ts"
import type { Settings } from "./Settings.ts"

/** The first process ended before it listened; it has said why. */
export class ProcessError extends Schema.TaggedError<ProcessError>("@causeway/cli/ProcessError")("ProcessError", {
  ended: Schema.String
}) {
  override get message(): string {
    return `the first process ended before it listened (${this.ended})`
  }
}

/** Whether several processes can listen on one port here: not every system lets them. */
export const isPossible = ({ server }: Settings): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const probe = createServer()
    probe.once("error", () => resume(Effect.succeed(false)))
    probe.listen({ host: server.host, port: 0, reusePort: true }, () => {
      probe.close(() => resume(Effect.succeed(true)))
    })
  })

/**
 * Runs `settings.server.procs` processes with this one's command line until it is
 * interrupted, then lets all of them end. SIGHUP goes to each of them.
 */
export const run = Effect.fn("causeway.processes")(function* (settings: Settings) {
  const wanted = settings.server.procs
  const listening = new Map<number, ChildProcess>()
  const all = new Set<ChildProcess>()
  let port: number | undefined
  const tell = (): void => {
    for (const child of listening.values()) {
      if (child.connected) child.send({ wanted, listening: listening.size } satisfies Process.Processes)
    }
  }

  /** Ends when the process has ended, and says how. */
  const once = (number: number, onListening: (url: string) => void): Effect.Effect<string> =>
    Effect.callback((resume) => {
      const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        env: {
          ...process.env,
          [Process.variables.number]: String(number),
          ...(port !== undefined && { [Process.variables.port]: String(port) })
        },
        // A terminal sends its signals to all that it sees: they come from here instead.
        detached: true
      })
      all.add(child)
      child.on("message", (told) => {
        if (!Process.isListening(told)) return
        port ??= Number(new URL(told.url).port)
        listening.set(number, child)
        tell()
        onListening(told.url)
      })
      const end = (how: string): void => {
        all.delete(child)
        if (listening.get(number) === child) listening.delete(number)
        tell()
        resume(Effect.succeed(how))
      }
      child.on("error", (error) => end(error.message))
      child.on("exit", (code, signal) => end(signal ?? `code ${code}`))
    })

  const first = yield* Deferred.make<string, ProcessError>()

  /** One after the other; those that die young wait longer and longer. */
  const kept = Effect.fnUntraced(function* (number: number) {
    for (let young = 0; ;) {
      const from = performance.now()
      const how = yield* once(number, (url) => Deferred.doneUnsafe(first, Effect.succeed(url)))
      // Nobody listens yet: it will not be otherwise the next time, as where the port is in use.
      if (port === undefined) return yield* Deferred.fail(first, new ProcessError({ ended: how }))
      young = performance.now() - from < youth ? young + 1 : 0
      yield* Effect.logWarning(`process ${number} has ended (${how}); another one takes its place`)
      yield* Effect.sleep(Duration.millis(Math.min(10_000, 100 * 2 ** young)))
    }
  })

  yield* Effect.addFinalizer(() => endAll(all, settings))
  yield* Effect.forkScoped(kept(1))
  const url = yield* Deferred.await(first)
  for (let number = 2; number <= wanted; number++) yield* Effect.forkScoped(kept(number))
  greet(settings, url)
  yield* Effect.forkScoped(
    Stream.runForEach(hangups, () =>
      Effect.sync(() => {
        for (const child of all) child.kill("SIGHUP")
      })
    )
  )
  return yield* Effect.never
}, Effect.scoped)

/** One that ends sooner has hardly served. */
const youth = 10_000

/** Beyond a server's grace, its workers and its last answers have a moment too. */
const beyondGrace = Duration.seconds(10)

const endAll = (all: ReadonlySet<ChildProcess>, { server }: Settings): Effect.Effect<void> => {
  const ended = Effect.forEach(
    Array.from(all),
    (child) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGTERM")
      }),
    { concurrency: "unbounded", discard: true }
  )
  const grace = Duration.fromInputUnsafe(server.grace ?? "10 seconds")
  return Effect.timeoutOrElse(ended, {
    duration: Duration.sum(grace, beyondGrace),
    orElse: () =>
      Effect.sync(() => {
        for (const child of all) child.kill("SIGKILL")
      })
  })
}
