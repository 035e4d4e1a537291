import * as Disposition from "@causeway/core/Disposition"
import * as TransportFailure from "@causeway/core/TransportFailure"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Http from "node:http"
import * as Http2 from "node:http2"
import { request as undiciRequest } from "undici"
import { afterRequest, serve, unused } from "./sockets.ts"

type Ask = (url: string, options?: { readonly signal?: AbortSignal }) => Promise<unknown>

const nodeHttp: Ask = (url, options = {}) =>
  new Promise((resolve, reject) => {
    const request = Http.request(url, { ...options, agent: false }, (response) => {
      response
        .on("error", reject)
        .on("end", () => resolve(undefined))
        .resume()
    })
    request.on("error", reject).end()
  })

/** The three transports that Node programs use, each reading the body to its end. */
const transports: Readonly<Record<string, Ask>> = {
  fetch: async (url, options = {}) => (await fetch(url, options)).text(),
  undici: async (url, options = {}) => (await undiciRequest(url, options)).body.text(),
  "node:http": nodeHttp
}

const failing = (ask: () => Promise<unknown>) =>
  Effect.promise(() =>
    ask().then(
      () => assert.fail("the request succeeded"),
      (error: unknown) => error
    )
  )

const address = (port: number) => `127.0.0.1:${port}`

const nodeHttp2 = (url: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const session = Http2.connect(url).on("error", reject)
    const stream = session.request({ ":path": "/" }).on("error", reject)
    stream.on("close", () => (session.destroy(), resolve(undefined))).resume()
  })

describe("TransportFailure over node:http2", () => {
  const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_INTERNAL_ERROR } = Http2.constants
  const ways: Readonly<Record<string, (stream: Http2.ServerHttp2Stream) => void>> = {
    "a stream that is reset": (stream) => stream.close(NGHTTP2_INTERNAL_ERROR),
    "a session that is closed": (stream) => stream.session?.destroy(new Error("calm"), NGHTTP2_ENHANCE_YOUR_CALM)
  }
  for (const [name, behave] of Object.entries(ways)) {
    it.live(name, () =>
      Effect.gen(function* () {
        const server = Http2.createServer().on("sessionError", () => undefined)
        server.on("stream", (stream) => behave(stream.on("error", () => undefined)))
        const { port } = yield* serve((socket) => void server.emit("connection", socket))
        const reason = TransportFailure.reasonOf(yield* failing(() => nodeHttp2(`http://${address(port)}`)))
        assert.deepInclude(reason, { _tag: "ConnectionLost", phase: "headers" })
        assert.deepInclude(Disposition.of(reason), { delivery: "may-have-run", retry: "backoff" })
      })
    )
  }

  it.live("what is not HTTP/2", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(afterRequest((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\n")))
      const reason = TransportFailure.reasonOf(yield* failing(() => nodeHttp2(`http://${address(port)}`)))
      assert.deepInclude(reason, { _tag: "Protocol", code: "ERR_HTTP2_ERROR" })
    })
  )

  it("a header that cannot be sent", () => {
    const error = Object.assign(new TypeError("Invalid value"), { code: "ERR_HTTP2_INVALID_HEADER_VALUE" })
    assert.strictEqual(TransportFailure.reasonOf(error)._tag, "RequestEncoding")
  })
})

