/** Clients that send what no client should: each is answered and let go, and nobody beside it notices. */
import * as NodeHttp from "node:http"
import * as NodeNet from "node:net"
import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import * as Health from "@causeway/server/Health"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as RpcApi from "@causeway/server/RpcApi"
import * as Server from "@causeway/server/Server"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import { Calls, handlers, Journal, routes } from "../../packages/server/test/fixtures/Calls.ts"
import { call, connect, errorOf, head } from "../../packages/server/test/fixtures/client.ts"
import * as Requests from "./fixtures/requests.ts"

const limits: Server.Options = { port: 0, maxBody: "64 kB", headersTimeout: "1 second", requestTimeout: "2 seconds" }

const served = (upstream: string, options: Server.Options) => {
  const relay = Local.layer(Relay, Relay.layer({ simulated: { baseUrl: upstream } }))
  const rpc = RpcApi.layer(Calls).pipe(Layer.provide(Local.layer(Calls, handlers)))
  const all = Layer.mergeAll(routes, rpc, OpenAiApi.layer().pipe(Layer.provide(relay)), Health.layer())
  return Server.serve(all, { ...limits, ...options })
}

/** Every route there is, in process. */
const serve = (options: Server.Options = {}) =>
  Layer.unwrap(Effect.map(Simulator, ({ url }) => served(url, options))).pipe(
    Layer.provideMerge(Journal.layer),
    Layer.provideMerge(Simulator.layer())
  )

const live = { excludeTestServices: true, timeout: "30 seconds" } as const

/** While it runs, somebody else calls again and again on one connection, and is always answered rightly. */
const unnoticed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const agent = yield* Effect.acquireRelease(
      Effect.sync(() => new NodeHttp.Agent({ keepAlive: true, maxSockets: 1 })),
      (agent) => Effect.sync(() => agent.destroy())
    )
    const connections = new Set<number | undefined>()
    const one = Effect.map(call("/predict/square", { body: { x: 3 }, agent }), ({ connection, status, text }) => {
      assert.deepStrictEqual([status, text], [200, '{"y":9}'])
      connections.add(connection)
    })
    yield* one
    const result = yield* Effect.raceFirst(self, Effect.forever(one))
    yield* Effect.scoped(one)
    return [result, connections.size] as const
  })

const sent = (bytes: string | Uint8Array) =>
  Effect.gen(function* () {
    const socket = yield* connect
    socket.send(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes)
    return yield* socket.closed
  })

interface Answer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** All that came on a connection. */
const answersIn = (text: string): ReadonlyArray<Answer> =>
  text
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((part) => part !== "")
    .map((part) => {
      const [head = "", ...body] = part.split("\r\n\r\n")
      return { status: Number(part.slice(9, 12)), head, body: body.join("\r\n\r\n") }
    })

const check = ([, bytes, expected]: Requests.Row) =>
  Effect.gen(function* () {
    const [text] = yield* unnoticed(sent(bytes))
    const answers = answersIn(text)
    if (expected === "closed")
      return assert.isTrue(
        answers.every(({ status }) => status >= 400),
        text
      )
    assert.lengthOf(answers, 1, text)
    const [{ body, head, status } = assert.fail("no answer")] = answers
    const [wanted, code] = typeof expected === "number" ? [expected, undefined] : expected
    assert.strictEqual(status, wanted, text)
    assert.match(head, /\r\nx-request-id: [\w.:/+=@-]{1,128}(?:\r\n|$)/i)
    assert.notMatch(head, /evil/i)
    assert.notMatch(body, /node_modules|\.ts:\d|\bat [\w.]+ \(/)
    if (status < 400 || bytes.toString().startsWith("HEAD")) return undefined
    assert.match(head, /\r\ncontent-type: application\/json\b/i)
    const error = errorOf(body)
    assert.hasAllKeys(error, ["message", "type", "param", "code"])
    if (code !== undefined) assert.strictEqual(error?.code, code, text)
    return undefined
  })

const tables = {
  "what is not HTTP": Requests.notHttp,
  "what two readers may read differently": Requests.smuggling,
  paths: Requests.paths,
  methods: Requests.methods,
  headers: Requests.headers,
  bodies: Requests.bodies,
  "what would be relayed": Requests.relayed
}

const eventually = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.timeout(self, "20 seconds")

layer(serve(), live)("a client that sends", (it) => {
  for (const [name, rows] of Object.entries(tables)) it.effect.each(rows)(`${name}: %s`, check)
})

const logged: Array<string> = []

const everything: Server.Options = {
  accessLog: { format: "json", write: (line) => logged.push(line) },
  compression: { minSize: 1 },
  cors: { origins: "*" },
  metrics: true,
  rateLimit: { limit: 1_000_000, window: "1 minute" }
}

layer(serve(everything), live)("a client that sends, with every layer", (it) => {
  for (const [name, rows] of Object.entries(tables)) {
    // A browser's question is answered by CORS, whatever it is asked of.
    const others = rows.filter(([name]) => name !== "OPTIONS of everything")
    it.effect.each(others)(`${name}: %s`, check)
  }

  it.effect("leaves lines in the log that are each one line, and hold no control characters", () =>
    Effect.sync(() => {
      assert.isAbove(logged.length, 100)
      for (const line of logged) {
        assert.isObject(JSON.parse(line))
        // oxlint-disable-next-line no-control-regex
        assert.notMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
        assert.isBelow(line.length, 20_000)
      }
    })
  )
})

layer(serve({ keys: [Redacted.make("key")] }), live)("where there is a key", (it) => {
  it.effect.each(Requests.disguises)("no other way to write a path opens: %s", (path) =>
    Effect.gen(function* () {
      const body = '{"x":3}'
      const request = (...headers: ReadonlyArray<string>) =>
        sent(head("POST", path, "connection: close", "content-length: 7", ...headers) + body)
      const [without = assert.fail("no answer"), ...more] = answersIn(yield* request())
      assert.deepStrictEqual(more, [])
      assert.include([400, 401, 405], without.status)
      assert.notInclude(without.body, "9")
      assert.notStrictEqual(answersIn(yield* request("x-api-key: key"))[0]?.status, 401)
    })
  )
})

layer(serve(), live)("what an upstream sees", (it) => {
  it.effect.each(Requests.waysOut)("is below /v1, and of the route: %s", (path) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const before = yield* simulator.requestCount
      yield* sent(head("GET", path, "connection: close"))
      for (const seen of (yield* simulator.requests).slice(before)) {
        assert.match(seen.path, /^\/v1\/(?:models(?:\/[^/]+)?|files\/[^/]+\/content|responses\/[^/]+\/input_items)$/)
      }
    })
  )
})

