/** The client of a contract against servers that are none, or no longer: each real, on a socket. */
import * as NodeHttp from "node:http"
import * as NodeNet from "node:net"
import type { AddressInfo } from "node:net"
import { BoundaryError } from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as Disposition from "@causeway/core/Disposition"
import * as Remote from "@causeway/core/Remote"
import * as RemoteProtocol from "@causeway/core/RemoteProtocol"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

class Squares extends Contract.Service<Squares>()(
  "test/Squares",
  Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite }),
  Rpc.make("count", { payload: { to: Schema.Finite }, success: Schema.Finite, stream: true })
) {}

type Handle = (request: NodeHttp.IncomingMessage, response: NodeHttp.ServerResponse, body: string) => void

const listening = <S extends NodeNet.Server>(server: S, end: (server: S) => void) =>
  Effect.acquireRelease(
    Effect.callback<string>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        resume(Effect.succeed(`http://127.0.0.1:${(server.address() as AddressInfo).port}/rpc`))
      })
    }),
    () =>
      Effect.callback<void>((resume) => {
        end(server)
        server.close(() => resume(Effect.void))
      })
  )

const http = (handle: Handle): Effect.Effect<string, never, Scope.Scope> =>
  listening(
    NodeHttp.createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => handle(request, response, Buffer.concat(chunks).toString()))
    }),
    (server) => server.closeAllConnections()
  )

const raw = (handle: (socket: NodeNet.Socket) => void): Effect.Effect<string, never, Scope.Scope> => {
  const sockets = new Set<NodeNet.Socket>()
  return listening(
    NodeNet.createServer((socket) => {
      sockets.add(socket)
      socket.on("error", () => undefined)
      handle(socket)
    }),
    () => {
      for (const socket of sockets) socket.destroy()
    }
  )
}

const answering =
  (status: number, headers: NodeHttp.OutgoingHttpHeaders, body: string): Handle =>
  (_, response) =>
    void response.writeHead(status, headers).end(body)

const ndjson = { "content-type": RemoteProtocol.contentType }

const layer = (url: string, options?: Omit<Remote.Options, "url">) => Remote.layer(Squares, { url, ...options })

const square = (url: string, options?: Omit<Remote.Options, "url">) =>
  Effect.flatMap(Squares, (squares) => squares.square({ x: 3 })).pipe(Effect.provide(layer(url, options)))

const reasonOf = (url: string, options?: Omit<Remote.Options, "url">) =>
  Effect.map(Effect.flip(square(url, options)), (error) => {
    assert.instanceOf(error, BoundaryError)
    return { error, reason: error.reason, disposition: Disposition.of(error) }
  })

const exitLine = (exit: Exit.Exit<unknown, unknown>) =>
  Effect.map(RemoteProtocol.codecs(Rpc.make("square", { success: Schema.Finite })).encodeExit(exit), (encoded) =>
    RemoteProtocol.line({ _tag: "Exit", requestId: "0", exit: encoded })
  )

