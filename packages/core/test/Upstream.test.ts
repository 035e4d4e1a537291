import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Disposition from "@causeway/core/Disposition"
import * as Report from "@causeway/core/Report"
import * as Rule from "@causeway/core/Rule"
import * as Upstream from "@causeway/core/Upstream"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Reason from "@causeway/core/UpstreamReason"
import { assert, describe, it, vi } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { afterRequest, serve, unused } from "./sockets.ts"
import { failing } from "./upstream/failing.ts"
import { families } from "./upstream/families.ts"
import { faults } from "./upstream/faults.ts"

const patient = Upstream.make({ name: "stock", maxBody: 100_000 })

/** Its limit passes in the time of a test, and leaves a busy machine enough to send a head. */
const hasty = Upstream.make({ name: "stock", timeout: "1 second" })

const answering = (status: number, body: string, headers: Readonly<Record<string, string>> = {}) =>
  new Response(body, { status, headers: { "content-type": "application/json", ...headers } })

for (const [name, ask] of Object.entries(families)) {
  describe.concurrent(`Upstream.json by ${name}`, () => {
    it.live("gives what was answered", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { port } = yield* serve(
            afterRequest((socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}'))
          )
          assert.deepStrictEqual(yield* ask(patient, `http://127.0.0.1:${port}/`), { a: 1 })
        })
      )
    )

    it.live("a refused connection sent nothing", () =>
      Effect.gen(function* () {
        const port = yield* unused
        const error = yield* failing(ask(patient, `http://127.0.0.1:${port}/`))
        assert.deepInclude(error.reason, { _tag: "Connect", kind: "refused", addresses: [`127.0.0.1:${port}`] })
        assert.strictEqual(Disposition.of(error)?.delivery, "not-sent")
        assert.isTrue(error.evidence.system?.some(({ code }) => code === "ECONNREFUSED"))
      })
    )

    for (const [fault, { answer, reason, stalls, status }] of Object.entries(faults)) {
      it.live(`tells ${fault}, and closes its connection`, () =>
        Effect.scoped(
          Effect.gen(function* () {
            const closed = yield* Deferred.make<void>()
            const { port } = yield* serve((socket) => {
              socket.once("close", () => Deferred.doneUnsafe(closed, Effect.void))
              socket.once("data", () => answer(socket))
            })
            const error = yield* failing(ask(stalls === true ? hasty : patient, `http://127.0.0.1:${port}/`))
            assert.instanceOf(error, UpstreamError)
            const seen = Object.fromEntries(Object.keys(reason).map((key) => [key, Reflect.get(error.reason, key)]))
            assert.deepStrictEqual(seen, reason, error.message)
            assert.strictEqual(error.evidence.response?.status, status)
            assert.strictEqual(error.operation, "get")
            if (status !== undefined) assert.isDefined(error.evidence.timing.headersMs)
            yield* Deferred.await(closed)
          })
        )
      )
    }
  })
}

const never = new Promise<never>(() => undefined)

const failure = (call: Effect.Effect<unknown, UpstreamError>) => Effect.map(failing(call), ({ reason }) => reason)

