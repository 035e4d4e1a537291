/** `causeway check`. */
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { directory, run } from "./command.ts"
import { gate } from "./upstream.ts"

const timeout = 60_000

const check = (
  upstreams: Readonly<Record<string, object>> | "simulator",
  env: Readonly<Record<string, string>> = {},
  http: object = {}
) => run({ args: ["check"], cwd: directory({ "causeway.config.json": JSON.stringify({ upstreams, http }) }), env })

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
            short: { baseUrl: new URL(listless.url).origin },
            silent: { baseUrl: silent.url },
            absent: { baseUrl: "http://127.0.0.1:1/v1" }
          },
          { KEY: "sk-very-secret-0123456789" }
        )
        assert.strictEqual(code, 1)
        assert.strictEqual(stderr, "causeway: upstreams cannot be used: refusing, silent, absent\n")
        assert.match(stdout, /^refusing +http\S+ +failed .*\n +\S/m)
        assert.match(stdout, /^listless +http\S+ +reached +\d+ +answers, and has no list of models$/m)
        assert.match(stdout, /^short +http\S+ +reached +\d+ +answers, .*; is the address whole, with \/v1 where/m)
        assert.match(stdout, /^silent +http\S+ +failed +\d+ .*\n +\S/m)
        assert.match(stdout, /^absent +http\S+ +failed +\d+ .*\n +\S/m)
        assert.notInclude(stdout + stderr, "very-secret")
      }),
    timeout
  )

  it.live(
    "asks REST APIs for their health, or whether anybody is there",
    () =>
      Effect.gen(function* () {
        const well = yield* gate(({ url }, response) => response.writeHead(url === "/v1/up" ? 204 : 500).end())
        yield* well.open
        const plain = yield* gate((_, response) => response.writeHead(404).end())
        yield* plain.open
        const ill = yield* gate((_, response) => response.writeHead(503).end("loading"))
        yield* ill.open
        const key = { apiKey: { env: "KEY" } }
        const { code, stderr, stdout } = yield* check(
          "simulator",
          { KEY: "sk-very-secret-0123456789" },
          {
            "/score": {
              upstreams: {
                well: { baseUrl: well.url, health: "/up", ...key },
                ill: { baseUrl: ill.url, health: "/up" }
              }
            },
            "/rank": { upstreams: { plain: { baseUrl: plain.url }, absent: { baseUrl: "http://127.0.0.1:1" } } }
          }
        )
        assert.strictEqual(code, 1)
        assert.strictEqual(stderr, "causeway: upstreams cannot be used: ill, absent\n")
        assert.include(stdout, "the simulator, which is embedded")
        assert.match(stdout, /^well +http\S+ +ok +\d+ +is well, below \/score$/m)
        assert.match(stdout, /^ill +http\S+ +failed +\d+ .*\n +\S/m)
        assert.match(stdout, /^plain +http\S+ +reached +\d+ +answers below \/rank, and names no path for its health$/m)
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
