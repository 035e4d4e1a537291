/**
 * The server in front of its backend, and what SIGHUP does.
 */
import * as Admission from "@causeway/server/Admission"
import * as Server from "@causeway/server/Server"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { Failure, Reload } from "../Serve.ts"
import type { Settings } from "../Settings.ts"
import * as App from "./app.ts"
import * as Backend from "./backend.ts"
import { settle } from "./settle.ts"
import { greet } from "./greeting.ts"
import { hangups } from "./hangups.ts"
import { problemOf } from "./problem.ts"
import * as Process from "./process.ts"

/** The running server; the banner is printed when it is built. */
export const layer = (settings: Settings): Layer.Layer<Server.Server, Failure, Backend.Backend> =>
  Layer.effectDiscard(
    Effect.map(Server.Server, ({ url }) => {
      if (Process.isOne()) Process.announce({ url })
      else greet(settings, url)
      settle()
    })
  ).pipe(Layer.provideMerge(Server.serve(App.layer(settings, App.atOnce), optionsOf(settings))))

/** As many requests as the workers relay at a time: one more would wait for another's end. */
const optionsOf = ({ server, workers }: Settings): Server.Options => ({
  ...server,
  ...(Process.isOne() && { port: Process.sharedPort() ?? server.port, reusePort: true }),
  maxRequests: server.maxRequests ?? Admission.defaultMaxRequests * Math.max(1, workers)
})

/** What stays as it was until the server is started again. */
const fixed = ["host", "port", "procs", "maxHeaders", "maxConnections"] as const

/** Serves what `reload` gives with each SIGHUP. */
export const reloading = (first: Settings, reload: Reload): Layer.Layer<never, never, Server.Server> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { replace } = yield* Server.Server
      let count = 0
      const again = Effect.gen(function* () {
        const next = yield* reload(++count)
        yield* replace(Layer.provide(App.layer(next, App.onceReady), Backend.layer(next)), optionsOf(next))
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