describe("Upstream.json", () => {
  const stock = Upstream.make({ name: "stock" })
  const Item = Schema.Struct({ id: Schema.Finite, at: Schema.optional(Schema.Date) })

  it.effect("decodes by a schema, and says where an answer does not fit", () =>
    Effect.gen(function* () {
      const item = yield* stock.json("get", () => answering(200, '{"id":1,"at":"2026-01-01T00:00:00.000Z"}'), Item)
      assert.deepStrictEqual([item.id, item.at?.getTime()], [1, Date.UTC(2026, 0, 1)])
      const reason = yield* failure(stock.json("get", () => answering(200, '{"id":"one"}'), Item))
      assert.deepInclude(reason, { _tag: "MalformedResponse", issue: "wrong-shape" })
      assert.match(reason.message, /Expected number[^]*\["id"\]/)
    })
  )

  it.effect("knows the address that an answer of fetch came from, and no method", () =>
    Effect.gen(function* () {
      const answer = Object.defineProperty(answering(503, "no"), "url", { value: "https://a.test/x?api_key=swordfish" })
      const error = yield* failing(stock.json("get", () => answer))
      assert.deepStrictEqual(error.evidence.request, { url: "https://a.test/x?api_key=<redacted>" })
      assert.match(Report.render(error), /\n  request   https:\/\/a\.test\/x/)
      assert.strictEqual(error.replay, "never")
      const unknown = yield* failing(stock.json("get", () => answering(503, "no")))
      assert.isUndefined(unknown.evidence.request)
    })
  )

  it.effect("takes an error that the schema knows for a part of the answer, and no other one", () =>
    Effect.gen(function* () {
      const body = '{"id":1,"error":"disk full"}'
      const Job = Schema.Struct({ id: Schema.Finite, error: Schema.NullOr(Schema.String) })
      assert.deepStrictEqual(yield* stock.json("job", () => answering(200, body), Job), { id: 1, error: "disk full" })
      for (const ask of [
        stock.json("job", () => answering(200, body), Item),
        stock.json("job", () => answering(200, body))
      ]) {
        assert.deepInclude(yield* failure(ask), { _tag: "MalformedResponse", issue: "error-in-success" })
      }
    })
  )

  it.effect("reads a charset, a byte order mark, and a body whose type says nothing", () =>
    Effect.gen(function* () {
      const latin = new Response(Uint8Array.of(0x22, 0xe9, 0x22), {
        headers: { "content-type": 'application/json; charset="ISO-8859-1"' }
      })
      assert.strictEqual(yield* stock.json("get", () => latin), "é")
      assert.deepStrictEqual(yield* stock.json("get", () => answering(200, "\uFEFF[1]")), [1])
      for (const type of ["text/plain", "application/problem+json", "application/octet-stream", "text/html"]) {
        const answer = answering(200, '{"a":1}', { "content-type": type })
        assert.deepStrictEqual(yield* stock.json("get", () => answer), { a: 1 }, type)
      }
    })
  )

  it.effect("calls a body that its headers promise longer cut off, whoever made the answer", () =>
    Effect.gen(function* () {
      const reason = yield* failure(stock.json("get", () => answering(200, "[1]", { "content-length": "30" })))
      assert.deepInclude(reason, { _tag: "ConnectionLost", phase: "body", bytesPromised: 30, bytesReceived: 3 })
    })
  )

  it.effect("takes nothing else for an answer, nor one that was read", () =>
    Effect.gen(function* () {
      const read = answering(200, "{}")
      yield* Effect.promise(() => read.text())
      assert.deepInclude(yield* failure(stock.json("get", () => read)), { _tag: "MalformedResponse", issue: "empty" })
      for (const value of [undefined, null, "{}", {}, { status: 200 }]) {
        const reason = yield* failure(stock.json("get", () => value as unknown as Response))
        assert.deepInclude(reason, { _tag: "MalformedResponse", issue: "wrong-shape" })
      }
    })
  )

  it.live("gives an error's body that never ends ten seconds, not more", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from("no ca")),
        pull: () => {
          Deferred.doneUnsafe(begun, Effect.void)
          return never
        }
      })
      const fiber = yield* Effect.forkChild(failing(stock.json("get", () => new Response(body, { status: 500 }))))
      yield* Deferred.await(begun)
      yield* TestClock.adjust("10 seconds")
      const error = yield* Fiber.join(fiber)
      assert.deepInclude(error.reason, { _tag: "ProviderFault", status: 500 })
      assert.deepInclude(error.evidence.response, { body: "no ca", bodyBytes: 5 })
    }).pipe(Effect.provide(TestClock.layer()))
  )

  it.effect("keeps what was asked and what came as evidence, without secrets", () =>
    Effect.gen(function* () {
      const request = { method: "POST", url: "https://stock.example/items?api_key=abc&q=1", bytes: 12 }
      const answer = answering(500, '{"message":"key sk-1234567890abcdefgh"}', {
        "x-request-id": "r-1",
        "x-ratelimit-limit": "9",
        "set-cookie": "a=b"
      })
      const { evidence } = yield* failing(stock.json({ name: "add", request }, () => answer))
      assert.deepInclude(evidence.request, { method: "POST", bytes: 12 })
      assert.notInclude(evidence.request?.url, "abc")
      assert.strictEqual(evidence.requestId, "r-1")
      assert.deepStrictEqual(evidence.rateLimit, { limit: "9" })
      assert.strictEqual(evidence.header("set-cookie"), "<redacted>")
      assert.notInclude(JSON.stringify(evidence), "sk-1234567890abcdefgh")
      assert.deepStrictEqual(evidence.provider, { message: "key <redacted>" })
    })
  )
})

