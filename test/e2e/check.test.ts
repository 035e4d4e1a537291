/** `causeway check`. */
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { directory, run } from "./command.ts"
import { gate } from "./upstream.ts"

const timeout = 60_000

const check = (upstreams: Readonly<Record<string, object>>, env: Readonly<Record<string, string>> = {}) =>
  run({ args: ["check"], cwd: directory({ "causeway.config.json": JSON.stringify({ upstreams }) }), env })

describe("causeway check", () => {
  it.live(
    "shows upstreams that answer, and ends with 0",
    () =>
      Effect.gen(function* () {
        const { url } = yield* Simulator
        const { code, stderr, stdout } = yield* check({
          primary: { baseUrl: url },
          backup: { baseUrl: url, models: { "gpt-5": "no-such-model" } }
        })
        assert.strictEqual(code, 0, stderr)
        assert.match(stdout, /^primary +http\S+ +ok +\d+ +\d+ models?$/m)
        assert.match(stdout, /^backup +http\S+ +ok +\d+ +does not list no-such-model$/m)
        assert.include(stdout, "causeway.config.json, is right")
      }).pipe(Effect.provide(Simulator.layer())),
    timeout
  )

  it.live(
    "says of each that fails why and what to do, without its key, and ends with 1",
    () =>
      Effect.gen(function* () {
        const refusing = yield* gate((_, response) =>
          response
            .writeHead(401, { "content-type": "application/json" })
            .end('{"error":{"message":"bad key sk-very-secret-0123456789","type":"invalid_request_error"}}')
        )
        yield* refusing.open
        const listless = yield* gate((_, response) => response.writeHead(404).end())
        yield* listless.open
        const silent = yield* gate()
        const { code, stderr, stdout } = yield* check(
          {
            refusing: { baseUrl: refusing.url, apiKey: { env: "KEY" } },
            listless: { baseUrl: listless.url },
            silent: { baseUrl: silent.url },
            absent: { baseUrl: "http://127.0.0.1:1/v1" }
          },
          { KEY: "sk-very-secret-0123456789" }
        )
        assert.strictEqual(code, 1)
        assert.strictEqual(stderr, "causeway: upstreams cannot be used: refusing, silent, absent\n")
        assert.match(stdout, /^refusing +http\S+ +failed .*\n +\S/m)
        assert.match(stdout, /^listless +http\S+ +reached +\d+ +answers, and has no list of models$/m)
        assert.match(stdout, /^silent +http\S+ +failed +\d+ .*\n +\S/m)
        assert.match(stdout, /^absent +http\S+ +failed +\d+ .*\n +\S/m)
        assert.notInclude(stdout + stderr, "very-secret")
      }),
    timeout
  )

  it.live(
    "tells everything that is wrong with the configuration, and asks nobody",
    () =>
      Effect.gen(function* () {
        const { code, stderr, stdout } = yield* check({ primary: { baseUrl: "nowhere", apiKey: { env: "ABSENT" } } })
        assert.strictEqual(code, 1)
        assert.strictEqual(stdout, "")
        assert.include(stderr, "upstreams.primary.baseUrl in causeway.config.json")
        assert.include(stderr, "nothing from ABSENT")
      }),
    timeout
  )
})
