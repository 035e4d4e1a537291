import * as NodeNet from "node:net"
import { networkInterfaces } from "node:os"
import { ServeError } from "@causeway/server/ServeError"
import * as Health from "@causeway/server/Health"
import * as Server from "@causeway/server/Server"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { serve } from "./fixtures/Calls.ts"
import { call, connect, errorOf, head, post } from "./fixtures/client.ts"

/** The body of an answer on a bare socket. */
const bodyOf = (text: string): string => text.slice(text.indexOf("\r\n\r\n") + 4)

const start = (options: Server.Options) =>
  Effect.map(Effect.scoped(Layer.build(Server.serve(Health.layer(), options))), Context.get(Server.Server))

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"))

/** A port that is taken for as long as the scope is open. */
const taken = Effect.acquireRelease(
  Effect.callback<number>((resume) => {
    const server = NodeNet.createServer().listen(0, "127.0.0.1", () => {
      servers.set((server.address() as NodeNet.AddressInfo).port, server)
      resume(Effect.succeed((server.address() as NodeNet.AddressInfo).port))
    })
  }),
  (port) => Effect.callback<void>((resume) => void servers.get(port)?.close(() => resume(Effect.void)))
)
const servers = new Map<number, NodeNet.Server>()

/** Whether somebody listens on a port. */
const accepts = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = NodeNet.connect(port, "127.0.0.1")
    socket.on("error", () => resume(Effect.succeed(false)))
    socket.on("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
  })

