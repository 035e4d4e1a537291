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
import type * as Server from "@causeway/server/Server"
import type { SimulatorError } from "@causeway/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { InvalidConfig } from "./InvalidConfig.ts"
import * as Backend from "./internal/backend.ts"
import type * as Serving from "./internal/serving.ts"
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
    served(settings, (Serving) =>
      reload === undefined
        ? Serving.layer(settings)
        : Layer.provideMerge(Serving.reloading(settings, reload), Serving.layer(settings))
    )
  )

/** The running server; the banner is printed when it is built. */
export const layer = (settings: Settings): Layer.Layer<Server.Server, Failure> =>
  served(settings, (Serving) => Serving.layer(settings))

/** The server is loaded while its workers start. */
const served = <A, E>(
  settings: Settings,
  use: (serving: typeof Serving) => Layer.Layer<A, E, Backend.Backend>
): Layer.Layer<A, E | Backend.Failure> =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("./internal/serving.ts")),
      use
    )
  ).pipe(Layer.provide(Backend.layer(settings)), Layer.provide(Telemetry.layer(settings.telemetry)))