describe("Remote", () => {
  it.live("sends a call, its metadata and the token, and reads the answer", () =>
    Effect.gen(function* () {
      const seen = yield* Deferred.make<readonly [NodeHttp.IncomingHttpHeaders, unknown]>()
      const text = yield* exitLine(Exit.succeed(9))
      const url = yield* http((request, response, body) => {
        Deferred.doneUnsafe(seen, Effect.succeed([request.headers, JSON.parse(body)] as const))
        response.writeHead(200, ndjson).end(text)
      })
      const call = square(url, { token: Redacted.make("wanderlust-0815") })
      assert.strictEqual(yield* CallMetadata.withTimeout("1 minute")(call), 9)
      const [headers, message] = yield* Deferred.await(seen)
      assert.strictEqual(headers.authorization, "Bearer wanderlust-0815")
      assert.ok(RemoteProtocol.isRequest(message))
      assert.deepStrictEqual([message.tag, message.payload], ["square", { x: 3 }])
      const sent: Record<string, string> = Object.fromEntries(message.headers)
      assert.ok(Number(sent[CallMetadata.timeoutHeader]) > 50_000)
    }).pipe(Effect.scoped)
  )

  it.live("takes its token from the configuration", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(square("http://127.0.0.1:1/rpc", { token: Config.Redacted("NO_SUCH_TOKEN") }))
      assert.strictEqual(missing._tag, "ConfigError")
    }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({}))))
  )

  it.live("uses its connections again", () =>
    Effect.gen(function* () {
      const ports = new Set<number | undefined>()
      const text = yield* exitLine(Exit.succeed(9))
      const url = yield* http((request, response) => {
        ports.add(request.socket.remotePort)
        // The last line and the end of the body do not come together.
        response.writeHead(200, ndjson)
        response.write(text)
        setTimeout(() => response.end(), 5)
      })
      yield* Effect.gen(function* () {
        const squares = yield* Squares
        for (let call = 0; call < 5; call++) assert.strictEqual(yield* squares.square({ x: 3 }), 9)
      }).pipe(Effect.provide(layer(url)))
      // The next call may come before the connection is known to be free.
      assert.isAtMost(ports.size, 2)
    }).pipe(Effect.scoped)
  )

  it.live("ends its request when the call is interrupted", () =>
    Effect.gen(function* () {
      const began = yield* Deferred.make<void>()
      const ended = yield* Deferred.make<void>()
      const url = yield* http((_, response) => {
        response.on("close", () => Deferred.doneUnsafe(ended, Effect.void))
        response.writeHead(200, ndjson)
        response.write("\n")
        Deferred.doneUnsafe(began, Effect.void)
      })
      const fiber = yield* Effect.forkChild(square(url))
      yield* Deferred.await(began)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(ended)
    }).pipe(Effect.scoped, Effect.timeout("10 seconds"))
  )

  for (const url of ["nope", "", "ftp://a.test/rpc", "/rpc"]) {
    it.live(`fails with a ConfigError for the url ${JSON.stringify(url)}`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(Effect.provide(Effect.asVoid(Squares), layer(url)))
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(error, Config.ConfigError)
        assert.include(error.message, `no URL of HTTP: ${url}`)
      })
    )
  }

  it.live("refuses a payload that does not fit before it is sent", () =>
    Effect.gen(function* () {
      const call = Effect.flatMap(Squares, (squares) => squares.square({ x: Number.NaN }))
      const error = yield* Effect.flip(Effect.provide(call, layer("http://127.0.0.1:1/rpc")))
      assert.ok(error._tag === "BoundaryError" && error.reason._tag === "Undecodable")
      assert.strictEqual(error.reason.direction, "request")
    })
  )
})

