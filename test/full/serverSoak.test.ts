/**
 * The command under load for a while, with failures of every kind among the calls:
 * each one is answered, none with a failure of another, and nothing grows.
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { millisOf } from "../duration.ts"
import { type Answer, chat, directory, get, moduleUrl, ready, send, until } from "../e2e/command.ts"

const duration = process.env["DURATION"] ?? "30s"
const millis = millisOf(duration, 30_000)

interface Kind {
  readonly name: string
  readonly path: string
  readonly body: unknown
  /** The statuses that it may be answered with. A worker that ends takes calls of any kind along. */
  readonly statuses: ReadonlyArray<number>
}

const plain = (model: string, ...statuses: ReadonlyArray<number>): Kind => ({
  name: model,
  path: "/v1/chat/completions",
  body: chat(model),
  statuses
})

const kinds: ReadonlyArray<Kind> = [
  ...Array.from({ length: 12 }, () => plain("simulator", 200)),
  { name: "stream", path: "/v1/chat/completions", body: chat("simulator", true), statuses: [200] },
  { name: "a stream that is cut", path: "/v1/chat/completions", body: chat("fault:cut-stream", true), statuses: [200] },
  { name: "double", path: "/faulty/double", body: { x: 2 }, statuses: [200] },
  plain("fault:no-healthy-upstream", 503),
  // The upstream's own answer; or, where it refuses most, a refusal in its place; or the end of the wait that it asks for.
  plain("fault:rate-limited", 429, 503, 504),
  plain("fault:unauthorized", 502),
  plain("fault:html", 502),
  plain("fault:empty", 502),
  plain("fault:reset", 502),
  plain("fault:cut-stream", 502)
]

/** What one answer tells of a call that its worker took along. */
const wentDown = ({ status, text }: Answer): boolean => status === 500 && text.includes('"crashed"')

/** Resident memory in megabytes, where the system tells it. */
const memoryOf = (pid: number | undefined): number => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

describe("soak of the server", () => {
  it.live(
    `answers every call for ${duration}, while workers end among them`,
    () =>
      Effect.gen(function* () {
        const server = yield* ready({
          cwd: directory({
            "causeway.config.mjs": `export default {
              upstreams: "simulator",
              pool: { size: 2, spare: 1 },
              services: [new URL(${moduleUrl("test/e2e/fixtures/faulty.ts")})] }`
          })
        })
        const end = (yield* Clock.currentTimeMillis) + millis
        const wrong: Array<string> = []
        let answered = 0
        let crashed = 0
        let early = 0

        const headers = { "x-causeway-timeout": "10000" }
        const call = ({ body, name, path, statuses }: Kind) =>
          Effect.map(
            Effect.timeoutOption(
              // A limit of the caller's own: where the upstream wants a longer rest, the answer is its failure, at once.
              Effect.orDie(send(`${server.url}${path}`, { method: "POST", body: JSON.stringify(body), headers })),
              "20 seconds"
            ),
            Option.match({
              onNone: () => void wrong.push(`${name}: no answer`),
              onSome: (answer) => {
                answered++
                if (wentDown(answer)) crashed++
                else if (!statuses.includes(answer.status)) wrong.push(`${name}: ${answer.status} ${answer.text}`)
                else if (name === "stream" && !answer.text.includes("[DONE]") && !answer.text.includes('"crashed"'))
                  wrong.push(`${name}: ended early`)
                else if (name !== "stream" && answer.status === 200 && answer.text.includes("[DONE]"))
                  wrong.push(`${name}: looks complete`)
              }
            })
          )
        const caller = (first: number) =>
          Effect.gen(function* () {
            for (let turn = first; (yield* Clock.currentTimeMillis) < end; turn++) {
              yield* call(kinds[turn % kinds.length] ?? plain("simulator", 200))
            }
          })
        const ending = Effect.gen(function* () {
          for (let turn = 0; (yield* Clock.currentTimeMillis) < end; turn++) {
            yield* Effect.sleep("1 second")
            const tag = turn % 2 === 0 ? "exit" : "throwLater"
            const answer = yield* Effect.orDie(send(`${server.url}/faulty/${tag}`, { method: "POST" }))
            if (!wentDown(answer)) wrong.push(`${tag}: ${answer.status} ${answer.text}`)
          }
        })
        const watching = Effect.andThen(
          Effect.sleep(millis / 5),
          Effect.sync(() => {
            early = memoryOf(server.pid)
          })
        )
        yield* Effect.all([...Array.from({ length: 32 }, (_, index) => caller(index)), ending, watching], {
          concurrency: "unbounded"
        })

        const late = memoryOf(server.pid)
        process.stdout.write(
          `${answered} calls answered, ${crashed} went down with their worker; ${Math.round(early)} MB, then ${Math.round(late)} MB\n`
        )
        assert.deepStrictEqual(wrong, [])
        assert.isAbove(answered, 100)
        // Far from growth without end, and wide enough for a garbage collector's moods.
        assert.isBelow(late, early * 1.5 + 50)
        yield* until(get(`${server.url}/health/ready`), ({ status }) => status === 200)
        const last = yield* Effect.orDie(
          send(`${server.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(chat("simulator")) })
        )
        assert.strictEqual(last.status, 200)
      }),
    millis + 120_000
  )
})
