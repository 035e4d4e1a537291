import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Settings from "@causeway/cli/Settings"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

const directory = (files: Readonly<Record<string, string>>): string => {
  const path = mkdtempSync(join(tmpdir(), "causeway-"))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

const load = (cwd: string, environment: Record<string, string> = {}) => Settings.load({ flags: {}, environment, cwd })

const problems = (cwd: string, environment: Record<string, string> = {}) =>
  Effect.map(load(cwd, environment).pipe(Effect.flip, Effect.orDie), ({ message }) =>
    message
      .split("\n")
      .slice(1)
      .map((line) => line.trim())
  )

const keyOf = ({ upstreams }: Settings.Settings, name: string): unknown => {
  const key = upstreams === "simulator" ? undefined : upstreams[name]?.apiKey
  return Redacted.isRedacted(key) ? Redacted.value(key) : key
}

describe("causeway.config.json", () => {
  it.effect("is read by the same rules as a module, with the names of variables for secrets", () =>
    Effect.gen(function* () {
      const greetings = fileURLToPath(new URL("./fixtures/greetings.ts", import.meta.url))
      const cwd = directory({
        "causeway.config.json": JSON.stringify({
          upstreams: {
            primary: { baseUrl: "https://one.example/v1", apiKey: { env: "ONE_KEY" } },
            backup: { baseUrl: "https://two.example/v1", models: { a: "b" } }
          },
          policy: { fallback: ["backup"], deadline: "2 minutes" },
          pool: { size: 3, recycle: { age: "1 hour" } },
          server: { port: 9100, maxBody: "1 MiB", apiKey: { env: "CALLERS" }, grace: 1500 },
          services: [greetings]
        })
      })
      const settings = yield* load(cwd, { ONE_KEY: "sk-one", CALLERS: "ours" })
      assert.strictEqual(keyOf(settings, "primary"), "sk-one")
      assert.strictEqual(settings.server.port, 9100)
      assert.strictEqual(settings.server.keys.length, 1)
      assert.strictEqual(Duration.toMillis(Duration.fromInputUnsafe(settings.server.grace ?? 0)), 1500)
      assert.strictEqual(settings.workers, 3)
      assert.deepStrictEqual(
        settings.services.map(({ contract }) => contract.key),
        ["test/Greetings"]
      )
    })
  )

  it.effect("takes the paths of services from where the file stands", () =>
    Effect.gen(function* () {
      const cwd = directory({
        "causeway.config.json": '{ "upstreams": "simulator", "services": ["./mine.mjs"] }',
        "mine.mjs": `export { default } from ${JSON.stringify(new URL("./fixtures/greetings.ts", import.meta.url).href)}`
      })
      assert.deepStrictEqual((yield* load(cwd)).modules, [`file://${join(cwd, "mine.mjs")}`])
    })
  )

  it.effect("has all of its problems told at once, each by its path, and no secret", () =>
    Effect.gen(function* () {
      const told = yield* problems(
        directory({
          "causeway.config.json": JSON.stringify({
            upstreams: { primary: { baseUrl: "nowhere", apiKey: "sk-in-the-clear" } },
            pool: { size: -1 },
            server: { grace: "soon", prot: 1 },
            services: ["./absent.mjs", 3]
          })
        })
      )
      for (const setting of [
        "upstreams.primary.baseUrl",
        "upstreams.primary.apiKey",
        "pool.size",
        "server.grace",
        "server.prot",
        "services[0]",
        "services[1]"
      ]) {
        assert.isTrue(
          told.some((line) => line.startsWith(`${setting} in causeway.config.json: `)),
          `${setting} is missing in\n${told.join("\n")}`
        )
      }
      assert.strictEqual(told.length, 7)
      assert.notInclude(told.join(), "in-the-clear")
    })
  )

  it.effect("that is no JSON is refused without being quoted", () =>
    Effect.gen(function* () {
      const told = yield* problems(directory({ "causeway.config.json": '{ "apiKey": sk-secret }' }))
      assert.match(told[0] ?? "", /^causeway\.config\.json: got text that is no JSON/)
      assert.notInclude(told.join(), "sk-secret")
    })
  )
})

describe("a secret in a file", () => {
  const cwd = directory({ one: "sk-one\n", two: "ours", empty: "\n", spaced: "two words", large: "x".repeat(65_537) })
  const at = (name: string) => join(cwd, name)

  it.effect("is found by the variable with _FILE", () =>
    Effect.gen(function* () {
      const settings = yield* load(cwd, { OPENAI_API_KEY_FILE: at("one"), CAUSEWAY_API_KEY_FILE: at("two") })
      assert.strictEqual(keyOf(settings, "primary"), "sk-one")
      const [key] = settings.server.keys
      assert.strictEqual(Redacted.isRedacted(key) ? Redacted.value(key) : undefined, "ours")
    })
  )

  it.effect("is found for a variable that the configuration file names", () =>
    Effect.gen(function* () {
      const file = directory({
        "causeway.config.json": '{ "upstreams": { "a": { "baseUrl": "http://a/v1", "apiKey": { "env": "MINE" } } } }'
      })
      assert.strictEqual(keyOf(yield* load(file, { MINE_FILE: at("one") }), "a"), "sk-one")
      const [told] = yield* problems(file)
      assert.match(told ?? "", /upstreams\.a\.apiKey in .*: got nothing from MINE, allowed is .*MINE_FILE/)
    })
  )

  it.effect("that cannot be read, is empty, is no secret or is given twice is a problem that shows nothing of it", () =>
    Effect.gen(function* () {
      assert.match((yield* problems(cwd, { OPENAI_API_KEY_FILE: at("absent") }))[0] ?? "", /cannot be read \(ENOENT\)/)
      assert.match((yield* problems(cwd, { OPENAI_API_KEY_FILE: at("empty") }))[0] ?? "", /which is empty/)
      assert.match((yield* problems(cwd, { OPENAI_API_KEY_FILE: cwd }))[0] ?? "", /which is a directory/)
      assert.match((yield* problems(cwd, { OPENAI_API_KEY_FILE: at("large") }))[0] ?? "", /which is larger than 64 KiB/)
      // Whoever reads that waits for ever.
      const [endless] = yield* problems(cwd, { OPENAI_API_KEY_FILE: "/dev/zero" })
      assert.match(endless ?? "", /^OPENAI_API_KEY_FILE: got "\/dev\/zero", which is no regular file/)
      const told = yield* problems(cwd, { CAUSEWAY_API_KEY_FILE: at("spaced") })
      assert.match(told[0] ?? "", /^CAUSEWAY_API_KEY_FILE: got a value that is not shown here/)
      const twice = yield* problems(cwd, { CAUSEWAY_API_KEY_FILE: at("two"), CAUSEWAY_API_KEY: "other" })
      assert.match(twice[0] ?? "", /^CAUSEWAY_API_KEY_FILE: got a file, while CAUSEWAY_API_KEY is set too/)
    })
  )
})