describe("Remote, where the way fails:", () => {
  const unreachable: Readonly<Record<string, Effect.Effect<string>>> = {
    // A port that was free a moment ago.
    "a refused connection": Effect.scoped(raw(() => undefined)),
    "a host that is not known": Effect.succeed("http://no-such-host.invalid/rpc")
  }
  for (const [name, where] of Object.entries(unreachable)) {
    it.live(name, () =>
      Effect.gen(function* () {
        const { disposition, reason } = yield* reasonOf(yield* where)
        assert.strictEqual(reason._tag, "Unreachable")
        assert.deepStrictEqual([disposition?.delivery, disposition?.retry], ["not-sent", "backoff"])
      })
    )
  }

  const answers: ReadonlyArray<
    readonly [
      name: string,
      handle: Handle,
      tag: BoundaryError["reason"]["_tag"],
      delivery: string,
      retry: string,
      says: RegExp
    ]
  > = [
    ["a token that is not known", answering(401, {}, ""), "Unreachable", "not-sent", "never", /token does not open/],
    ["a path that is not served", answering(404, {}, "<h1>no</h1>"), "Unreachable", "not-sent", "never", /no contract/],
    [
      "a redirect",
      answering(302, { location: "https://user:pass@other.test/" }, ""),
      "Unreachable",
      "not-sent",
      "never",
      /leads to another one \(302\), https:\/\/(?!user:pass)/
    ],
    [
      "a gateway's 502",
      answering(502, {}, "<html>"),
      "Unreachable",
      "may-have-run",
      "backoff",
      /on the way answered 502/
    ],
    [
      "a proxy's words",
      answering(504, {}, "upstream timed out\nx"),
      "Unreachable",
      "may-have-run",
      "backoff",
      /: upstream timed out$/
    ],
    ["too many calls", answering(429, { "retry-after": "7" }, ""), "Overloaded", "not-sent", "after", /429/],
    [
      "a server that ends",
      answering(503, {}, '{"error":{"message":"bye","code":"draining"}}'),
      "Draining",
      "not-sent",
      "backoff",
      /shutting down/
    ],
    ["a body that is too large", answering(413, {}, ""), "Undecodable", "not-sent", "never", /413/],
    [
      "a page of a proxy as a success",
      answering(200, { "content-type": "text/html" }, "<html>sign in, sk-proj-1234567890abcdefghijkl</html>"),
      "Undecodable",
      "may-have-run",
      "never",
      /text\/html/
    ],
    [
      "a page of a proxy as lines",
      answering(200, ndjson, "<html>\n</html>\n"),
      "Undecodable",
      "may-have-run",
      "never",
      /no message/
    ],
    ["an empty answer", answering(200, ndjson, ""), "Unreachable", "may-have-run", "backoff", /ended before/],
    ["an empty answer without a type", answering(204, {}, ""), "Undecodable", "may-have-run", "never", /204/],
    [
      "an exit of another call",
      answering(200, ndjson, '{"_tag":"Exit","requestId":"0","exit":{"_tag":"Success","value":"nine"}}\n'),
      "Undecodable",
      "may-have-run",
      "never",
      /finite|number/i
    ],
    [
      "an exit that is none",
      answering(200, ndjson, '{"_tag":"Exit","exit":4}\n'),
      "Undecodable",
      "may-have-run",
      "never",
      /Success or a Failure/
    ],
    [
      "half a line",
      answering(200, ndjson, '{"_tag":"Exit","requ'),
      "Unreachable",
      "may-have-run",
      "backoff",
      /ended before/
    ]
  ]
  for (const [name, handle, tag, delivery, retry, says] of answers) {
    it.live(name, () =>
      Effect.gen(function* () {
        const url = yield* http(handle)
        const { disposition, error, reason } = yield* reasonOf(url, { token: Redacted.make("a-wrong-one-0815") })
        assert.strictEqual(reason._tag, tag, error.message)
        assert.match(error.message, says)
        assert.deepStrictEqual([disposition?.delivery, disposition?.retry], [delivery, retry])
        assert.notMatch(JSON.stringify([error, error.message]), /a-wrong-one-0815|sk-proj-1|user:pass/)
      }).pipe(Effect.scoped)
    )
  }

  it.live("too many calls say when to call again, in every form of the header", () =>
    Effect.gen(function* () {
      const waits: ReadonlyArray<readonly [NodeHttp.OutgoingHttpHeaders, millis: number]> = [
        [{ "retry-after": "7" }, 7_000],
        [{ "retry-after-ms": "250", "retry-after": "7" }, 250],
        [{ date: "Wed, 21 Oct 2026 07:28:00 GMT", "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT" }, 30_000],
        [{ "retry-after": "" }, 1_000],
        [{}, 1_000]
      ]
      for (const [headers, millis] of waits) {
        const { reason } = yield* reasonOf(yield* http(answering(429, headers, "")))
        assert.ok(reason._tag === "Overloaded")
        assert.strictEqual(Duration.toMillis(reason.retryAfter), millis, JSON.stringify(headers))
      }
    }).pipe(Effect.scoped)
  )

  it.live("a connection that is cut within the answer", () =>
    Effect.gen(function* () {
      const url = yield* http((_, response) => {
        response.writeHead(200, { ...ndjson, "content-length": "1000" })
        response.write("\n", () => response.destroy())
      })
      const { disposition, reason } = yield* reasonOf(url)
      assert.strictEqual(reason._tag, "Unreachable")
      assert.strictEqual(disposition?.delivery, "may-have-run")
    }).pipe(Effect.scoped)
  )

  it.live("a connection that is cut before the answer", () =>
    Effect.gen(function* () {
      const url = yield* raw((socket) => socket.once("data", () => socket.destroy()))
      const { disposition, reason } = yield* reasonOf(url)
      assert.strictEqual(reason._tag, "Unreachable")
      assert.strictEqual(disposition?.delivery, "may-have-run")
    }).pipe(Effect.scoped)
  )

  it.live("what is no HTTP", () =>
    Effect.gen(function* () {
      const url = yield* raw((socket) => socket.once("data", () => socket.end("SSH-2.0-OpenSSH\r\n")))
      const { reason } = yield* reasonOf(url)
      assert.strictEqual(reason._tag, "Unreachable")
    }).pipe(Effect.scoped)
  )

  const silent: Readonly<Record<string, Handle>> = {
    "a server that never answers": () => undefined,
    "an answer that stalls": (_, response) => {
      response.writeHead(200, ndjson)
      response.write('{"_tag":"Ex')
    }
  }
  for (const [name, handle] of Object.entries(silent)) {
    it.live(name, () =>
      Effect.gen(function* () {
        const url = yield* http(handle)
        const { disposition, reason } = yield* reasonOf(url, { unresponsiveAfter: "100 millis" })
        assert.strictEqual(reason._tag, "Unresponsive")
        assert.strictEqual(disposition?.delivery, "may-have-run")
      }).pipe(Effect.scoped)
    )
  }

  it.live("a refusal whose body stalls", () =>
    Effect.gen(function* () {
      const url = yield* http((_, response) => void response.writeHead(502).write("x"))
      const { reason } = yield* reasonOf(url, { unresponsiveAfter: "100 millis" })
      assert.ok(reason._tag === "Unreachable" && reason.status === 502)
    }).pipe(Effect.scoped)
  )

  it.live("a server that is there and not done when the deadline passes", () =>
    Effect.gen(function* () {
      const url = yield* http((_, response) => {
        response.writeHead(200, ndjson)
        const timer = setInterval(() => response.write("\n"), 10)
        response.on("close", () => clearInterval(timer))
      })
      const error = yield* Effect.flip(
        CallMetadata.withTimeout("150 millis")(square(url, { unresponsiveAfter: "50 millis" }))
      )
      assert.ok(error._tag === "BoundaryError" && error.reason._tag === "DeadlineExceeded", error.message)
    }).pipe(Effect.scoped)
  )

  it.live("a message without end is refused, and not kept", () =>
    Effect.gen(function* () {
      const url = yield* http((_, response) => {
        response.writeHead(200, ndjson)
        const more = (): void => {
          while (response.write("x".repeat(65_536)));
          response.once("drain", more)
        }
        more()
      })
      const { error, reason } = yield* reasonOf(url, { maxMessage: "1 MiB" })
      assert.strictEqual(reason._tag, "Undecodable")
      assert.match(error.message, /longer than 1048576/)
    }).pipe(Effect.scoped)
  )

  it.live("a page without end", () =>
    Effect.gen(function* () {
      const url = yield* http((_, response) => {
        response.writeHead(500, { "content-type": "text/html" })
        const more = (): void => {
          while (response.write("x".repeat(65_536)));
          response.once("drain", more)
        }
        more()
      })
      const { reason } = yield* reasonOf(url)
      assert.strictEqual(reason._tag, "Unreachable")
    }).pipe(Effect.scoped)
  )
})