describe("Upstream.call", () => {
  it.effect("gives an answer that nothing has changed since to whoever asked for changes", () =>
    Effect.gen(function* () {
      const unchanged = new Response(null, { status: 304, headers: { etag: "7" } })
      assert.strictEqual(yield* stock.call("get", async () => unchanged), unchanged)
      const moved = new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } })
      const { reason } = yield* Effect.flip(stock.call("get", async () => moved))
      assert.deepInclude(reason, { _tag: "Configuration", option: "baseUrl" })
    })
  )

  it.effect("leaves an `UpstreamError` as it is, be it another copy's of the model", () =>
    Effect.gen(function* () {
      vi.resetModules()
      const other = yield* Effect.promise(() => import("@causeway/core/Upstream"))
      const theirs = other.make({ name: "theirs" }).failure("ask", Object.assign(new Error("no"), { status: 429 }))
      assert.notInstanceOf(theirs, UpstreamError)
      const error = yield* Effect.flip(stock.call("take", () => Promise.reject(theirs)))
      assert.strictEqual(error, theirs)
      assert.strictEqual(yield* Effect.flip(stock.call("take", Effect.fail(theirs))), theirs)
      const codec = Schema.toCodecJson(UpstreamError)
      const sent = yield* Schema.encodeEffect(codec)(error)
      const received = yield* Schema.decodeUnknownEffect(codec)(JSON.parse(JSON.stringify(sent)))
      assert.instanceOf(received, UpstreamError)
      assert.deepInclude(received, { upstream: "theirs", operation: "ask" })
      assert.strictEqual(received.reason._tag, "RateLimited")
    })
  )

  const stock = Upstream.make({ name: "stock", timeout: "5 seconds" })

  it.effect("ends a promise that never settles, and aborts its signal", () =>
    Effect.gen(function* () {
      let seen: AbortSignal | undefined
      const fiber = yield* Effect.forkChild(
        failing(
          stock.call("count", (signal) => {
            seen = signal
            return never
          })
        )
      )
      yield* TestClock.adjust("5 seconds")
      const { evidence, reason } = yield* Fiber.join(fiber)
      assert.deepInclude(reason, { _tag: "Timeout", phase: "headers", limit: Duration.seconds(5) })
      assert.strictEqual(evidence.timing.totalMs, 5_000)
      assert.isTrue(seen?.aborted)
    })
  )

  it.effect("ends at the caller's deadline where that is nearer, and asks nothing once it has passed", () =>
    Effect.gen(function* () {
      let asked = 0
      const count = stock.call("count", () => {
        asked++
        return never
      })
      const fiber = yield* Effect.forkChild(failing(CallMetadata.withTimeout("2 seconds")(count)))
      yield* TestClock.adjust("2 seconds")
      assert.deepInclude((yield* Fiber.join(fiber)).reason, { _tag: "Aborted", by: "deadline" })
      const late = yield* failure(CallMetadata.withTimeout(0)(count))
      assert.deepInclude(late, { _tag: "Aborted", by: "deadline" })
      assert.strictEqual(asked, 1)
    })
  )

  it.effect("aborts the signal when its caller is interrupted, and not when all went well", () =>
    Effect.gen(function* () {
      const signals: Array<AbortSignal> = []
      const fiber = yield* Effect.forkChild(
        stock.call("count", (signal) => {
          signals.push(signal)
          return never
        }),
        { startImmediately: true }
      )
      yield* Fiber.interrupt(fiber)
      const fine = yield* stock.call("count", (signal) => {
        signals.push(signal)
        return Promise.resolve(1)
      })
      assert.strictEqual(fine, 1)
      assert.deepStrictEqual(
        signals.map(({ aborted }) => aborted),
        [true, false]
      )
      assert.instanceOf(signals[0]?.reason, Reason.Aborted)
    })
  )

  it.live("lets a promise reject, or answer, after everybody has gone", () =>
    Effect.gen(function* () {
      const unhandled: Array<unknown> = []
      const listener = (reason: unknown): void => void unhandled.push(reason)
      process.on("unhandledRejection", listener)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.off("unhandledRejection", listener)))
      const brief = Upstream.make({ name: "stock", timeout: 1 })
      let isCancelled = false
      const body = new ReadableStream({
        cancel: () => {
          isCancelled = true
        }
      })
      for (const settle of [Promise.withResolvers<Response>(), Promise.withResolvers<Response>()]) {
        assert.strictEqual((yield* failure(brief.json("get", () => settle.promise)))._tag, "Timeout")
        if (isCancelled) settle.reject(new Error("too late"))
        else settle.resolve(new Response(body))
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        assert.isTrue(isCancelled, "an answer that nobody reads holds no connection")
      }
      assert.deepStrictEqual(unhandled, [])
    }).pipe(Effect.scoped)
  )

  it.effect("takes a failing answer for a failure, and leaves the body of another alone", () =>
    Effect.gen(function* () {
      const answer = yield* stock.call("get", () => Promise.resolve(answering(200, "hello")))
      assert.strictEqual(yield* Effect.promise(() => answer.text()), "hello")
      assert.deepInclude(yield* failure(stock.call("get", () => answering(404, "{}"))), { _tag: "NotFound" })
      const object = { status: 500, headers: {}, body: { fine: true } }
      assert.strictEqual(yield* stock.call("get", () => object), object)
    })
  )

  it.effect("reads the answer that an error holds, be it read or not", () =>
    Effect.gen(function* () {
      const body = '{"error":{"message":"too many","code":"rate_limit_exceeded"}}'
      const asKy = Object.assign(new Error("Request failed"), { response: answering(429, body) })
      const asAxios = Object.assign(new Error("Request failed"), {
        isAxiosError: true,
        config: { method: "get", url: "https://stock.example/" },
        response: { status: 429, headers: { "retry-after": "3" }, data: JSON.parse(body) }
      })
      const asAws = Object.assign(new Error("too many"), {
        name: "ThrottlingException",
        $metadata: { httpStatusCode: 429, requestId: "r" }
      })
      for (const thrown of [asKy, asAxios, asAws]) {
        const error = yield* failing(stock.call("get", () => Promise.reject(thrown)))
        assert.strictEqual(error.reason._tag, "RateLimited", thrown.name)
        assert.strictEqual(error.evidence.response?.status, 429)
        assert.strictEqual(error.cause, thrown)
      }
      const axios = stock.failure("get", asAxios)
      assert.deepInclude(axios.reason, { message: "too many", retryAfter: Duration.seconds(3) })
      assert.deepInclude(axios.evidence.request, { method: "GET" })
    })
  )

  it.effect("hands on an error of this model, and takes a reason that was thrown", () =>
    Effect.gen(function* () {
      const inner = stock.failure("inner", new Error("no"))
      assert.strictEqual(yield* failing(stock.call("outer", () => Promise.reject(inner))), inner)
      const reason = new Reason.NotFound({ message: "no such item", seenIn: "body", what: "object" })
      for (const thrown of [reason, new Error("wrapped", { cause: reason })]) {
        const error = yield* failing(stock.call("outer", () => Promise.reject(thrown)))
        assert.strictEqual(error.reason, reason)
        assert.strictEqual(error.operation, "outer")
      }
    })
  )

  it.effect("turns an Effect's own failure, and leaves its defects", () =>
    Effect.gen(function* () {
      const reason = yield* failure(stock.call("count", Effect.fail({ code: "ECONNREFUSED" })))
      assert.strictEqual(reason._tag, "Connect")
      const exit = yield* Effect.exit(stock.call("count", Effect.die("bug")))
      assert.include(String(exit), "bug")
    })
  )
})