for (const [name, ask] of Object.entries(transports)) {
  describe(`TransportFailure over ${name}`, () => {
    it.live("a refused connection is known to have sent nothing", () =>
      Effect.gen(function* () {
        const port = yield* unused
        const error = yield* failing(() => ask(`http://${address(port)}/`))
        const reason = TransportFailure.reasonOf(error)
        assert.deepInclude(reason, {
          _tag: "Connect",
          kind: "refused",
          code: "ECONNREFUSED",
          addresses: [address(port)]
        })
        assert.deepInclude(Disposition.of(reason), { delivery: "not-sent", retry: "backoff" })
        assert.deepInclude(TransportFailure.systemOf(error).at(-1), { code: "ECONNREFUSED", syscall: "connect", port })
      })
    )

    it.live("every address that was tried is named", () =>
      Effect.gen(function* () {
        const port = yield* unused
        const error = yield* failing(() => ask(`http://localhost:${port}/`))
        const reason = TransportFailure.reasonOf(error)
        assert.strictEqual(reason._tag, "Connect")
        assert.include(reason._tag === "Connect" ? reason.addresses : [], address(port))
      })
    )

    it.live("a name that does not exist", () =>
      Effect.gen(function* () {
        const error = yield* failing(() => ask("http://nope.invalid/"))
        const reason = TransportFailure.reasonOf(error)
        assert.deepInclude(reason, { _tag: "Connect", kind: "dns", addresses: ["nope.invalid"] })
        assert.deepInclude(Disposition.of(reason), { delivery: "not-sent" })
      })
    )

    it.live("a connection that is reset before the answer", () =>
      Effect.gen(function* () {
        const { port } = yield* serve(afterRequest((socket) => socket.resetAndDestroy()))
        const reason = TransportFailure.reasonOf(yield* failing(() => ask(`http://${address(port)}/`)))
        assert.deepInclude(reason, { _tag: "ConnectionLost", phase: "headers" })
        assert.deepInclude(Disposition.of(reason), { delivery: "may-have-run", retry: "backoff" })
      })
    )

    it.live("a connection that ends before the answer", () =>
      Effect.gen(function* () {
        const { port } = yield* serve(afterRequest((socket) => socket.end()))
        const reason = TransportFailure.reasonOf(yield* failing(() => ask(`http://${address(port)}/`)))
        assert.deepInclude(reason, { _tag: "ConnectionLost", phase: "headers" })
      })
    )

    it.live("a connection that ends within the body", () =>
      Effect.gen(function* () {
        const { port } = yield* serve(
          afterRequest((socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"))
        )
        const error = yield* failing(() => ask(`http://${address(port)}/`))
        const reason = TransportFailure.reasonOf(error, { phase: "body", bytesReceived: 4, bytesPromised: 100 })
        assert.deepInclude(reason, { _tag: "ConnectionLost", phase: "body", bytesReceived: 4, bytesPromised: 100 })
        assert.strictEqual(reason.message, "the connection ended within the answer, after 4 of 100 bytes")
      })
    )

    it.live("what is not HTTP", () =>
      Effect.gen(function* () {
        const { port } = yield* serve(afterRequest((socket) => void socket.end("SSH-2.0-OpenSSH_9.6\r\n")))
        const reason = TransportFailure.reasonOf(yield* failing(() => ask(`http://${address(port)}/`)))
        assert.strictEqual(reason._tag, "Protocol")
        assert.deepInclude(Disposition.of(reason), { blame: "upstream", delivery: "may-have-run" })
      })
    )

    it.live("a caller's abort is no timeout, and a timeout no abort", () =>
      Effect.gen(function* () {
        const { port } = yield* serve(() => undefined)
        const controller = new AbortController()
        controller.abort()
        const aborted = yield* failing(() => ask(`http://${address(port)}/`, { signal: controller.signal }))
        assert.deepInclude(TransportFailure.reasonOf(aborted), { _tag: "Aborted", by: "caller" })
        const late = yield* failing(() => ask(`http://${address(port)}/`, { signal: AbortSignal.timeout(20) }))
        const reason = TransportFailure.reasonOf(late, { limits: { headers: 20 } })
        assert.deepInclude(reason, { _tag: "Timeout", phase: "headers", limit: Duration.millis(20) })
      })
    )

    it.live("an error that crossed a thread by structuredClone is still told", () =>
      Effect.gen(function* () {
        const port = yield* unused
        const refused = yield* failing(() => ask(`http://${address(port)}/`))
        const unknown = yield* failing(() => ask("http://nope.invalid/"))
        assert.deepInclude(TransportFailure.reasonOf(structuredClone(refused)), {
          _tag: "Connect",
          kind: "refused",
          addresses: [address(port)]
        })
        assert.deepInclude(TransportFailure.reasonOf(structuredClone(unknown)), { _tag: "Connect", kind: "dns" })
      })
    )
  })
}

describe("TransportFailure over fetch and undici", () => {
  const heads = {
    "two lengths": "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 20\r\n\r\n{}",
    "another protocol": "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"
  }
  for (const [what, head] of Object.entries(heads)) {
    for (const name of ["fetch", "undici"] as const) {
      it.live(`${name}: an answer with ${what} is no lost connection`, () =>
        Effect.gen(function* () {
          const { port } = yield* serve(afterRequest((socket) => void socket.end(head)))
          const error = yield* failing(() => transports[name]!(`http://${address(port)}/`))
          const reason = TransportFailure.reasonOf(error, name === "undici" ? { phase: "headers" } : {})
          assert.strictEqual(reason._tag, "Protocol")
        })
      )
    }
  }

  it.live("an address that fetch itself refuses is our configuration, and nothing was sent", () =>
    Effect.gen(function* () {
      for (const url of ["http://127.0.0.1:22/", "ftp://127.0.0.1/", "about:blank"]) {
        const reason = TransportFailure.reasonOf(yield* failing(() => fetch(url)))
        assert.deepInclude(reason, { _tag: "Configuration", option: "baseUrl" })
        assert.deepInclude(Disposition.of(reason), { blame: "us", delivery: "not-sent", retry: "never" })
      }
    })
  )

  it.live("an address that leads on for ever is our configuration", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(
        afterRequest(
          (socket) => void socket.end("HTTP/1.1 307 x\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        )
      )
      const loop = TransportFailure.reasonOf(yield* failing(() => fetch(`http://${address(port)}/`)))
      assert.deepInclude(loop, { _tag: "Configuration", option: "baseUrl" })
    })
  )
})

describe("TransportFailure over TLS", () => {
  for (const [name, ask] of [
    ["fetch", transports["fetch"]!],
    ["undici", transports["undici"]!]
  ] as const) {
    it.live(`${name}: an upstream that speaks no TLS is not retried`, () =>
      Effect.gen(function* () {
        const { port } = yield* serve(afterRequest((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")))
        const reason = TransportFailure.reasonOf(yield* failing(() => ask(`https://${address(port)}/`)))
        assert.deepInclude(reason, { _tag: "Connect", kind: "tls" })
        assert.deepInclude(Disposition.of(reason), { retry: "never", delivery: "not-sent" })
      })
    )

    it.live(`${name}: a handshake that is cut off has sent nothing`, () =>
      Effect.gen(function* () {
        const { port } = yield* serve(afterRequest((socket) => socket.end()))
        const reason = TransportFailure.reasonOf(yield* failing(() => ask(`https://${address(port)}/`)))
        assert.deepInclude(reason, { _tag: "Connect", kind: "other" })
        assert.deepInclude(Disposition.of(reason), { retry: "backoff", delivery: "not-sent" })
      })
    )
  }
})

const error = (code: string, message = "x", rest: object = {}) => Object.assign(new Error(message), { code, ...rest })

describe("TransportFailure.reasonOf", () => {
  const rows: ReadonlyArray<readonly [error: unknown, progress: TransportFailure.Progress, reason: object]> = [
    [error("CERT_HAS_EXPIRED"), {}, { _tag: "Connect", kind: "tls" }],
    [
      error("DEPTH_ZERO_SELF_SIGNED_CERT"),
      { address: "a:443" },
      { _tag: "Connect", kind: "tls", addresses: ["a:443"] }
    ],
    [error("EHOSTUNREACH"), {}, { _tag: "Connect", kind: "unreachable" }],
    [error("ETIMEDOUT", "x", { syscall: "connect" }), {}, { _tag: "Connect", kind: "unreachable" }],
    [error("ETIMEDOUT", "x", { syscall: "read" }), {}, { _tag: "ConnectionLost" }],
    [
      error("ENOENT", "x", { syscall: "connect", address: "/run/x.sock" }),
      {},
      { _tag: "Connect", addresses: ["/run/x.sock"] }
    ],
    [error("ENOENT", "x", { syscall: "open" }), {}, { _tag: "RequestEncoding" }],
    [
      new TypeError("fetch failed", { cause: error("EISDIR", "EISDIR: illegal operation on a directory, read") }),
      { phase: "headers" },
      { _tag: "RequestEncoding" }
    ],
    [error("UND_ERR_PRX_CONN"), {}, { _tag: "Connect", kind: "proxy" }],
    [
      error("UND_ERR_CONNECT_TIMEOUT"),
      { limits: { connect: 50 } },
      { _tag: "Timeout", phase: "connect", limit: Duration.millis(50) }
    ],
    [error("UND_ERR_HEADERS_TIMEOUT"), {}, { _tag: "Timeout", phase: "headers", limit: undefined }],
    [error("UND_ERR_BODY_TIMEOUT"), { phase: "body" }, { _tag: "Timeout", phase: "body" }],
    [error("UND_ERR_BODY_TIMEOUT"), { phase: "stream" }, { _tag: "Timeout", phase: "idle", seenIn: "stream" }],
    [error("HPE_HEADER_OVERFLOW"), { phase: "headers" }, { _tag: "Protocol", code: "HPE_HEADER_OVERFLOW" }],
    [error("HPE_INVALID_CHUNK_SIZE"), { phase: "body" }, { _tag: "Protocol" }],
    [error("ERR_INVALID_URL", "Invalid URL"), {}, { _tag: "Configuration", option: "baseUrl" }],
    [error("ERR_INVALID_CHAR", "Invalid character in header"), {}, { _tag: "RequestEncoding" }],
    [
      error("ECONNRESET"),
      { phase: "stream", bytesReceived: 3 },
      { _tag: "ConnectionLost", phase: "stream", seenIn: "stream" }
    ],
    [
      error("UND_ERR_RES_CONTENT_LENGTH_MISMATCH"),
      { phase: "body" },
      { _tag: "ConnectionLost", phase: "body", code: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" }
    ],
    [error("UND_ERR_SOCKET", "bad upgrade"), { phase: "headers" }, { _tag: "Protocol", code: "UND_ERR_SOCKET" }],
    [error("UND_ERR_SOCKET", "other side closed"), { phase: "headers" }, { _tag: "ConnectionLost", phase: "headers" }],
    [new Error("anything"), { phase: "connect" }, { _tag: "Connect", kind: "other" }],
    [new TypeError("terminated"), {}, { _tag: "ConnectionLost", phase: "body" }],
    ["a string", {}, { _tag: "ConnectionLost", phase: "headers" }],
    [undefined, {}, { _tag: "ConnectionLost" }],
    [null, {}, { _tag: "ConnectionLost" }],
    [42, {}, { _tag: "ConnectionLost" }]
  ]
  for (const [thrown, progress, expected] of rows) {
    const what = thrown instanceof Error ? (Reflect.get(thrown, "code") ?? thrown.message) : String(thrown)
    it(`${what} ${JSON.stringify(progress)} is ${JSON.stringify(expected)}`, () => {
      const reason = TransportFailure.reasonOf(thrown, progress)
      const seen = Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(reason, key)]))
      assert.deepStrictEqual(seen, expected)
    })
  }

  it("survives errors that are hostile to whoever reads them", () => {
    const hostile = new Proxy(new Error("x"), {
      get: () => {
        throw new Error("no")
      }
    })
    const cycle = new Error("a", { cause: new Error("b") })
    Object.assign(cycle.cause as Error, { cause: cycle })
    const wide = new AggregateError(Array.from({ length: 10_000 }, (_, index) => new Error(`${index}`)))
    let deep = new Error("0")
    for (let index = 0; index < 10_000; index++) deep = new Error("n", { cause: deep })
    const members = new Proxy([], {
      get: () => {
        throw new Error("no")
      }
    })
    const revoked = Proxy.revocable([], {})
    revoked.revoke()
    const lists = [members, revoked.proxy].map((errors) => ({ errors, cause: error("ECONNRESET") }))
    for (const thrown of lists) assert.strictEqual(TransportFailure.systemOf(thrown)[1]?.code, "ECONNRESET")
    for (const thrown of [hostile, cycle, wide, deep, { code: {}, message: 1, name: null }, Object.create(null)]) {
      assert.isDefined(TransportFailure.reasonOf(thrown)._tag)
      assert.isAtMost(TransportFailure.systemOf(thrown).length, 16)
    }
  })

  it.prop(
    "always gives a reason",
    { thrown: Schema.Json, phase: Schema.Literals(["connect", "headers", "body", "stream"]) },
    ({ phase, thrown }) => {
      assert.isDefined(Disposition.of(TransportFailure.reasonOf(thrown, { phase })))
    }
  )

  it("keeps no secret in what it says", () => {
    const key = `sk-${"a1B2".repeat(8)}`
    const thrown = error("ERR_INVALID_URL", `Invalid URL: https://me:pw@x.example/?api_key=${key}`)
    assert.notInclude(JSON.stringify([TransportFailure.reasonOf(thrown), TransportFailure.systemOf(thrown)]), key)
    assert.notInclude(TransportFailure.reasonOf(thrown).message, "me:pw")
    const odd = error(key, key, { name: key, syscall: key, address: key })
    assert.notInclude(JSON.stringify([TransportFailure.reasonOf(odd), TransportFailure.systemOf(odd)]), key)
    const notConnected = TransportFailure.reasonOf(odd, { phase: "connect" })
    assert.notInclude(JSON.stringify(notConnected), key)
  })
})

describe("TransportFailure.isTransport", () => {
  it("knows codes of the system, of Node and of undici, however deep", () => {
    for (const code of ["ECONNRESET", "EPIPE", "EAI_AGAIN", "ETIMEDOUT", "UND_ERR_SOCKET", "HPE_INVALID_CONSTANT"]) {
      assert.isTrue(TransportFailure.isTransport(error(code)), code)
      assert.isTrue(TransportFailure.isTransport(new Error("wrapped", { cause: error(code) })), code)
      assert.isTrue(TransportFailure.isTransport(new AggregateError([new Error("first"), error(code)])), code)
    }
    assert.isTrue(TransportFailure.isTransport(error("ESHUTDOWN", "x", { syscall: "write" })))
    assert.isTrue(TransportFailure.isTransport(new DOMException("no", "AbortError")))
    assert.isTrue(TransportFailure.isTransport(new TypeError("fetch failed")))
  })

  it("takes no driver's own code for the system's", () => {
    for (const code of ["ELOGIN", "EREQUEST", "ER_DUP_ENTRY", "23505", "ERR_SQLITE_ERROR", "ERR_ASSERTION", "P2002"]) {
      assert.isFalse(TransportFailure.isTransport(error(code)), code)
    }
    for (const thrown of [undefined, null, "ECONNRESET", 1, {}, new Error("ECONNRESET")]) {
      assert.isFalse(TransportFailure.isTransport(thrown))
    }
  })
})
