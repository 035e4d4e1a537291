/** `causeway simulate` as a process. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chat, command, directory, post, type Process, run, until } from "./command.ts"

const timeout = 60_000

/** What the pattern finds, once it is printed. */
const printed = (process: Process, pattern: RegExp) =>
  until(
    Effect.sync(() => pattern.exec(process.stdout())),
    (match) => match !== null
  )

const ask = (url: string, model: string) =>
  Effect.map(post(`${url}/chat/completions`, chat(model)), ({ status }) => status)

const simulate = Effect.fnUntraced(function* (options: Parameters<typeof command>[0] = {}) {
  const process = yield* command({ ...options, args: ["simulate", "--port", "0", ...(options.args ?? [])] })
  const match = yield* printed(process, /at (http:\S+)/)
  return { ...process, url: match?.[1] ?? "" }
})

describe("causeway simulate", () => {
  it.live(
    "serves, follows its script, tells of each request, and ends on a signal",
    () =>
      Effect.gen(function* () {
        const cwd = directory({
          "script.json": JSON.stringify({ phases: [{ name: "outage", requests: 1, fault: "no-healthy-upstream" }] })
        })
        const process = yield* simulate({ args: ["--script", "script.json", "--rate-limit", "2/minute"], cwd })
        const statuses = yield* Effect.forEach(["a", "b", "c", "d"], (model) => ask(process.url, model))
        assert.deepStrictEqual(statuses, [503, 200, 200, 429])
        yield* printed(
          process,
          /#1 POST \/v1\/chat\/completions a 503 answered \d+ms fault=no-healthy-upstream phase=outage/
        )
        yield* printed(process, /#4 POST \/v1\/chat\/completions d 429 answered \d+ms\n/)
        yield* process.signal("SIGTERM")
        assert.strictEqual((yield* process.ended).code, 0)
      }),
    timeout
  )

  it.live(
    "lists the faults, and says what is wrong with a script",
    () =>
      Effect.gen(function* () {
        const list = yield* run({ args: ["simulate", "--list"] })
        assert.strictEqual(list.code, 0)
        assert.match(list.stdout, / {2}cut-stream +a stream that ends early and cleanly/)
        const cwd = directory({ "script.json": '{"phases":[{"fault":"nope"}]}' })
        const bad = yield* run({ args: ["simulate", "--port", "0", "--script", "script.json"], cwd })
        assert.strictEqual(bad.code, 1)
        assert.match(bad.stderr, /^causeway: That is no script: "nope" is no fault/)
      }),
    timeout
  )

  it.live(
    "goes on where nobody reads its lines any more",
    () =>
      Effect.gen(function* () {
        const process = yield* simulate()
        yield* process.closeStdout
        assert.deepStrictEqual(yield* Effect.forEach(["a", "b"], (model) => ask(process.url, model)), [200, 200])
        yield* process.signal("SIGTERM")
        const { code, stderr } = yield* process.ended
        assert.strictEqual(code, 0)
        assert.notInclude(stderr, "EPIPE")
      }),
    timeout
  )

  it.live(
    "lists the faults to nobody without a word",
    () =>
      Effect.gen(function* () {
        const process = yield* command({ args: ["simulate", "--list"] })
        yield* process.closeStdout
        const { code, stderr } = yield* process.ended
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      }),
    timeout
  )
})
