import { Relay } from "@causeway/openai/Relay"
import * as Health from "@causeway/server/Health"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as PredictApi from "@causeway/server/PredictApi"
import * as Server from "@causeway/server/Server"
import { Simulator } from "@causeway/simulator/Simulator"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { call, connect, head, post } from "./fixtures/client.ts"
import { Threads } from "./fixtures/Threads.ts"

const entry = new URL("./fixtures/worker.ts", import.meta.url)

/** Everything over one pool of real threads, with the simulator as the upstream. */
const live = (options: Omit<WorkerPool.Options, "entry" | "data"> = {}) =>
  Layer.unwrap(
    Effect.map(Simulator, ({ url }) => {
      const health = Layer.unwrap(
        Effect.map(WorkerPool.WorkerPool, (pool) => Health.layer({ checks: [Health.fromPool(pool)] }))
      )
      return Server.serve(Layer.mergeAll(PredictApi.layer(Threads), OpenAiApi.layer(), health), { port: 0 }).pipe(
        Layer.provide(Layer.mergeAll(WorkerPool.client(Threads), WorkerPool.client(Relay))),
        Layer.provideMerge(WorkerPool.layerPool({ entry, size: 1, data: url, ...options })),
        Layer.provide(Logger.layer([]))
      )
    })
  ).pipe(Layer.provideMerge(Simulator.layer()))

/** For a machine that has much else to do, in milliseconds. */
const patience = 30_000

const settings = { excludeTestServices: true, timeout: "30 seconds" } as const

const inFlight = (calls: number) =>
  Effect.gen(function* () {
    const pool = yield* WorkerPool.WorkerPool
    while ((yield* pool.status).inFlight < calls) yield* Effect.sleep("5 millis")
  })

