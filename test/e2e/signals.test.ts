/**
 * How the command ends.
 */
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { chat, codeOf, directory, get, post, program, ready, run, send, until } from "./command.ts"
import { gate } from "./upstream.ts"

const timeout = 60_000

const draining = (url: string) => until(get(`${url}/health/ready`), ({ status }) => status === 503)

/** A connection that has had its answer and is kept; `closed` once the server has closed it. */
const idleConnection = Effect.fnUntraced(function* (url: string) {
  const answered = yield* Deferred.make<void>()
  const closed = yield* Deferred.make<void>()
  const { hostname, port } = new URL(url)
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const socket = connect(Number(port), hostname)
      socket.on("data", () => Deferred.doneUnsafe(answered, Effect.void))
      socket.on("close", () => Deferred.doneUnsafe(closed, Effect.void))
      socket.on("error", () => {})
      return socket
    }),
    (socket) => Effect.sync(() => socket.destroy())
  ).pipe(Effect.tap((socket) => Effect.sync(() => socket.write("GET /health/live HTTP/1.1\r\nhost: causeway\r\n\r\n"))))
  yield* Deferred.await(answered)
  return { closed: Deferred.await(closed) }
})

describe("a signal", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.live(
      `${signal} ends an idle server with 0, and its idle connections`,
      () =>
        Effect.gen(function* () {
          const server = yield* ready()
          const idle = yield* idleConnection(server.url)
          yield* server.signal(signal)
          const { code } = yield* server.ended
          assert.strictEqual(code, 0)
          yield* idle.closed
        }),
      timeout
    )
  }

  it.live(
    "that npm gets reaches the server which it started",
    () =>
      Effect.gen(function* () {
        const npm = yield* program("start", { env: { PORT: "0", npm_config_update_notifier: "false" } }, "npm")
        const url = yield* until(
          Effect.sync(() => /serves (http:\S+)/.exec(npm.stdout())?.[1] ?? ""),
          (found) => found !== ""
        )
        yield* until(get(`${url}/health/live`), ({ status }) => status === 200)
        yield* npm.signal("SIGTERM")
        yield* npm.ended
        // Nobody listens any more: as long as the server lives, this is answered.
        yield* until(Effect.exit(send(`${url}/health/live`)), Exit.isFailure)
      }),
    timeout
  )

  it.live(
    "ends a command that has only begun with 0",
    () =>
      Effect.gen(function* () {
        const program = `
          import { registerHooks } from "node:module"
          const resolve = (name, context, next) => {
            if (name.endsWith("/Main.ts")) process.kill(process.pid, "SIGTERM")
            return next(name, context)
          }
          registerHooks({ resolve })`
        const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` }
        assert.strictEqual((yield* run({ args: ["serve", "--port", "0"], env })).code, 0)
      }),
    timeout
  )

  it.live(
    "lets what is in flight end, and refuses what is new on the open listener",
    () =>
      Effect.gen(function* () {
        const upstream = yield* gate()
        const server = yield* ready({ env: { OPENAI_BASE_URL: upstream.url } })
        const inFlight = yield* Effect.forkScoped(
          Effect.all(
            [
              post(`${server.url}/v1/chat/completions`, chat("m")),
              post(`${server.url}/predict/answer`, { prompt: "Hello" })
            ],
            { concurrency: "unbounded" }
          )
        )
        yield* upstream.arrived
        yield* server.signal("SIGTERM")
        const health = yield* draining(server.url)
        assert.strictEqual(JSON.parse(health.text).status, "draining")
        const refused = yield* post(`${server.url}/predict`, { x: 3 })
        assert.strictEqual(refused.status, 503)
        assert.strictEqual(codeOf(refused), "draining")
        assert.strictEqual(refused.headers.get("x-should-retry"), "true")
        assert.strictEqual(refused.headers.get("connection"), "close")
        yield* upstream.open
        const [relayed, answered] = yield* Fiber.join(inFlight)
        assert.strictEqual(JSON.parse(relayed.text).choices[0].message.content, "late")
        assert.deepStrictEqual(JSON.parse(answered.text), { text: "late" })
        assert.strictEqual((yield* server.ended).code, 0)
      }),
    timeout
  )

  it.live(
    "ends what is still in flight after the grace, with an answer",
    () =>
      Effect.gen(function* () {
        const upstream = yield* gate()
        const cwd = directory({
          "causeway.config.mjs": `export default {
            upstreams: { slow: { baseUrl: "${upstream.url}" } }, server: { grace: "300 millis" }, pool: { size: 0 } }`
        })
        const server = yield* ready({ cwd })
        const inFlight = yield* Effect.forkScoped(post(`${server.url}/v1/chat/completions`, chat("m")))
        yield* upstream.arrived
        yield* server.signal("SIGTERM")
        const answer = yield* Fiber.join(inFlight)
        assert.strictEqual(answer.status, 503)
        assert.strictEqual(codeOf(answer), "interrupted")
        assert.strictEqual((yield* server.ended).code, 0)
      }),
    timeout
  )

  it.live(
    "that comes a second time ends it at once",
    () =>
      Effect.gen(function* () {
        const upstream = yield* gate()
        const server = yield* ready({ env: { OPENAI_BASE_URL: upstream.url, CAUSEWAY_WORKERS: "0" } })
        const inFlight = yield* Effect.forkScoped(
          Effect.exit(send(`${server.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(chat("m")) }))
        )
        yield* upstream.arrived
        yield* server.signal("SIGTERM")
        yield* draining(server.url)
        yield* server.signal("SIGTERM")
        assert.strictEqual((yield* server.ended).code, 143)
        assert.strictEqual((yield* Fiber.join(inFlight))._tag, "Failure")
      }),
    timeout
  )
})