layer(serve(), live)("requests that are sent ahead", (it) => {
  it.effect("are answered in their order", () =>
    Effect.gen(function* () {
      // With the last one as many as may wait: they come at once, and none is answered before all are read.
      const numbers = Array.from({ length: 99 }, (_, at) => `{"x":${at}}`)
      const requests = numbers.map((body) => head("POST", "/predict/square", `content-length: ${body.length}`) + body)
      const last = head("GET", "/nope", "connection: close")
      const [text] = yield* unnoticed(sent(requests.join("") + last))
      const answers = answersIn(text)
      assert.deepStrictEqual(
        answers.map(({ body }) => body).slice(0, -1),
        numbers.map((_, at) => `{"y":${at * at}}`)
      )
      assert.strictEqual(answers.at(-1)?.status, 404)
    })
  )

  it.effect("beyond a hundred that wait are refused", () =>
    Effect.gen(function* () {
      const { gate, notes } = yield* Journal
      const socket = yield* connect
      const last = head("GET", "/nope", "connection: close")
      socket.send(head("POST", "/predict/wait", "content-length: 0").repeat(149) + last)
      for (let at = 0; at < 100; at++) yield* eventually(Queue.take(notes))
      yield* gate.open
      const answers = answersIn(yield* eventually(socket.closed))
      const codes = answers.map(({ body, status }) => `${status} ${errorOf(body)?.code ?? body}`)
      assert.deepStrictEqual(codes, [
        ...Array.from({ length: 100 }, () => '200 "done"'),
        ...Array.from({ length: 50 }, () => "429 too_many_pipelined")
      ])
    })
  )

  it.effect("are interrupted together where their client leaves", () =>
    Effect.gen(function* () {
      const { notes } = yield* Journal
      const socket = yield* connect
      socket.send(head("POST", "/predict/hang", "content-length: 0").repeat(20))
      for (let at = 0; at < 20; at++) assert.strictEqual(yield* eventually(Queue.take(notes)), "hang began")
      yield* socket.leave
      for (let at = 0; at < 20; at++) assert.strictEqual(yield* eventually(Queue.take(notes)), "hang ended")
    })
  )

  it.effect("behind an ambiguous one are not run", () =>
    Effect.gen(function* () {
      const { notes } = yield* Journal
      const hang = head("POST", "/predict/hang", "content-length: 0")
      const text = yield* sent(head("GET", "/health/live", "transfer-encoding: gzip, chunked") + `0\r\n\r\n${hang}`)
      assert.deepStrictEqual(
        answersIn(text).map(({ status }) => status),
        [400]
      )
      assert.strictEqual(yield* Queue.size(notes), 0)
    })
  )
})

/** A connection that is never closed by its client, only broken when the test ends. */
const halfOpen = (text: string) =>
  Effect.flatMap(Server.Server, ({ port }) =>
    Effect.callback<string>((resume) => {
      let received = ""
      const socket = NodeNet.connect({ port, host: "127.0.0.1", allowHalfOpen: true })
      // That the other side is gone only shows to who writes.
      // @effect-diagnostics-next-line globalTimersInEffect:off
      const writing = setInterval(() => socket.write("x"), 50)
      socket.on("data", (chunk: Buffer) => (received += chunk.toString()))
      socket.on("error", () => {})
      socket.once("close", () => {
        clearInterval(writing)
        resume(Effect.succeed(received))
      })
      socket.write(text)
      return Effect.sync(() => {
        clearInterval(writing)
        socket.destroy()
      })
    })
  )

layer(serve(), live)("a client that never closes its side", (it) => {
  it.effect.each([
    ["nonsense", "nonsense\r\n\r\n", 400],
    ["a request", head("GET", "/health/live", "connection: close"), 200],
    ["a body over the limit", head("POST", "/predict/square", "content-length: 1000000"), 413],
    ["an upgrade", head("GET", "/health/live", "connection: upgrade", "upgrade: h2c"), 200],
    ["a handshake", head("GET", "/health/live", "connection: upgrade", "upgrade: websocket"), 200],
    ["a part of a request", "POST /predict/square HT", 400]
  ] as const)("loses its connection after %s", ([, text, status]) =>
    Effect.gen(function* () {
      const received = yield* eventually(halfOpen(text))
      assert.deepStrictEqual(
        answersIn(received)
          .map(({ status }) => status)
          .slice(0, 1),
        [status]
      )
    })
  )
})