/** A field of a form. */
const part = (name: string, text: string) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`

const messages = [{ role: "user", content: "good day" }]

describe("over worker threads", () => {
  layer(
    live(),
    settings
  )((it) => {
    it.effect(
      "answers calls, and is ready",
      () =>
        Effect.gen(function* () {
          assert.strictEqual((yield* post("/predict/square", { x: 3 })).text, '{"y":9}')
          const health = yield* call("/health")
          assert.strictEqual(health.status, 200)
          assert.containSubset(JSON.parse(health.text).checks, [{ name: "workers", ok: true }])
        }),
      patience
    )

    it.effect(
      "tells errors that crossed the thread as if they had not",
      () =>
        Effect.gen(function* () {
          const refused = yield* post("/predict/refuse", "")
          assert.deepStrictEqual([refused.status, refused.error?.message], [500, "refused: in the worker"])
          const failed = yield* post("/predict/upstream", "")
          assert.deepStrictEqual([failed.status, failed.error?.code], [503, "gateway"])
          assert.strictEqual(failed.headers["x-upstream-request-id"], "up-1")
        }),
      patience
    )

    it.effect(
      "tells a worker that exits as a 500, and goes on with another one",
      () =>
        Effect.gen(function* () {
          const answer = yield* post("/predict/exit", { code: 7 })
          assert.deepStrictEqual([answer.status, answer.error?.code], [500, "crashed"])
          assert.strictEqual(answer.headers["x-should-retry"], "true")
          assert.strictEqual((yield* post("/predict/square", { x: 4 })).text, '{"y":16}')
        }),
      patience
    )

    it.effect(
      "ends the stream of a worker that exits with an error event",
      () =>
        Effect.gen(function* () {
          const socket = yield* connect
          socket.send(head("POST", "/predict/trickle", "content-length: 0", "connection: close"))
          yield* socket.until("data: 1\n\n")
          yield* post("/predict/exit", { code: 7 })
          const text = yield* socket.closed
          assert.match(text, /data: 1\n\n[\s\S]*event: error\ndata: .*"crashed".*\n\n[\s\S]*0\r\n\r\n$/)
          assert.notInclude(text, "[DONE]")
        }),
      patience
    )

    it.effect(
      "answers at the deadline where the handler does not, and lets go of it",
      () =>
        Effect.gen(function* () {
          const answer = yield* post("/predict/hang", "", { "x-causeway-timeout": "100" })
          assert.deepStrictEqual([answer.status, answer.error?.code], [504, "deadline_exceeded"])
        }),
      patience
    )

    it.effect(
      "relays, plain and streamed",
      () =>
        Effect.gen(function* () {
          const plain = yield* post("/v1/chat/completions", { model: "gpt-5", messages })
          assert.strictEqual(plain.status, 200)
          assert.match(String(plain.headers["x-upstream-request-id"]), /^sim-req-/)
          const stream = yield* post("/v1/chat/completions", { model: "gpt-5", messages, stream: true })
          assert.match(stream.text, /^data: \{[\s\S]*\n\ndata: \[DONE\]\n\n$/)
          assert.match(String(stream.headers["x-upstream-request-id"]), /^sim-req-/)
          const failed = yield* post("/v1/chat/completions", { model: "fault:cut-stream", messages, stream: true })
          assert.match(failed.text, /event: error\ndata: .*"stream_truncated".*\n\n$/)
        }),
      patience
    )

    it.effect(
      "relays forms, files, audio and the events of a response",
      () =>
        Effect.gen(function* () {
          const type = "multipart/form-data; boundary=b"
          const file = part("file", "one line").replace('"file"', '"file"; filename="a.txt"')
          const form = `${file}${part("purpose", "user_data")}--b--\r\n`
          const created = yield* post("/v1/files", form, { "content-type": type })
          assert.strictEqual(created.status, 200, created.text)
          const { id } = JSON.parse(created.text)
          assert.strictEqual((yield* call(`/v1/files/${id}/content`)).text, "one line")
          const removed = yield* call(`/v1/files/${id}`, { method: "DELETE" })
          assert.include(JSON.parse(removed.text), { id, deleted: true })
          const audio = yield* post("/v1/audio/speech", { model: "tts", input: "hi", voice: "alloy" })
          assert.deepStrictEqual([audio.status, audio.text.length > 0], [200, true])
          assert.match(String(audio.headers["content-type"]), /^audio\//)
          const events = yield* post("/v1/responses", { model: "gpt-5", input: "hi", stream: true })
          assert.match(events.text, /^event: response.created\n[\s\S]*event: response.completed\ndata: .*\n\n$/)
        }),
      patience
    )

    it.effect.each(["plain", "streamed"])(
      "closes the upstream's socket when the client of a %s call leaves",
      (kind) =>
        Effect.gen(function* () {
          const simulator = yield* Simulator
          const body = JSON.stringify({ model: "fault:stall-body", messages, stream: kind === "streamed" })
          const socket = yield* connect
          socket.send(head("POST", "/v1/chat/completions", `content-length: ${body.length}`) + body)
          const { number } = yield* simulator.awaitRequest(
            ({ fault, outcome }) => fault === "stall-body" && outcome === "pending"
          )
          yield* socket.leave
          const left = yield* simulator.awaitClosed(number).pipe(Effect.timeout("5 seconds"))
          assert.strictEqual(left.outcome, "abandoned")
        }),
      patience
    )
  })

  layer(live({ queue: 1, concurrency: 1 }), settings)("that are all busy", (it) => {
    it.effect(
      "refuses what the queue does not take, with when to come again",
      () =>
        Effect.gen(function* () {
          const timeout = { "x-causeway-timeout": "25000" }
          const busy = yield* Effect.forkChild(post("/predict/hang", "", timeout))
          yield* inFlight(1)
          const pool = yield* WorkerPool.WorkerPool
          const queued = yield* Effect.forkChild(post("/predict/hang", "", timeout))
          while ((yield* pool.status).queued < 1) yield* Effect.sleep("5 millis")
          const refused = yield* post("/predict/square", { x: 3 })
          assert.strictEqual(refused.status, 503)
          assert.strictEqual(refused.error?.code, "overloaded")
          assert.match(String(refused.headers["retry-after"]), /^\d+$/)
          assert.strictEqual((yield* call("/health/live")).status, 200)
          yield* Effect.all([Fiber.interrupt(busy), Fiber.interrupt(queued)])
        }),
      patience
    )
  })

  layer(live({ unresponsiveAfter: "2 seconds" }), settings)("of which one hangs", (it) => {
    it.effect(
      "tells its call as a 504, and goes on with another one",
      () =>
        Effect.gen(function* () {
          const answer = yield* post("/predict/spin", "")
          assert.deepStrictEqual([answer.status, answer.error?.code], [504, "unresponsive"])
          assert.strictEqual((yield* post("/predict/square", { x: 5 })).text, '{"y":25}')
        }),
      patience
    )
  })

  let mayStart = true
  const gated = live({
    spare: 0,
    env: () => {
      if (!mayStart) throw new Error("no worker for now")
      return {}
    }
  })

  layer(gated, settings)("whose only one is gone", (it) => {
    it.effect(
      "is not ready from that moment on, and says why, until another one serves",
      () =>
        Effect.gen(function* () {
          assert.strictEqual((yield* post("/predict/square", { x: 2 })).status, 200)
          assert.strictEqual((yield* call("/health/ready")).status, 200)
          mayStart = false
          assert.strictEqual((yield* post("/predict/exit", { code: 3 })).error?.code, "crashed")
          const { status, text } = yield* call("/health/ready")
          assert.strictEqual(status, 503)
          assert.match(JSON.parse(text).reasons[0], /^workers: \S/)
          assert.strictEqual((yield* call("/health/live")).status, 200)
          mayStart = true
          while ((yield* call("/health/ready")).status !== 200) yield* Effect.sleep("20 millis")
          assert.strictEqual((yield* post("/predict/square", { x: 2 })).text, '{"y":4}')
        }),
      patience
    )
  })
})
