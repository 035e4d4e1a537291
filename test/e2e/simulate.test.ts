/** `causeway simulate` as a process. */
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { directory, type Process, program } from "./command.ts"

const bin = fileURLToPath(new URL("../../packages/cli/src/bin.ts", import.meta.url))

const printed = (process: Process, pattern: RegExp) =>
  Effect.suspend(() => {
    const match = pattern.exec(process.stdout())
    return match === null ? Effect.fail(`${process.stdout()}${process.stderr()}`) : Effect.succeed(match)
  }).pipe(Effect.retry(Schedule.spaced("50 millis")), Effect.timeout("20 seconds"))

const ask = (url: string, model: string) =>
  Effect.promise(() =>
    // @effect-diagnostics-next-line globalFetchInEffect:off
    fetch(`${url}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model, messages: [{ role: "user", content: "hello" }] })
    }).then(({ status }) => status)
  )

describe("causeway simulate", () => {
  it.live(
    "serves, follows its script, tells of each request, and ends on a signal",
    () =>
      Effect.gen(function* () {
        const cwd = directory({
          "script.json": JSON.stringify({ phases: [{ name: "outage", requests: 1, fault: "no-healthy-upstream" }] })
        })
        const args = ["simulate", "--port", "0", "--script", "script.json", "--rate-limit", "2/minute"]
        const process = yield* program(bin, { args, cwd })
        const [, url = ""] = yield* printed(process, /at (http:\S+)/)
        const statuses = yield* Effect.forEach(["a", "b", "c", "d"], (model) => ask(url, model))
        assert.deepStrictEqual(statuses, [503, 200, 200, 429])
        yield* printed(
          process,
          /#1 POST \/v1\/chat\/completions a 503 answered \d+ms fault=no-healthy-upstream phase=outage/
        )
        yield* printed(process, /#4 POST \/v1\/chat\/completions d 429 answered \d+ms\n/)
        yield* process.signal("SIGTERM")
        assert.strictEqual((yield* process.ended).code, 0)
      }),
    60_000
  )

  it.live(
    "lists the faults, and says what is wrong with a script",
    () =>
      Effect.gen(function* () {
        const list = yield* Effect.flatMap(program(bin, { args: ["simulate", "--list"] }), ({ ended }) => ended)
        assert.strictEqual(list.code, 0)
        assert.match(list.stdout, / {2}cut-stream +a stream that ends early and cleanly/)
        const cwd = directory({ "script.json": '{"phases":[{"fault":"nope"}]}' })
        const args = ["simulate", "--port", "0", "--script", "script.json"]
        const bad = yield* Effect.flatMap(program(bin, { args, cwd }), ({ ended }) => ended)
        assert.strictEqual(bad.code, 1)
        assert.match(bad.stderr, /^causeway: That is no script: "nope" is no fault/)
      }),
    60_000
  )
})
