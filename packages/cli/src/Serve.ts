/**
 * `causeway serve`: the server with all that the configuration says, and the banner.
 * SIGHUP reads the configuration again.
 *
 * **Example** (The default settings, on a free port)
 *
 * ```ts no-run
 * import * as Serve from "@causeway/cli/Serve"
 * import * as Settings from "@causeway/cli/Settings"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.flatMap(
 *   Settings.load({ flags: { port: "0" }, environment: process.env, cwd: process.cwd() }),
 *   Serve.run
 * )
 *
 * Effect.runFork(program)
 * ```
 */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { ServeError } from "@causeway/server/ServeError"
import * as Admission from "@causeway/server/Admission"
import * as Server from "@causeway/server/Server"
import type { SimulatorError } from "@causeway/simulator/Simulator"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { InvalidConfig } from "./InvalidConfig.ts"
import * as App from "./internal/app.ts"
import { greet } from "./internal/greeting.ts"
import { hangups } from "./internal/hangups.ts"
import * as Process from "./internal/process.ts"
import { problemOf } from "./internal/problem.ts"
import * as Telemetry from "./internal/telemetry.ts"
import type { ServiceError } from "./ServiceError.ts"
import type { Settings } from "./Settings.ts"
import type { WorkersError } from "./WorkersError.ts"

/** Why it cannot serve. */
export type Failure = ServeError | SimulatorError | ServiceError | UpstreamError | WorkersError

/** Reads the settings again; `count`: for the how manieth time. */
export type Reload = (count: number) => Effect.Effect<Settings, InvalidConfig>

/**
 * Serves until it is interrupted; prints the banner once it listens. Workers may
 * take a moment longer: calls wait for them.
 *
 * Where calls are served in process, it fails also with what their handlers could not
 * be built for; workers that cannot be started leave the server not ready.
 *
 * With `reload`, SIGHUP lets it serve what that gives, without a dropped request: once
 * the new workers are ready, new requests go to them, and those in flight end where
 * they began. Where the settings are wrong or no worker gets ready, nothing changes,
 * and the log says why.
 */
export const run = (settings: Settings, reload?: Reload): Effect.Effect<never, Failure> =>
  Layer.launch(
    reload === undefined ? layer(settings) : Layer.provideMerge(reloading(settings, reload), layer(settings))
  )

/** The running server; the banner is printed when it is built. */
export const layer = (settings: Settings): Layer.Layer<Server.Server, Failure> =>
  Layer.effectDiscard(
    Effect.map(Server.Server, ({ url }) => (Process.isOne() ? Process.announce({ url }) : greet(settings, url)))
  ).pipe(
    Layer.provideMerge(Server.serve(App.layer(settings, App.atOnce), optionsOf(settings))),
    Layer.provide(Telemetry.layer(settings.telemetry))
  )

/** As many requests as the workers relay at a time: one more would wait for another's end. */
const optionsOf = ({ server, workers }: Settings): Server.Options => ({
  ...server,
  ...(Process.isOne() && { port: Process.sharedPort() ?? server.port, reusePort: true }),
  maxRequests: server.maxRequests ?? Admission.defaultMaxRequests * Math.max(1, workers)
})

/** What stays as it was until the server is started again. */
const fixed = ["host", "port", "procs", "maxHeaders", "maxConnections"] as const

const reloading = (first: Settings, reload: Reload): Layer.Layer<never, never, Server.Server> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { replace } = yield* Server.Server
      let count = 0
      const again = Effect.gen(function* () {
        const next = yield* reload(++count)
        yield* replace(App.layer(next, App.onceReady), optionsOf(next))
        const restart = fixed.filter((option) => String(next.server[option]) !== String(first.server[option]))
        for (const option of restart) {
          yield* Effect.logWarning(`server.${option} stays as it was until the server is started again`)
        }
        yield* Effect.logInfo("the configuration was read again, and is used")
      }).pipe(
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Effect.interrupt
            : Effect.logError(`the new configuration is not used: ${problemOf(Cause.squash(cause))}`)
        )
      )
      yield* Effect.forkScoped(Stream.runForEach(hangups, () => again))
    })
  )
