/**
 * SIGHUP: another configuration without a dropped request.
 */
import { writeFileSync } from "node:fs"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Ref from "effect/Ref"
import { chat, directory, get, moduleUrl, post, ready, type Server, until } from "./command.ts"

const timeout = 90_000

const event = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({
    id: "1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: finish }]
  })}\n\n`

/** An upstream that answers with its name, and whose streams end when they are told to. */
const upstream = Effect.fnUntraced(function* (name: string) {
  const open = new Set<ServerResponse>()
  const server = yield* Effect.acquireRelease(
    Effect.sync(() =>
      createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8").on("data", (text: string) => (body += text))
        request.on("end", () => {
          if (body.includes('"stream":true')) {
            response.writeHead(200, { "content-type": "text/event-stream" })
            response.write(event({ content: name }, null))
            open.add(response)
            return
          }
          const message = { role: "assistant", content: name, refusal: null }
          response.setHeader("content-type", "application/json").end(
            JSON.stringify({
              id: "1",
              object: "chat.completion",
              created: 1,
              model: "m",
              choices: [{ index: 0, message, finish_reason: "stop" }]
            })
          )
        })
      })
    ),
    (server) => Effect.sync(() => void server.closeAllConnections())
  )
  yield* Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    streams: Effect.sync(() => open.size),
    endStreams: Effect.sync(() => {
      for (const response of open) response.end(`${event({}, "stop")}data: [DONE]\n\n`)
      open.clear()
    })
  }
})

const config = (url: string, more = "") => `export default {
  upstreams: { only: { baseUrl: "${url}" } }, pool: { size: 1, spare: 0 }, services: ["./services.mjs"], ${more}
}`

/** A service that answers with a word; the word stands in a module of its own. */
const services = (word: string) => ({
  "words.mjs": `export const word = ${JSON.stringify(word)}`,
  "services.mjs": `
    import * as Service from ${moduleUrl("packages/cli/src/Service.ts")}
    import * as Contract from ${moduleUrl("packages/core/src/Contract.ts")}
    import * as Effect from ${JSON.stringify(import.meta.resolve("effect/Effect"))}
    import * as Rpc from ${JSON.stringify(import.meta.resolve("effect/rpc/Rpc"))}
    import * as Schema from ${JSON.stringify(import.meta.resolve("effect/Schema"))}
    import { word } from "./words.mjs"
    class Words extends Contract.Service()("test/Words", Rpc.make(word, { success: Schema.String })) {}
    export default Service.make(Words, Words.toLayer({ [word]: () => Effect.succeed(word) }))`
})

const write = (cwd: string, files: Readonly<Record<string, string>>) =>
  Effect.sync(() => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  })

const told = (server: Server, text: string, times = 1) =>
  until(
    Effect.sync(() => server.stderr().split(text).length - 1),
    (count) => count >= times
  )

const isUsed = "the configuration was read again, and is used"

const isNotUsed = "the new configuration is not used"

const ask = (server: Server, stream = false) => post(`${server.url}/v1/chat/completions`, chat("m", stream))

/** Asks in a loop until it is interrupted; the statuses that were seen. */
const load = Effect.fnUntraced(function* (server: Server) {
  const seen = yield* Ref.make<Readonly<Record<number, number>>>({})
  const once = Effect.flatMap(ask(server), ({ status }) =>
    Ref.update(seen, (counts) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }))
  )
  const fibers = yield* Effect.forEach(Array.from({ length: 8 }), () => Effect.forkScoped(Effect.forever(once)))
  return { seen, stop: Fiber.interruptAll(fibers) }
})

describe("SIGHUP", () => {
  it.live(
    "lets another configuration serve, with new workers, and drops no request and no stream",
    () =>
      Effect.gen(function* () {
        const [before, after] = [yield* upstream("before"), yield* upstream("after")]
        const cwd = directory({ "causeway.config.mjs": config(before.url), ...services("old") })
        const server = yield* ready({ cwd })
        const streams = yield* Effect.forEach([1, 2, 3, 4], () => Effect.forkScoped(ask(server, true)))
        yield* until(before.streams, (count) => count === 4)
        assert.strictEqual((yield* post(`${server.url}/predict/old`, "")).text, '"old"')
        const running = yield* load(server)
        yield* write(cwd, {
          "causeway.config.mjs": config(after.url, `server: { maxBody: "1 kB" }`),
          ...services("new")
        })
        yield* server.signal("SIGHUP")
        yield* told(server, isUsed)
        // Who has begun ends where it began.
        assert.strictEqual(yield* before.streams, 4)
        assert.include((yield* ask(server)).text, '"after"')
        // Also what the module of the services imports is another one, in the main thread and in the workers.
        assert.strictEqual((yield* post(`${server.url}/predict/new`, "")).text, '"new"')
        assert.strictEqual((yield* post(`${server.url}/predict/old`, "")).status, 404)
        assert.strictEqual((yield* post(`${server.url}/predict/new`, " ".repeat(2000))).status, 413)
        yield* before.endStreams
        for (const { status, text } of yield* Effect.forEach(streams, Fiber.join)) {
          assert.strictEqual(status, 200)
          assert.include(text, '"before"')
          assert.isTrue(text.endsWith("data: [DONE]\n\n"))
        }
        yield* server.signal("SIGHUP")
        yield* told(server, isUsed, 2)
        yield* running.stop
        const seen = yield* Ref.get(running.seen)
        assert.deepStrictEqual(Object.keys(seen), ["200"], JSON.stringify(seen))
        // What the new workers have begun has the grace of the end, as if nothing had been read again.
        const last = yield* Effect.forkScoped(ask(server, true))
        yield* until(after.streams, (count) => count === 1)
        yield* server.signal("SIGTERM")
        yield* until(get(`${server.url}/health/ready`), ({ status }) => status === 503)
        yield* after.endStreams
        assert.isTrue((yield* Fiber.join(last)).text.endsWith("data: [DONE]\n\n"))
        assert.strictEqual((yield* server.ended).code, 0)
      }),
    timeout
  )

  it.live(
    "leaves everything as it was where the new configuration is wrong, and says why",
    () =>
      Effect.gen(function* () {
        const only = yield* upstream("only")
        const cwd = directory({ "causeway.config.mjs": config(only.url), ...services("old") })
        const server = yield* ready({ cwd })
        const wrong: ReadonlyArray<readonly [files: Readonly<Record<string, string>>, said: string]> = [
          [{ "causeway.config.mjs": config("nowhere", "server: { prot: 1 }") }, "server.prot in causeway.config.mjs"],
          [{ "causeway.config.mjs": "export default {" }, "cannot be imported"],
          [
            {
              "causeway.config.mjs": config(only.url),
              ...services("new"),
              // Only a worker sees that it does not work.
              "words.mjs": `import { isMainThread } from "node:worker_threads"
                export const word = "new"
                if (!isMainThread) throw new Error("no words here")`
            },
            "no worker got ready"
          ]
        ]
        for (const [index, [files, said]] of wrong.entries()) {
          yield* write(cwd, files)
          yield* server.signal("SIGHUP")
          yield* told(server, isNotUsed, index + 1)
          assert.include(server.stderr().slice(server.stderr().lastIndexOf(isNotUsed)), said)
          assert.include((yield* ask(server)).text, '"only"')
          assert.strictEqual((yield* post(`${server.url}/predict/old`, "")).text, '"old"')
          assert.strictEqual((yield* get(`${server.url}/health/ready`)).status, 200)
        }
        yield* write(cwd, services("newest"))
        yield* server.signal("SIGHUP")
        yield* told(server, isUsed)
        assert.strictEqual((yield* post(`${server.url}/predict/newest`, "")).text, '"newest"')
      }),
    timeout
  )

  it.live(
    "reads keys again that stand in files",
    () =>
      Effect.gen(function* () {
        const cwd = directory({ key: "first\n" })
        const server = yield* ready({
          cwd,
          env: { CAUSEWAY_API_KEY_FILE: join(cwd, "key"), CAUSEWAY_WORKERS: "0" }
        })
        const statusWith = (key: string) =>
          Effect.map(post(`${server.url}/predict`, { x: 3 }, { "x-api-key": key }), ({ status }) => status)
        assert.strictEqual(yield* statusWith("first"), 200)
        yield* write(cwd, { key: "second\n" })
        yield* server.signal("SIGHUP")
        yield* told(server, isUsed)
        assert.strictEqual(yield* statusWith("first"), 401)
        assert.strictEqual(yield* statusWith("second"), 200)
      }),
    timeout
  )
})
