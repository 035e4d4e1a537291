import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { InvalidConfig } from "@causeway/cli/InvalidConfig"
import * as Settings from "@causeway/cli/Settings"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** A directory that holds a configuration file with this default export. */
const directoryWith = (config: string, name = "causeway.config.mjs"): string => {
  const directory = mkdtempSync(join(tmpdir(), "causeway-"))
  writeFileSync(
    join(directory, name),
    `import * as Config from ${JSON.stringify(import.meta.resolve("effect/Config"))}
import * as Redacted from ${JSON.stringify(import.meta.resolve("effect/Redacted"))}
const fixture = (name) => new URL(name, ${JSON.stringify(new URL("./fixtures/", import.meta.url).href)})
void [Config, Redacted, fixture]
export default ${config}
`
  )
  return directory
}

const load = (
  environment: Record<string, string> = {},
  { config, flags = {} }: { readonly config?: string; readonly flags?: Settings.Flags } = {}
): Effect.Effect<Settings.Settings, InvalidConfig> =>
  Settings.load({ flags, environment, cwd: config === undefined ? "/nowhere" : directoryWith(config) })

const problems = (...args: Parameters<typeof load>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(load(...args).pipe(Effect.flip, Effect.orDie), ({ message }) =>
    message
      .split("\n")
      .slice(1)
      .map((line) => line.trim())
  )

/** A file with a server. */
const server = (options: string) => ({ config: `{ upstreams: "simulator", server: ${options} }` })

/** A file with REST APIs. */
const http = (text: string) => ({ config: `{ upstreams: "simulator", http: ${text} }` })

/** The names, addresses and keys, which show nothing of themselves otherwise. */
const shown = ({ upstreams }: Settings.Settings) =>
  upstreams === "simulator"
    ? upstreams
    : Object.entries(upstreams).map(([name, { apiKey, baseUrl }]) => [
        name,
        baseUrl,
        Redacted.isRedacted(apiKey) ? Redacted.value(apiKey) : apiKey
      ])

const ofPool = (pool: string) => problems({}, { config: `{ upstreams: "simulator", pool: ${pool} }` })

describe("Settings", () => {
  it.effect("tells of a collector's pairs that cannot be decoded, and shows nothing of them", () =>
    Effect.gen(function* () {
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer sesame%zz",
        OTEL_RESOURCE_ATTRIBUTES: "load=90%,region=north"
      }
      const found = yield* problems(environment)
      assert.deepStrictEqual(
        found.map((line) => line.split(":")[0]),
        ["OTEL_RESOURCE_ATTRIBUTES", "OTEL_EXPORTER_OTLP_HEADERS"]
      )
      assert.notInclude(found.join(), "sesame")
      const { telemetry } = yield* load({
        ...environment,
        OTEL_EXPORTER_OTLP_HEADERS: "",
        OTEL_RESOURCE_ATTRIBUTES: "load=90%25"
      })
      assert.strictEqual(telemetry?.variables["OTEL_RESOURCE_ATTRIBUTES"], "load=90%25")
    })
  )

  describe("REST APIs", () => {
    it.effect("stand below their paths, and the next one is asked", () =>
      Effect.gen(function* () {
        const { http: mounts } = yield* load(
          {},
          http(`{ "/score": { replay: "safe", forward: ["X-Lora"], upstreams: {
            a: { baseUrl: "http://127.0.0.1:1", paths: { "/": "/predict" }, health: "/health" },
            b: { baseUrl: "http://127.0.0.1:2" } } } }`)
        )
        const [mount] = mounts
        assert.deepInclude(mount, { path: "/score", replay: "safe", forward: ["X-Lora"] })
        assert.deepStrictEqual(mount?.policy.fallback.any, ["b"])
        assert.deepInclude(mount?.upstreams["a"], { paths: { "/": "/predict" }, health: "/health" })
      })
    )

    it.effect("are refused with all that is wrong with them", () =>
      Effect.gen(function* () {
        const wrong = yield* problems(
          {},
          http(`{
            "/v1/score": { upstreams: { a: { baseUrl: "http://127.0.0.1:1" } } },
            "/one": { upstreams: { a: { baseUrl: "x", paths: { "/": "predict" } } }, replay: "always", rules: [{}] },
            "/two": { upstreams: {} },
            "/four": { upstreams: { d: { baseUrl: "http://127.0.0.1:1" } }, policy: { fallback: ["c"] } },
            "/three": { upstreams: { a: { baseUrl: "http://127.0.0.1:1", models: {} } } }
          }`)
        )
        for (const what of [
          "http./v1/score",
          "http./one.upstreams.a.baseUrl",
          "http./one.upstreams.a.paths./",
          "http./one.replay",
          "http./one.rules",
          "http./two.upstreams",
          "http./four.policy.fallback",
          "http./three.upstreams.a.models",
          "http./three.upstreams.a in"
        ]) {
          assert.isTrue(
            wrong.some((line) => line.startsWith(what)),
            `${what} in ${wrong.join("\n")}`
          )
        }
      })
    )
  })

  describe("without anything", () => {
    it.effect("serves the simulator on loopback, port 8000, with the default services", () =>
      Effect.gen(function* () {
        const settings = yield* load()
        assert.strictEqual(settings.upstreams, "simulator")
        assert.strictEqual(settings.server.host, "127.0.0.1")
        assert.strictEqual(settings.server.port, 8000)
        assert.strictEqual(settings.policy.retry.times, 2)
        assert.strictEqual(settings.workers, Settings.defaultWorkers())
        assert.deepStrictEqual(
          settings.services.map(({ contract, path }) => [path, ...contract.group.requests.keys()]),
          [["/predict", "square", "answer"]]
        )
      })
    )

    it("has between 1 and 4 workers", () => {
      assert.isAtLeast(Settings.defaultWorkers(), 1)
      assert.isAtMost(Settings.defaultWorkers(), 4)
    })
  })

  describe("precedence", () => {
    const config = `{ upstreams: "simulator", server: { port: 1, host: "::1" }, pool: { size: 1 } }`

    it.effect("is flag, then environment, then file", () =>
      Effect.gen(function* () {
        const file = yield* load({}, { config })
        const environment = yield* load({ PORT: "2", HOST: "localhost", CAUSEWAY_WORKERS: "2" }, { config })
        const flags = yield* load(
          { PORT: "2", HOST: "localhost", CAUSEWAY_WORKERS: "2" },
          { config, flags: { port: "3", host: "127.0.0.2", workers: "3" } }
        )
        assert.deepStrictEqual(
          [file, environment, flags].map(({ server, workers }) => [server.port, server.host, workers]),
          [
            [1, "::1", 1],
            [2, "localhost", 2],
            [3, "127.0.0.2", 3]
          ]
        )
      })
    )

    it.effect("does not look at what is overridden", () =>
      Effect.map(load({ PORT: "http" }, { flags: { port: "3" } }), ({ server }) => assert.strictEqual(server.port, 3))
    )

    it.effect("takes an empty variable for one that is absent", () =>
      Effect.map(load({ PORT: "", OPENAI_BASE_URL: "", OPENAI_API_KEY: "", CAUSEWAY_API_KEY: "" }), (settings) => {
        assert.strictEqual(settings.server.port, 8000)
        assert.strictEqual(settings.upstreams, "simulator")
        assert.deepStrictEqual(settings.server.keys, [])
      })
    )
  })

  describe("upstreams", () => {
    const base = "http://127.0.0.1:8001/v1"
    const config = `{ upstreams: {
      first: { baseUrl: "https://first.example/v1", apiKey: Config.Redacted("FIRST_KEY"), headers: { "x-a": "b" } },
      second: { baseUrl: "https://second.example/v1", models: { a: "b" } } } }`

    it.effect("are the base URL without a key, where only that is set", () =>
      Effect.map(load({ OPENAI_BASE_URL: base }), (settings) =>
        assert.deepStrictEqual(shown(settings), [["primary", base, undefined]])
      )
    )

    it.effect("are the base URL with the key, where both are set", () =>
      Effect.map(load({ OPENAI_BASE_URL: base, OPENAI_API_KEY: "k1" }), (settings) =>
        assert.deepStrictEqual(shown(settings), [["primary", base, "k1"]])
      )
    )

    it.effect("are OpenAI, where only a key is set", () =>
      Effect.map(load({ OPENAI_API_KEY: "k1" }), (settings) =>
        assert.deepStrictEqual(shown(settings), [["primary", "https://api.openai.com/v1", "k1"]])
      )
    )

    it.effect("are the file's, with the keys that it names", () =>
      Effect.map(load({ FIRST_KEY: "k2", OPENAI_API_KEY: "k1" }, { config }), (settings) =>
        assert.deepStrictEqual(shown(settings), [
          ["first", "https://first.example/v1", "k2"],
          ["second", "https://second.example/v1", undefined]
        ])
      )
    )

    it.effect("lose the first one whole to the base URL, so that no key goes to another address", () =>
      Effect.map(load({ OPENAI_BASE_URL: base, FIRST_KEY: "k2" }, { config }), (settings) => {
        assert.deepStrictEqual(shown(settings), [
          ["first", base, undefined],
          ["second", "https://second.example/v1", undefined]
        ])
        assert.notProperty(settings.upstreams === "simulator" ? {} : settings.upstreams["first"], "headers")
      })
    )

    it.effect("are the simulator where the file says so, whatever key is around", () =>
      Effect.map(load({ OPENAI_API_KEY: "k1" }, { config: `{ upstreams: "simulator" }` }), (settings) =>
        assert.strictEqual(settings.upstreams, "simulator")
      )
    )

    it.effect("are never the simulator because a file forgot to name one", () =>
      Effect.map(problems({}, { config: "{}" }), (lines) =>
        assert.deepStrictEqual(lines, [
          "upstreams in causeway.config.mjs: got nothing, and neither OPENAI_BASE_URL nor OPENAI_API_KEY is set," +
            ' allowed is upstreams by name, or "simulator"'
        ])
      )
    )

    it.effect("are wrong where a key is missing", () =>
      Effect.map(problems({}, { config }), (lines) =>
        assert.deepStrictEqual(lines, [
          "upstreams.first.apiKey in causeway.config.mjs: got nothing from FIRST_KEY," +
            " allowed is that FIRST_KEY is set, or FIRST_KEY_FILE to a file that holds it"
        ])
      )
    )
  })

  describe("wrong values", () => {
    it.effect("are all told at once, each by its name", () =>
      Effect.map(
        problems({
          PORT: "http",
          HOST: "a b",
          CAUSEWAY_WORKERS: "-1",
          OPENAI_BASE_URL: "ftp://127.0.0.1",
          OPENAI_API_KEY: "two words",
          CAUSEWAY_API_KEY: "line\nbreak"
        }),
        (lines) =>
          assert.deepStrictEqual(lines.map((line) => line.split(":")[0]).toSorted(), [
            "CAUSEWAY_API_KEY",
            "CAUSEWAY_WORKERS",
            "HOST",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            "PORT"
          ])
      )
    )

    for (const port of ["-1", "65536", "80.5", "0x50", " 80", "1e3", "NaN"]) {
      it.effect(`of a port: ${JSON.stringify(port)}`, () =>
        Effect.map(problems({ PORT: port }), (lines) =>
          assert.deepStrictEqual(lines, [
            `PORT: got ${JSON.stringify(port)}, allowed is a whole number from 0 to 65535`
          ])
        )
      )
    }

    it.effect("of a file: a number is no text there", () =>
      Effect.map(problems({}, server(`{ port: "8020", maxRequests: 5, procs: 1 }`)), (lines) =>
        assert.deepStrictEqual(lines, [
          'server.port in causeway.config.mjs: got "8020", allowed is a whole number from 0 to 65535'
        ])
      )
    )

    it.effect("of a policy: a misspelt option is told all that there are", () =>
      Effect.gen(function* () {
        const wrong = `{ degradd: [], deadline: "1 second" }`
        const of = `{ "/a": { upstreams: { b: { baseUrl: "http://b" } }, policy: ${wrong} } }`
        const upstreams = `upstreams: { a: { baseUrl: "http://a" } }`
        const lines = yield* problems({}, { config: `{ ${upstreams}, policy: ${wrong}, http: ${of} }` })
        const options =
          "deadline, attempt, firstElement, idle, retry, fallback, replay, budget, breaker, pause, hedge, concurrency, shed"
        const inFile = "in causeway.config.mjs: got an option that does not exist, allowed is one of"
        assert.sameMembers(Array.from(lines), [
          `policy.degradd ${inFile} ${options}, degraded`,
          `http./a.policy.degradd ${inFile} ${options}`
        ])
      })
    )

    it.effect("of a flag are told by the flag", () =>
      Effect.map(problems({}, { flags: { workers: "many" } }), (lines) =>
        assert.deepStrictEqual(lines, ['--workers: got "many", allowed is a whole number from 0 to 64'])
      )
    )

    it.effect("of the file are told by their path", () =>
      Effect.map(
        problems(
          {},
          {
            config: `{
              upstreams: { first: { baseUrl: 8, models: { a: 1 }, modles: {} } },
              policy: { retry: { times: -1 }, shed: 1, degraded: [{ text: 1 }, {}] },
              pool: { size: "two", deadline: "soon", sizes: 2 },
              server: { maxBody: "much", insecure: "no", forward: ["authorization"] },
              servces: [] }`
          }
        ),
        (lines) =>
          assert.deepStrictEqual(lines.map((line) => line.split(" in causeway.config.mjs:")[0]).toSorted(), [
            "policy.degraded[0].text",
            "policy.degraded[1]",
            "policy.retry.times",
            "policy.shed",
            "pool.deadline",
            "pool.size",
            "pool.sizes",
            "servces",
            "server.forward",
            "server.insecure",
            "server.maxBody",
            "upstreams.first.baseUrl",
            "upstreams.first.models.a",
            "upstreams.first.modles"
          ])
      )
    )

    it.effect("of a policy name the upstreams that there are", () =>
      Effect.map(
        problems({}, { config: `{ upstreams: { a: { baseUrl: "http://a" } }, policy: { fallback: ["b"] } }` }),
        (lines) =>
          assert.deepStrictEqual(lines, [
            'policy.fallback.any[0] in causeway.config.mjs: got "b", allowed is one of upstreams, which are a'
          ])
      )
    )

    it.effect("never show a secret", () =>
      Effect.gen(function* () {
        const secret = "s3cret value"
        const { message } = yield* Effect.flip(
          load(
            {
              OPENAI_BASE_URL: `http://user:${encodeURIComponent(secret)}@127.0.0.1`,
              CAUSEWAY_API_KEY: secret,
              K: secret
            },
            {
              config: `{ upstreams: {
                a: { baseUrl: "http://a" },
                b: { baseUrl: "http://b", apiKey: "${secret}" },
                c: { baseUrl: "http://c", apiKey: Redacted.make("${secret}") },
                d: { baseUrl: "http://d", apiKey: Config.Redacted("K"), headers: { "api-key": ["${secret}"] } } } }`
            }
          )
        )
        assert.strictEqual(message.split("\n").length - 1, 6)
        assert.notInclude(message, "s3cret")
      })
    )

    it.effect("include a host that other machines reach, where nobody needs a key", () =>
      Effect.gen(function* () {
        const [line = ""] = yield* problems({ HOST: "0.0.0.0" })
        assert.include(line, 'HOST: got "0.0.0.0", which other machines reach, and CAUSEWAY_API_KEY is not set')
        assert.include(line, "--insecure")
        assert.strictEqual((yield* load({ HOST: "0.0.0.0", CAUSEWAY_API_KEY: "k" })).server.host, "0.0.0.0")
        assert.strictEqual((yield* load({ HOST: "0.0.0.0" }, { flags: { insecure: true } })).server.host, "0.0.0.0")
      })
    )
  })

  describe("the file", () => {
    it.effect("may be TypeScript", () =>
      Effect.gen(function* () {
        const cwd = directoryWith(
          `{ upstreams: "simulator", server: { port: 9 as number } } satisfies object`,
          "causeway.config.ts"
        )
        const { file, server } = yield* Settings.load({ flags: {}, environment: {}, cwd })
        assert.strictEqual(server.port, 9)
        assert.strictEqual(file, join(cwd, "causeway.config.ts"))
      })
    )

    it.effect("may be somewhere else", () =>
      Effect.gen(function* () {
        const cwd = directoryWith(`{ upstreams: "simulator", server: { port: 9 } }`, "other.mjs")
        const { server } = yield* Settings.load({ flags: { config: "other.mjs" }, environment: {}, cwd })
        assert.strictEqual(server.port, 9)
      })
    )

    it.effect("has to exist where it is named", () =>
      Effect.map(problems({}, { flags: { config: "absent.ts" } }), ([line = ""]) => {
        assert.include(line, '--config: got "/nowhere/absent.ts"')
      })
    )

    for (const [what, config] of [
      ["throws", "(() => { throw new Error('no such thing') })()"],
      ["is no JavaScript", "{"]
    ] as const) {
      it.effect(`is a problem where it ${what}`, () =>
        Effect.map(problems({}, { config }), ([line = ""]) => {
          assert.match(line, /^causeway\.config\.mjs: got a module that cannot be imported \(\w*Error: /)
        })
      )
    }

    it.effect("is a problem where it exports nothing", () =>
      Effect.map(problems({}, { config: "undefined" }), ([line = ""]) => {
        assert.match(line, /^causeway\.config\.mjs: got a module without a default export/)
      })
    )

    it.effect("of several upstreams lets the next ones answer, where no policy is stated", () =>
      Effect.map(
        load({}, { config: `{ upstreams: { a: { baseUrl: "http://a" }, b: { baseUrl: "http://b" } } }` }),
        ({ policy }) => {
          assert.deepStrictEqual(policy.fallback.any, ["b"])
          assert.strictEqual(policy.retry.times, 0)
        }
      )
    )

    it.effect("says what is answered where no upstream can serve", () =>
      Effect.map(
        load(
          {},
          {
            config: `{
              upstreams: { a: { baseUrl: "http://a" }, b: { baseUrl: "http://b" }, small: { baseUrl: "http://c" } },
              policy: { fallback: ["b"], degraded: [
                { cached: "10 minutes" }, { model: "mini", upstream: "small" }, { text: "sorry" }, { refuse: "30 seconds" }
              ] } }`
          }
        ),
        ({ degraded, policy }) => {
          assert.deepStrictEqual(policy.fallback.any, ["b"])
          assert.deepStrictEqual(degraded, [
            { cached: 600_000 },
            { model: "mini", upstream: "small" },
            { text: "sorry" },
            { refuse: Duration.seconds(30) }
          ])
        }
      )
    )

    for (const [degraded, problem] of [
      ["[]", "degraded in causeway.config.mjs: got an empty list, allowed is a list of at least one answer"],
      ["[{ text: '' }]", 'degraded[0].text in causeway.config.mjs: got "", allowed is a text'],
      [
        "[{ cached: 'soon' }]",
        `degraded[0].cached in causeway.config.mjs: got "soon", allowed is a time above zero such as "30 seconds"`
      ],
      [
        "[{ refuse: '1 second' }, { text: 'x' }]",
        "degraded[0] in causeway.config.mjs: got refuse, and an answer after it, allowed is refuse as the last one"
      ],
      ["[{ model: 'm', upstream: 'z' }]", 'degraded in causeway.config.mjs: got the upstream "z", allowed is one of a'],
      [
        "[{ txet: 'x' }]",
        "degraded[0] in causeway.config.mjs: got an object of txet, allowed is one of { cached }, { model, upstream }, { text }, { refuse }"
      ]
    ] as const) {
      it.effect(`refuses ${degraded} for answers of last resort`, () =>
        Effect.map(
          problems({}, { config: `{ upstreams: { a: { baseUrl: "http://a" } }, policy: { degraded: ${degraded} } }` }),
          (lines) => assert.deepStrictEqual(lines, [`policy.${problem}`])
        )
      )
    }

    it.effect("of a policy may ask nobody else, and forgets nobody", () =>
      Effect.gen(function* () {
        const upstreams = `upstreams: { a: { baseUrl: "http://a" }, b: { baseUrl: "http://b" } }`
        const { policy } = yield* load(
          {},
          { config: `{ ${upstreams}, policy: { retry: { times: 0 }, fallback: [] } }` }
        )
        assert.deepStrictEqual(policy.fallback.any, [])
        assert.isTrue(policy.hasFallback)
        const lines = yield* problems({}, { config: `{ ${upstreams}, policy: { fallback: { any: ["a"] } } }` })
        assert.match(lines[0] ?? "", /^policy\.fallback\.any\[0\] .*another upstream than the first/)
      })
    )

    it.effect("of a policy states no upstreams of its own", () =>
      Effect.map(
        problems(
          {},
          { config: `{ upstreams: { a: { baseUrl: "http://a" } }, policy: { upstreams: ["a"], hedge: {} } }` }
        ),
        (lines) =>
          assert.deepStrictEqual(lines, [
            "policy.upstreams in causeway.config.mjs: got an option that does not exist, allowed is upstreams beside policy",
            "policy.hedge in causeway.config.mjs: got on, allowed is only with another upstream; fallback names none for any failure"
          ])
      )
    )

    it.effect("takes modules of models for upstreams, and an address in place of the first one", () =>
      Effect.gen(function* () {
        const config = `{ upstreams: {
          own: { module: fixture("greetings.ts"), models: { a: "b" } },
          far: { baseUrl: "http://far" }
        } }`
        const { models, policy, upstreams } = yield* load({}, { config })
        assert.deepStrictEqual(models, { own: new URL("fixtures/greetings.ts", import.meta.url).href })
        assert.deepStrictEqual(policy.fallback.any, ["far"])
        assert(upstreams !== "simulator")
        assert.deepStrictEqual(upstreams["own"]?.models, { a: "b" })
        const replaced = yield* load({ OPENAI_BASE_URL: "http://near" }, { config })
        assert.deepStrictEqual(replaced.models, {})
        assert.deepStrictEqual(shown(replaced)[0], ["own", "http://near", undefined])
      })
    )

    it.effect("knows the variable that holds a key of callers", () =>
      Effect.gen(function* () {
        const keys = `{ apiKey: Config.Redacted("OUR_KEY"), keys: [{ name: "a", key: { env: "A_KEY" }, scopes: {} }, { name: "b", key: { env: "B_KEY" } }] }`
        const all = { OUR_KEY: "a-secret", A_KEY: "b-secret", B_KEY: "c-secret" }
        const found = (environment: Record<string, string>, config = keys) =>
          Effect.map(load(environment, server(config)), ({ keyVariable }) => keyVariable)
        assert.strictEqual(yield* found(all), "OUR_KEY")
        assert.strictEqual(yield* found({ ...all, CAUSEWAY_API_KEY: "d-secret" }), "CAUSEWAY_API_KEY")
        const file = join(mkdtempSync(join(tmpdir(), "causeway-")), "key")
        writeFileSync(file, "d-secret")
        assert.strictEqual(yield* found({ ...all, CAUSEWAY_API_KEY_FILE: file }), "B_KEY")
        assert.strictEqual(yield* found({}, `{ apiKey: Redacted.make("d-secret") }`), undefined)
        assert.strictEqual(yield* found({}, "{}"), undefined)
      })
    )

    it.effect("gives the server, the pool and the policy their options", () =>
      Effect.map(
        load(
          { KEY: "k" },
          {
            config: `{
              upstreams: "simulator",
              policy: { deadline: "2 minutes", retry: { times: 1 } },
              pool: { size: 0, isolation: "process", queue: 3, deadline: "1 minute", env: { A: "" }, resourceLimits: { stackSizeMb: 4 }, recycle: { calls: 9, age: "1 hour" } },
              server: { apiKey: Config.Redacted("KEY"), host: "0.0.0.0", grace: "1 second", maxBody: "1 MiB", forward: ["openai-project"] } }`
          }
        ),
        ({ policy, pool, server, workers }) => {
          assert.strictEqual(policy.retry.times, 1)
          assert.strictEqual(workers, 0)
          assert.strictEqual(pool.isolation, "process")
          assert.strictEqual(pool.queue, 3)
          assert.deepStrictEqual(pool.env, { A: "" })
          assert.deepStrictEqual(pool.resourceLimits, { stackSizeMb: 4 })
          assert.deepStrictEqual(pool.recycle, { calls: 9, age: Duration.hours(1), heap: undefined })
          assert.deepStrictEqual(pool.deadline, Duration.minutes(1))
          assert.deepStrictEqual(server.grace, Duration.seconds(1))
          assert.deepStrictEqual(server.forward, ["openai-project"])
          assert.strictEqual(Number(server.maxBody), 1024 * 1024)
          assert.deepStrictEqual(server.keys, [Redacted.make("k")])
        }
      )
    )

    it.effect("refuses limits of memory that do not exist, or with which no worker can start", () =>
      Effect.gen(function* () {
        const where = "in causeway.config.mjs: got"
        assert.deepStrictEqual(
          yield* ofPool("{ resourceLimits: { maxOldGenerationSizeMB: 64, maxOldGenerationSizeMb: 2 } }"),
          [
            `pool.resourceLimits.maxOldGenerationSizeMB ${where} an option that does not exist, allowed is one of maxYoungGenerationSizeMb, maxOldGenerationSizeMb, stackSizeMb, codeRangeSizeMb`,
            `pool.resourceLimits.maxOldGenerationSizeMb ${where} 2, allowed is a whole number of at least 16`
          ]
        )
        const [ofProcess] = yield* ofPool(`{ isolation: "process", resourceLimits: { codeRangeSizeMb: 64 } }`)
        assert.include(ofProcess ?? "", `codeRangeSizeMb ${where} an option that does not exist`)
      })
    )

    it.effect("takes a function of a worker's slot for its environment, and checks what it gives", () =>
      Effect.map(
        load(
          {},
          { config: `{ upstreams: "simulator", pool: { env: (slot) => ({ DEVICE: slot < 2 ? "d" + slot : slot }) } }` }
        ),
        ({ pool: { env } }) => {
          if (typeof env !== "function") return assert.fail("no function")
          assert.deepStrictEqual(env(1), { DEVICE: "d1" })
          assert.throws(() => env(2), "pool.env.DEVICE")
        }
      )
    )
  })

  describe("services", () => {
    it.effect("are those of the modules", () =>
      Effect.map(
        load({}, { config: `{ upstreams: "simulator", services: [fixture("greetings.ts")] }` }),
        ({ services }) =>
          assert.deepStrictEqual(
            services.map(({ contract, path }) => [contract.key, path]),
            [["test/Greetings", "/predict"]]
          )
      )
    )

    it.effect("may share a path where their calls differ", () =>
      Effect.map(
        load(
          {},
          { config: `{ upstreams: "simulator", services: [fixture("greetings.ts"), fixture("farewells.ts")] }` }
        ),
        ({ services }) =>
          assert.deepStrictEqual(
            services.map(({ contract, path }) => [contract.key, path]),
            [
              ["test/Greetings", "/predict"],
              ["test/Farewells", "/predict"]
            ]
          )
      )
    )

    it.effect("have calls of their own each", () =>
      Effect.map(
        problems(
          {},
          { config: `{ upstreams: "simulator", services: [fixture("greetings.ts"), fixture("welcomes.ts")] }` }
        ),
        (lines) =>
          assert.deepStrictEqual(lines, [
            "services in causeway.config.mjs: got test/Greetings and test/Welcomes with the same call, /predict/greet," +
              " allowed is a path, or calls, of its own for each service"
          ])
      )
    )

    for (const [what, services, expected] of [
      ["is absent", `[fixture("absent.ts")]`, "cannot be imported"],
      ["holds none", `[fixture("nothing.ts")]`, "whose default export is none"],
      ["is no file", `["https://example.com/services.ts"]`, 'got "https://example.com/services.ts"'],
      ["is missing", "[]", "got a list"]
    ] as const) {
      it.effect(`are a problem where a module ${what}`, () =>
        Effect.map(problems({}, { config: `{ upstreams: "simulator", services: ${services} }` }), (lines) => {
          assert.strictEqual(lines.length, 1)
          assert.match(lines[0] ?? "", /^services(?:\[0\])? in causeway\.config\.mjs: /)
          assert.include(lines[0], expected)
        })
      )
    }
  })

  describe("the layers of the server", () => {
    const hash = `sha256:${"0a".repeat(32)}`

    it.effect("are metrics, a log on a terminal, and nothing else", () =>
      Effect.map(load(), ({ server: { accessLog, compression, cors, metrics, rateLimit } }) =>
        assert.deepStrictEqual(
          { accessLog, compression, cors, metrics, rateLimit },
          {
            accessLog: process.stdout.isTTY === true,
            compression: undefined,
            cors: undefined,
            metrics: true,
            rateLimit: undefined
          }
        )
      )
    )

    it.effect("are those of the file", () =>
      Effect.map(
        load(
          { CI_KEY: "ci-secret", CAUSEWAY_ACCESS_LOG: "pretty" },
          server(`{
            keys: [
              { name: "ci", key: Config.Redacted("CI_KEY"), scopes: { routes: ["/v1/*"], models: ["gpt-5*"] } },
              { name: "ops", hash: "${hash}" }
            ],
            rateLimit: { limit: 5, window: "1 minute", keys: { ci: { limit: 9, window: "1 hour" } } },
            cors: { origins: ["https://chat.example"], exposed: ["x-mine"], maxAge: "1 hour" },
            compression: { minSize: "4 KiB" },
            accessLog: "json", metrics: false, health: { requireUpstream: true }, maxHeaders: "8 KiB", maxBodies: "1 GiB", maxConnections: 7
          }`)
        ),
        ({ server }) => {
          assert.deepStrictEqual(server.keys, [
            {
              name: "ci",
              scopes: { routes: ["/v1/*"], models: ["gpt-5*"], operator: undefined },
              key: Redacted.make("ci-secret")
            },
            { name: "ops", scopes: undefined, hash }
          ])
          assert.deepStrictEqual(server.rateLimit, {
            limit: 5,
            window: Duration.minutes(1),
            keys: { ci: { limit: 9, window: Duration.hours(1) } }
          })
          assert.deepStrictEqual(server.cors, {
            origins: ["https://chat.example"],
            exposed: ["x-mine"],
            maxAge: Duration.hours(1)
          })
          assert.strictEqual(
            typeof server.compression === "object" && String(Number(server.compression.minSize)),
            String(4096)
          )
          assert.deepStrictEqual(server.accessLog, { format: "pretty" })
          assert.isFalse(server.metrics)
          assert.deepStrictEqual(server.health, { requireUpstream: true })
          assert.strictEqual(Number(server.maxHeaders), 8192)
          assert.strictEqual(server.maxConnections, 7)
          assert.strictEqual(Number(server.maxBodies), 2 ** 30)
        }
      )
    )

    it.effect.each([
      [`{ keys: [{ name: "a" }] }`, "server.keys[0]", "neither key nor hash"],
      [`{ keys: [{ name: "a b", hash: "${hash}" }] }`, "server.keys[0].name", `"a b"`],
      [`{ keys: [{ hash: "${hash}" }] }`, "server.keys[0].name", "nothing"],
      [`{ keys: [{ name: "a", hash: "p4ssw0rd" }] }`, "server.keys[0].hash", "a value that is not shown here"],
      [`{ keys: [{ name: "a", key: "p4ssw0rd" }] }`, "server.keys[0].key", "a value that is not shown here"],
      [`{ keys: [{ name: "a", hash: "${hash}", key: Redacted.make("k") }] }`, "server.keys[0]", "both key and hash"],
      [`{ keys: [{ name: "a", hash: "${hash}", scopes: { routes: ["v1"] } }] }`, "scopes.routes", "a list"],
      [`{ keys: [{ name: "a", hash: "${hash}", scopes: { all: true } }] }`, "scopes.all", "does not exist"],
      [`{ keys: {} }`, "server.keys", "an object"],
      [`{ rateLimit: { limit: 0, window: "1 minute" } }`, "server.rateLimit.limit", "0"],
      [`{ rateLimit: { limit: 1 } }`, "server.rateLimit.window", "nothing"],
      [`{ rateLimit: { limit: 1, window: "1 minute", keys: { a: {} } } }`, "server.rateLimit.keys.a.limit", "nothing"],
      [`{ cors: {} }`, "server.cors.origins", "nothing"],
      [`{ cors: { origins: [] } }`, "server.cors.origins", "a list"],
      [`{ cors: { origins: ["chat.example"] } }`, "server.cors.origins", "a list"],
      [`{ compression: "yes" }`, "server.compression", `"yes"`],
      [`{ compression: { minSize: -1 } }`, "server.compression.minSize", "-1"],
      [`{ accessLog: "loud" }`, "server.accessLog", `"loud"`],
      [`{ health: { requireUpstream: 1 } }`, "server.health.requireUpstream", "1"],
      [`{ health: { upstream: true } }`, "server.health.upstream", "does not exist"],
      [`{ metrics: "no" }`, "server.metrics", `"no"`],
      [`{ maxConnections: 0 }`, "server.maxConnections", "0"]
    ] as const)("says what is wrong with %s", ([options, setting, actual]) =>
      Effect.map(problems({}, server(options)), (found) => {
        assert.include(found.join("\n"), setting)
        assert.include(found.join("\n"), actual)
        assert.notInclude(found.join("\n"), "p4ssw0rd")
      })
    )

    it.effect("open another host by named keys too, and not by an empty list of them", () =>
      Effect.gen(function* () {
        yield* load({}, server(`{ host: "0.0.0.0", keys: [{ name: "a", hash: "${hash}" }] }`))
        const found = yield* problems({}, server(`{ host: "0.0.0.0", keys: [] }`))
        assert.include(found.join("\n"), "CAUSEWAY_API_KEY")
      })
    )
  })
})