describe("Server", () => {
  layer(serve({ maxBody: "64 kB", keys: [Redacted.make("first"), Redacted.make("second")] }))(
    "what is not HTTP",
    (it) => {
      it.effect.each([
        ["no HTTP at all", "hello\r\n\r\n", 400, "malformed_request"],
        ["another version", "GET /health/live HTTP/9.9\r\n\r\n", 400, "malformed_request"],
        ["a header without a name", "GET /health/live HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400, "malformed_request"],
        [
          "a control character in a header",
          "GET /health/live HTTP/1.1\r\nHost: a\r\nX: a\u0001\r\n\r\n",
          400,
          "malformed_request"
        ],
        [
          "two lengths",
          "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
          400,
          "malformed_request"
        ],
        [
          "a length and chunks",
          "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          400,
          "malformed_request"
        ],
        [
          "a negative length",
          "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
          400,
          "malformed_request"
        ],
        [
          "headers of 20 KB",
          `GET /health/live HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
          431,
          "headers_too_large"
        ]
      ] as const)("answers %s with a JSON error and closes", ([, text, status, code]) =>
        Effect.gen(function* () {
          const socket = yield* connect
          socket.send(text)
          const answer = yield* socket.closed
          assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
          assert.strictEqual(errorOf(bodyOf(answer))?.code, code)
          assert.match(answer, /\r\nx-request-id: req_/)
        })
      )

      it.effect("serves who expects more than a server can promise", () =>
        Effect.gen(function* () {
          const socket = yield* connect
          socket.send(head("GET", "/health/live", "expect: miracles", "connection: close"))
          assert.match(yield* socket.closed, /^HTTP\/1\.1 200 /)
        })
      )

      it.effect("survives a request that is cut", () =>
        Effect.gen(function* () {
          const socket = yield* connect
          socket.send(head("POST", "/predict/square", "authorization: Bearer first", "content-length: 100"))
          socket.send('{"x":')
          yield* socket.leave
          assert.strictEqual((yield* call("/health/live")).status, 200)
        })
      )

      it.effect("refuses malformed chunks", () =>
        Effect.gen(function* () {
          const socket = yield* connect
          socket.send(head("POST", "/predict/square", "x-api-key: first", "transfer-encoding: chunked"))
          socket.send("nonsense\r\n")
          assert.match(yield* socket.closed, /^HTTP\/1\.1 400 /)
        })
      )
    }
  )

  layer(serve({ maxBody: "64 kB" }))("bodies over the limit", (it) => {
    it.effect("are refused by their announced length, before they are sent", () =>
      Effect.gen(function* () {
        const socket = yield* connect
        socket.send(head("POST", "/predict/square", "content-length: 1000000000"))
        const answer = yield* socket.closed
        assert.match(answer, /^HTTP\/1\.1 413 /)
        assert.strictEqual(errorOf(bodyOf(answer))?.code, "body_too_large")
      })
    )

    it.effect("are refused as soon as they are passed, where no length is announced", () =>
      Effect.gen(function* () {
        const socket = yield* connect
        socket.send(head("POST", "/predict/square", "transfer-encoding: chunked"))
        const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`
        let ended = false
        const feed = Effect.whileLoop({
          while: () => !ended,
          body: () =>
            Effect.andThen(
              Effect.sync(() => socket.send(chunk)),
              Effect.yieldNow
            ),
          step: () => {}
        })
        // The client never stops by itself: only the server can end this.
        const answer = yield* Effect.race(
          Effect.ensuring(
            socket.closed,
            Effect.sync(() => (ended = true))
          ),
          Effect.andThen(feed, Effect.never)
        )
        assert.match(answer, /^HTTP\/1\.1 413 /)
        assert.include(answer, "64000")
      })
    )

    it.effect("are refused before they are asked for, where the client waits for that", () =>
      Effect.gen(function* () {
        const expect = "expect: 100-continue"
        const refused = yield* connect
        refused.send(head("POST", "/predict/square", "content-length: 64001", expect))
        assert.match(yield* refused.closed, /^HTTP\/1\.1 413 /)
        const taken = yield* connect
        taken.send(head("POST", "/predict/square", "content-length: 7", expect))
        yield* taken.until("HTTP/1.1 100 Continue\r\n\r\n")
        taken.send('{"x":3}')
        assert.match(yield* taken.until('{"y":9}'), /HTTP\/1\.1 200 /)
      })
    )

    it.effect("are taken up to the limit", () =>
      Effect.gen(function* () {
        const body = '{"x":3}'.padEnd(64_000)
        assert.strictEqual((yield* post("/predict/square", body)).status, 200)
        assert.strictEqual((yield* post("/predict/square", `${body} `)).status, 413)
      })
    )
  })

  layer(serve({ headersTimeout: "200 millis", requestTimeout: "400 millis" }))("clients that are slow", (it) => {
    it.effect.each([
      ["its headers", "POST /predict/square HTTP/1.1\r\nHost: a\r\n"],
      ["its body", `${head("POST", "/predict/square", "content-length: 100")}{"x":`]
    ] as const)("are answered with 408 where they do not send %s", ([, text]) =>
      Effect.gen(function* () {
        const socket = yield* connect
        socket.send(text)
        const answer = yield* socket.closed
        assert.match(answer, /^HTTP\/1\.1 408 /)
        assert.strictEqual(errorOf(bodyOf(answer))?.code, "request_timeout")
      })
    )
  })

  layer(serve())("clients that want another protocol", (it) => {
    it.effect.each(["h2c", "websocket", "nonsense"])("are answered in this one where they offer %s", (protocol) =>
      Effect.gen(function* () {
        for (const [path, body, found] of [
          ["/predict/square", '{"x":3}', '{"y":9}'],
          ["/predict/count", '{"to":1}', "data: [DONE]\n\n"]
        ] as const) {
          // A websocket's handshake has no body that Node would read.
          if (protocol === "websocket") continue
          const socket = yield* connect
          socket.send(
            head("POST", path, "connection: upgrade", `upgrade: ${protocol}`, `content-length: ${body.length}`) + body
          )
          const answer = yield* socket.until(found)
          assert.match(answer, /^HTTP\/1\.1 200 /)
        }
        const socket = yield* connect
        socket.send(head("GET", "/nope", "connection: upgrade", `upgrade: ${protocol}`))
        assert.match(yield* socket.until("route_not_found"), /^HTTP\/1\.1 404 /)
      })
    )
  })

  it.effect("listens only when its routes are there", () =>
    Effect.gen(function* () {
      const port = yield* Effect.scoped(taken)
      const gate = yield* Latch.make(false)
      const slow = Layer.effectDiscard(gate.await).pipe(Layer.provideMerge(Health.layer()))
      const server = yield* Effect.forkChild(Layer.build(Server.serve(slow, { port })))
      assert.isFalse(yield* accepts(port))
      yield* gate.open
      yield* Fiber.join(server)
      assert.isTrue(yield* accepts(port))
    })
  )

  describe("where it cannot listen", () => {
    it.effect.each([
      [{ host: "0.0.0.0", port: 0 }, "open-without-key"],
      [{ host: "::", port: 0 }, "open-without-key"],
      [{ host: "203.0.113.7", port: 0, insecure: true }, "address-not-available"],
      [{ port: 70_000 }, "not-a-port"],
      [{ port: 1.5 }, "not-a-port"],
      [{ port: Number("abc") }, "not-a-port"]
    ] as const)("says of %o that it is %s", ([options, problem]) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(start(options))
        assert.instanceOf(error, ServeError)
        assert.strictEqual(error.problem, problem)
        assert.notInclude(error.message, "\n")
      })
    )

    it.effect("says of a port in use that it is in use", () =>
      Effect.gen(function* () {
        const port = yield* taken
        const error = yield* Effect.flip(start({ port }))
        assert.strictEqual(error.message, `cannot listen on 127.0.0.1:${port}: the port is in use`)
      })
    )

    it.effect("may be open to other machines with a key, or where it is said to be insecure", () =>
      Effect.gen(function* () {
        yield* start({ host: "0.0.0.0", port: 0, keys: [Redacted.make("key")] })
        yield* start({ host: "0.0.0.0", port: 0, insecure: true })
      })
    )

    it.effect.skipIf(!hasIpv6)("listens on an address in brackets, as it stands in a URL", () =>
      Effect.map(start({ host: "[::1]", port: 0 }), ({ url }) => assert.match(url, /^http:\/\/\[::1\]:\d+$/))
    )
  })

  const ok = HttpServerResponse.text("ok")

  const strangers = Layer.mergeAll(
    HttpRouter.add("GET", "/defect", Effect.die(new Error("secret"))),
    HttpRouter.add("GET", "/failure", Effect.fail({ _tag: "SqlError", message: "secret" })),
    HttpRouter.add(
      "POST",
      "/schema",
      Effect.as(HttpServerRequest.schemaBodyJson(Schema.Struct({ a: Schema.String })), ok)
    ),
    HttpRouter.add("GET", "/own", Effect.die(HttpServerResponse.text("own", { status: 418 })))
  )

  layer(Server.serve(strangers, { port: 0 }))("routes of other people", (it) => {
    it.effect("fail in the same form", () =>
      Effect.gen(function* () {
        for (const path of ["/defect", "/failure"]) {
          const answer = yield* call(path)
          assert.deepStrictEqual([answer.status, answer.error?.code], [500, "internal_error"])
          assert.notInclude(answer.text, "secret")
          assert.isString(answer.headers["x-request-id"])
        }
        const answer = yield* post("/schema", { a: 1 })
        assert.deepStrictEqual([answer.status, answer.error?.param], [400, "a"])
      })
    )

    it.effect("may answer by themselves", () =>
      Effect.gen(function* () {
        const answer = yield* call("/own")
        assert.deepStrictEqual([answer.status, answer.text], [418, "own"])
      })
    )
  })
})