const chunk = (values: ReadonlyArray<number>) => RemoteProtocol.line({ _tag: "Chunk", requestId: "0", values })

const elements = (url: string, options?: Omit<Remote.Options, "url">) =>
  Effect.gen(function* () {
    const squares = yield* Squares
    const seen: Array<number> = []
    const exit = yield* Effect.exit(
      Stream.runForEach(squares.count({ to: 3 }), (element) => Effect.sync(() => seen.push(element)))
    )
    return { seen, exit }
  }).pipe(Effect.provide(layer(url, options)))

describe("Remote, streams", () => {
  it.live("give every element that came before the way failed", () =>
    Effect.gen(function* () {
      const url = yield* http((_, response) => {
        response.writeHead(200, ndjson)
        response.write(chunk([1, 2]))
        response.end(chunk([3]))
      })
      const { exit, seen } = yield* elements(url)
      assert.deepStrictEqual(seen, [1, 2, 3])
      const failure = Exit.isFailure(exit) ? exit.cause.reasons[0] : undefined
      assert.ok(failure?._tag === "Fail" && failure.error instanceof BoundaryError)
      assert.strictEqual(failure.error.reason._tag, "Unreachable")
    }).pipe(Effect.scoped)
  )

  it.live("fail with an element that does not fit", () =>
    Effect.gen(function* () {
      const url = yield* http((_, response) => {
        response.writeHead(200, ndjson)
        response.write(chunk([1]))
        response.write(RemoteProtocol.line({ _tag: "Chunk", requestId: "0", values: ["two"] }))
      })
      const { exit, seen } = yield* elements(url)
      assert.deepStrictEqual(seen, [1])
      const failure = Exit.isFailure(exit) ? exit.cause.reasons[0] : undefined
      assert.ok(failure?._tag === "Fail" && failure.error.reason._tag === "Undecodable")
      assert.deepStrictEqual(failure.error.reason.raw, ["two"])
    }).pipe(Effect.scoped)
  )

  it.live("end their request when they are no longer read", () =>
    Effect.gen(function* () {
      const ended = yield* Deferred.make<void>()
      const url = yield* http((_, response) => {
        response.on("close", () => Deferred.doneUnsafe(ended, Effect.void))
        response.writeHead(200, ndjson)
        response.write(chunk([1, 2]))
      })
      const first = yield* Effect.flatMap(Squares, (squares) =>
        Stream.runCollect(Stream.take(squares.count({ to: 9 }), 1))
      ).pipe(Effect.provide(layer(url)))
      assert.deepStrictEqual(first, [1])
      yield* Deferred.await(ended)
    }).pipe(Effect.scoped, Effect.timeout("10 seconds"))
  )

  it.live("hold the server back while nobody reads", () =>
    Effect.gen(function* () {
      let written = 0
      const url = yield* http((_, response) => {
        response.writeHead(200, ndjson)
        const text = chunk(Array.from({ length: 1000 }, (_, at) => at))
        const more = (): void => {
          let goesOn = true
          while (goesOn && written < 100_000_000) {
            written += text.length
            goesOn = response.write(text)
          }
          response.once("drain", more)
        }
        more()
      })
      yield* Effect.gen(function* () {
        const squares = yield* Squares
        const queue = yield* squares.count({ to: 9 }, { asQueue: true })
        yield* Effect.sleep("300 millis")
        void queue
      }).pipe(Effect.scoped, Effect.provide(layer(url)))
      assert.isBelow(written, 20_000_000)
    }).pipe(Effect.scoped)
  )
})
