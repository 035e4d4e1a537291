/** `CAUSEWAY_PROCS`: several processes that serve one port. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { get, post, ready, run, send, until } from "./command.ts"

const timeout = 90_000

interface Seen {
  readonly pid: number
  readonly wanted?: number
  readonly listening?: number
}

/** What the process says that a new connection comes to; `undefined` where it was that of one that died. */
const ask = (url: string): Effect.Effect<Seen | undefined> =>
  send(`${url}/health`, { headers: { connection: "close" } }).pipe(
    Effect.map(
      ({ text }): Seen =>
        JSON.parse(text).checks.find(({ name }: { readonly name: string }) => name === "processes").details
    ),
    Effect.orElseSucceed(() => undefined)
  )

/** Asks until both were seen, each knowing of the other. */
const both = Effect.fnUntraced(function* (url: string, without?: number) {
  const pids = new Set<number>()
  yield* until(
    Effect.map(ask(url), (seen) => {
      if (seen !== undefined && seen.pid !== without && seen.listening === 2) pids.add(seen.pid)
      return pids.size
    }),
    (count) => count === 2
  )
  return [...pids]
})

describe("CAUSEWAY_PROCS", () => {
  it.live(
    "lets several processes serve, replaces one that dies, and ends all",
    () =>
      Effect.gen(function* () {
        const server = yield* ready({ env: { CAUSEWAY_PROCS: "2" } })
        assert.strictEqual(server.stdout().split("Causeway serves").length, 2)
        const [first = 0, second = 0] = yield* both(server.url)
        assert.notStrictEqual(first, server.pid)
        process.kill(second, "SIGKILL")
        // The other one knows of it, and serves meanwhile.
        yield* until(ask(server.url), (seen) => seen?.pid === first && seen.listening === 1)
        const after = yield* both(server.url, second)
        assert.include(after, first)
        assert.match(server.stderr(), /process \d has ended \(SIGKILL\); another one takes its place/)
        assert.deepStrictEqual(JSON.parse((yield* post(`${server.url}/predict`, { x: 3 })).text), { y: 9 })
        yield* server.signal("SIGHUP")
        yield* until(
          Effect.sync(() => server.stderr().split("the configuration was read again, and is used").length - 1),
          (count) => count === 2
        )
        yield* server.signal("SIGTERM")
        assert.strictEqual((yield* server.ended).code, 0)
        // As long as one of them listens, this is answered.
        yield* until(Effect.exit(send(`${server.url}/health/live`)), Exit.isFailure)
      }),
    timeout
  )

  it.live(
    "ends all where the process that started them is killed",
    () =>
      Effect.gen(function* () {
        const server = yield* ready({ env: { CAUSEWAY_PROCS: "2", CAUSEWAY_WORKERS: "0" } })
        yield* both(server.url)
        process.kill(server.pid ?? 0, "SIGKILL")
        yield* until(Effect.exit(get(`${server.url}/health/live`)), Exit.isFailure)
      }),
    timeout
  )

  it.live(
    "fails as one process would where it cannot listen, and for a number that is none",
    () =>
      Effect.gen(function* () {
        const other = yield* ready({ env: { CAUSEWAY_WORKERS: "0" } })
        const port = new URL(other.url).port
        const taken = yield* run({ args: ["serve", "--port", port], env: { CAUSEWAY_PROCS: "2" } })
        assert.strictEqual(taken.code, 1)
        assert.include(taken.stderr, "the port is in use")
        const wrong = yield* run({ args: ["serve"], env: { CAUSEWAY_PROCS: "many" } })
        assert.include(wrong.stderr, 'CAUSEWAY_PROCS: got "many", allowed is a whole number from 1 to 64')
      }),
    timeout
  )
})