describe("Upstream's upstream and attempt", () => {
  const both = Upstream.make({ name: ["eu", "us"] })
  const told = both.call("where", (_signal, context) => context)

  it.effect("are those of the policy in charge", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* told, { upstream: "eu", attempt: 1 })
      const second = yield* told.pipe(
        Effect.provideService(Upstream.Current, "us"),
        Effect.provideService(Upstream.CurrentAttempt, { number: 3 })
      )
      assert.deepStrictEqual(second, { upstream: "us", attempt: 3 })
      const failed = both
        .call("where", () => Promise.reject(new Error("no")))
        .pipe(
          Effect.provideService(Upstream.Current, "us"),
          Effect.provideService(Upstream.CurrentAttempt, { number: 3 })
        )
      const error = yield* failing(failed)
      assert.deepStrictEqual([error.upstream, error.evidence.attempt], ["us", 3])
    })
  )

  it.effect("are not those of another upstream of the program", () =>
    Effect.gen(function* () {
      const { upstream } = yield* Effect.provideService(told, Upstream.Current, "openai-backup")
      assert.strictEqual(upstream, "eu")
    })
  )
})

const fetchOf = (answer: () => Promise<Response>) => Effect.provideService(FetchHttpClient.Fetch, answer)

describe("Upstream's replay", () => {
  const lost = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" })
  const replayOf = (options: Partial<Upstream.Options<"db">>, operation: Partial<Upstream.Operation>) =>
    Disposition.of(Upstream.make({ name: "db", ...options }).failure({ name: "x", ...operation }, lost))?.retry

  it("is what the operation says, else the upstream, else the method, else none", () => {
    const get = { method: "GET", url: "http://x/" }
    const post = { method: "POST", url: "http://x/" }
    assert.strictEqual(replayOf({}, {}), "never")
    assert.strictEqual(replayOf({}, { replay: "safe" }), "backoff")
    assert.strictEqual(replayOf({ replay: "safe" }, {}), "backoff")
    assert.strictEqual(replayOf({ replay: "safe" }, { replay: "unsafe" }), "never")
    assert.strictEqual(replayOf({}, { request: get }), "backoff")
    assert.strictEqual(replayOf({}, { request: post }), "never")
    assert.strictEqual(replayOf({}, { request: get, replay: "unsafe" }), "never")
  })

  it.effect("is told by the method of effect/http, with an answer and without", () =>
    Effect.gen(function* () {
      const db = Upstream.make({ name: "db" })
      for (const [answer, expected] of [
        [() => Promise.resolve(answering(500, "{}")), ["backoff", "never"]],
        [() => Promise.reject(lost), ["backoff", "never"]]
      ] as const) {
        const retries = yield* Effect.forEach([HttpClientRequest.get, HttpClientRequest.post], (make) =>
          Effect.map(
            failing(db.json("ask", HttpClient.execute(make("http://db.example/"))).pipe(fetchOf(answer))),
            (error) => Disposition.of(error)?.retry
          )
        )
        assert.deepStrictEqual<ReadonlyArray<unknown>>(retries, expected)
      }
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})

const row = (when: Rule.When, reason: Rule.Rule["reason"]): Rule.Rule => ({
  name: "own",
  source: "here",
  when,
  reason
})

const boom = (): never => {
  throw new Error("a bug in a rule")
}

describe("Upstream's rules", () => {
  it.effect("come first, for what was thrown, for a failing answer and for one that claims success", () =>
    Effect.gen(function* () {
      const stock = Upstream.make({
        name: "stock",
        rules: [
          row(Rule.coded("23505"), Rule.conflict),
          row(Rule.all(Rule.status(503), Rule.header("x-maintenance")), Rule.overloaded),
          row(({ json }) => Object(json).ok === false, Rule.rateLimited)
        ]
      })
      const duplicate = Object.assign(new Error("duplicate key"), { code: "23505" })
      const thrown = yield* failing(stock.call("add", () => Promise.reject(duplicate)))
      assert.deepInclude(thrown.reason, { _tag: "Conflict", message: "duplicate key", seenIn: "socket" })
      const asked = stock.json("get", () => answering(503, "down", { "X-Maintenance": "1", "retry-after": "5" }))
      assert.deepInclude(yield* failure(asked), { _tag: "Overloaded", retryAfter: Duration.seconds(5) })
      const said = yield* failure(stock.json("get", () => answering(200, '{"ok":false}')))
      assert.deepInclude(said, { _tag: "RateLimited", seenIn: "body" })
      assert.deepStrictEqual(yield* stock.json("get", () => answering(200, '{"ok":true}')), { ok: true })
    })
  )

  it("that throw do not hold", () => {
    const stock = Upstream.make({
      name: "stock",
      rules: [row(boom, Rule.conflict), row(() => true, boom), row(Rule.says(/later/), Rule.overloaded)]
    })
    assert.strictEqual(stock.failure("get", "come back LATER").reason._tag, "Overloaded")
  })

  it("find codes wherever drivers put them", () => {
    const codeds = [
      { code: "ER_DUP_ENTRY", errno: 1062, sqlState: "23000" },
      { code: "ERR_SQLITE_ERROR", errcode: 2067 },
      { number: 2627 },
      { code: 11000, codeName: "DuplicateKey" },
      new Error("outer", { cause: Object.assign(new Error("inner"), { code: "P2002" }) })
    ]
    const wanted = ["23000", "2067", "2627", "duplicatekey", "p2002"]
    codeds.forEach((thrown, index) => {
      const db = Upstream.make({ name: "db", rules: [row(Rule.coded(wanted[index] ?? ""), Rule.conflict)] })
      assert.strictEqual(db.failure("add", thrown).reason._tag, "Conflict", wanted[index])
    })
  })
})

const recording = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, provide: Effect.provideService(Tracer.Tracer, tracer) }
}

describe("Upstream's span", () => {
  it.effect("tells the call by OpenTelemetry's conventions, and nothing that was said", () =>
    Effect.gen(function* () {
      const { provide, spans } = recording()
      const stock = Upstream.make({ name: "stock", attributes: { "db.system.name": "none" } })
      const request = { method: "PUT", url: "https://[::1]:8443/a?token=secret" }
      yield* Effect.exit(provide(stock.json({ name: "put", request }, () => answering(503, "secret words"))))
      yield* Effect.exit(provide(stock.call("count", () => 1)))
      const [put, count] = spans
      assert.deepStrictEqual(Object.fromEntries(put?.attributes ?? []), {
        "service.peer.name": "stock",
        "causeway.upstream": "stock",
        "causeway.operation": "put",
        "causeway.attempt": 1,
        "http.request.method": "PUT",
        "url.full": "https://[::1]:8443/a?token=<redacted>",
        "server.address": "::1",
        "server.port": 8443,
        "http.response.status_code": 503,
        "error.type": "Gateway",
        "db.system.name": "none"
      })
      assert.deepStrictEqual([put?.name, put?.kind, count?.name], ["put", "client", "count"])
      assert.isFalse(count?.attributes.has("error.type"))
    })
  )
})
