import * as Disposition from "@causeway/core/Disposition"
import * as Redaction from "@causeway/core/Redaction"
import { Aborted, UpstreamReason } from "@causeway/core/UpstreamReason"
import * as Recorder from "@causeway/openai/Recorder"
import { Recording } from "@causeway/openai/Recording"
import { assert, describe, it } from "@effect/vitest"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { deflateSync, gzipSync } from "node:zlib"
import { chunk, closedPort, eventsHead, http, json, type RawServer, type Respond, serve } from "./fixtures/rawServer.ts"

/** What a promise rejected with. */
class Rejected extends Data.TaggedError("Rejected")<{ readonly value: unknown }> {}

interface Ask {
  readonly server: RawServer
  readonly recording: Recording
  /** The text of the answer, or what the call or the reading of its body rejected with. */
  readonly text: (init?: RequestInit & { readonly url?: string }) => Effect.Effect<string, Rejected>
}

/** The recorder's own fetch, and another's under its care: both keep the same promises. */
const fetches: ReadonlyArray<readonly [string, (options: Recorder.Options) => ReturnType<typeof own>]> = [
  ["its own", (options) => own(options)],
  [
    "the global fetch",
    (options) => Effect.succeed(Recorder.record((input, init) => globalThis.fetch(input, init), options))
  ]
]
const own = (options: Recorder.Options) => Effect.map(Recorder.make(options), ({ fetch }) => fetch)

const asking = <A, E>(
  make: (options: Recorder.Options) => ReturnType<typeof own>,
  respond: Respond,
  f: (ask: Ask) => Effect.Effect<A, E>,
  options: Recorder.Options = {},
  recording = new Recording()
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* serve(respond)
      const fetch = yield* make(options)
      return yield* f({
        server,
        recording,
        text: ({ url = `${server.url}/models`, ...init } = {}) =>
          Effect.tryPromise({
            try: async (signal) => {
              const response = await fetch(url, { signal, ...init, [Recorder.recordingKey]: recording })
              return response.text()
            },
            catch: (value) => new Rejected({ value })
          })
      })
    })
  )

const isReason = Schema.is(UpstreamReason)

const reasonOf = ({ value }: Rejected): UpstreamReason => {
  if (!isReason(value)) throw new TypeError("no reason", { cause: value })
  return value
}

describe.each(fetches)("fetch, over %s", (_name, make) => {
  it.effect("records what went out and what came back", () =>
    asking(
      make,
      (socket) => socket.write(json({ fine: true }, { "x-request-id": "req-7", "set-cookie": "a=b" })),
      ({ recording, text }) =>
        Effect.gen(function* () {
          const body = yield* text({ method: "POST", body: '{"x":1}', headers: { "content-type": "application/json" } })
          assert.strictEqual(body, '{"fine":true}')
          const evidence = recording.evidence()
          assert.strictEqual(evidence.attempt, 1)
          assert.deepInclude(evidence.request, { method: "POST", bytes: 7 })
          assert.strictEqual(evidence.requestId, "req-7")
          assert.strictEqual(evidence.header("set-cookie"), "<redacted>")
          assert.strictEqual(evidence.response?.body, '{"fine":true}')
          assert.strictEqual(evidence.response?.bodyBytes, 13)
          assert.isAtLeast(evidence.timing.totalMs, evidence.timing.headersMs ?? -1)
          assert.isAtLeast(evidence.timing.startedAt, Math.floor(performance.timeOrigin))
        })
    )
  )

  it.effect("rejects with the reason: refused", () =>
    asking(
      make,
      () => {},
      ({ recording, text }) =>
        Effect.gen(function* () {
          const port = yield* closedPort
          const reason = reasonOf(yield* Effect.flip(text({ url: `http://127.0.0.1:${port}/v1/models` })))
          assert.deepInclude(reason, { _tag: "Connect", kind: "refused", code: "ECONNREFUSED" })
          assert.deepInclude(recording.evidence().system?.at(-1), { code: "ECONNREFUSED", port })
        })
    )
  )

  it.effect("rejects with the reason: reset before the headers, in the body, and a body cut short", () =>
    asking(
      make,
      (socket, { number }) => {
        if (number === 1) socket.resetAndDestroy()
        else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () => socket.end())
      },
      ({ recording, text }) =>
        Effect.gen(function* () {
          assert.deepInclude(reasonOf(yield* Effect.flip(text())), { _tag: "ConnectionLost", phase: "headers" })
          const cut = reasonOf(yield* Effect.flip(text()))
          assert.deepInclude(cut, { _tag: "ConnectionLost", phase: "body", bytesReceived: 4, bytesPromised: 100 })
          assert.deepStrictEqual(
            recording.attempts.map(({ failure, number }) => [number, failure?._tag]),
            [
              [1, "ConnectionLost"],
              [2, "ConnectionLost"]
            ]
          )
        })
    )
  )

  it.effect("rejects with the reason: not HTTP", () =>
    asking(
      make,
      (socket) => socket.write("SSH-2.0-OpenSSH_9.9\r\n"),
      ({ text }) =>
        Effect.gen(function* () {
          assert.strictEqual(reasonOf(yield* Effect.flip(text()))._tag, "Protocol")
        })
    )
  )

  it.effect("bounds the wait for the headers, and closes the socket", () =>
    asking(
      make,
      () => {},
      ({ server, text }) =>
        Effect.gen(function* () {
          const reason = reasonOf(yield* Effect.flip(text()))
          assert.deepInclude(reason, { _tag: "Timeout", phase: "headers" })
          yield* server.requests[0]!.closed
        }),
      { headersTimeout: "100 millis" }
    )
  )

  it.effect("bounds the silence within a body, and closes the socket", () =>
    asking(
      make,
      (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
      ({ server, text }) =>
        Effect.gen(function* () {
          const reason = reasonOf(yield* Effect.flip(text()))
          assert.deepInclude(reason, { _tag: "Timeout", phase: "body" })
          yield* server.requests[0]!.closed
        }),
      { idleTimeout: "100 millis" }
    )
  )

  it.effect("bounds an answer that drips for ever", () =>
    asking(
      make,
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        const timer = setInterval(() => socket.write("x"), 10)
        socket.once("close", () => clearInterval(timer))
      },
      ({ server, text }) =>
        Effect.gen(function* () {
          const reason = reasonOf(yield* Effect.flip(text()))
          assert.deepInclude(reason, { _tag: "Timeout", phase: "body" })
          yield* server.requests[0]!.closed
        }),
      { answerTimeout: "300 millis" }
    )
  )

  it.effect("takes what came of an error's body when the rest does not come", () =>
    asking(
      make,
      (socket, { number }) => {
        socket.write("HTTP/1.1 503 Unavailable\r\ncontent-length: 100\r\n\r\nno healthy upstream")
        if (number === 2) setImmediate(() => socket.resetAndDestroy())
      },
      ({ recording, server, text }) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* text(), "no healthy upstream")
          yield* server.requests[0]!.closed
          assert.strictEqual(recording.attempts[0]?.status, 503)
          assert.isUndefined(recording.failure())
          // A reset may take what the kernel still held; the status is kept in any case.
          yield* text()
          assert.strictEqual(recording.attempts[1]?.status, 503)
        }),
      { errorBodyTimeout: "100 millis" }
    )
  )

  it.effect("reads no more of an error's body than its limit", () =>
    asking(
      make,
      (socket) => {
        socket.write("HTTP/1.1 500 Error\r\ncontent-length: 100000000\r\n\r\n")
        const fill = () => {
          while (!socket.destroyed && socket.write("x".repeat(65_536)));
        }
        socket.on("drain", fill)
        fill()
      },
      ({ recording, server, text }) =>
        Effect.gen(function* () {
          const body = yield* text()
          assert.isAtLeast(body.length, 10_000)
          assert.isAtMost(body.length, 10_000 + 1_048_576)
          assert.isAtMost(recording.evidence().response?.body.length ?? 0, 16_384)
          yield* server.requests[0]!.closed
        }),
      { errorBodyBytes: 10_000 }
    )
  )

  it.effect("collects no body that is larger than allowed", () =>
    asking(
      make,
      (socket) => socket.write(http(200, {}, "x".repeat(5_000))),
      ({ text }) =>
        Effect.gen(function* () {
          const reason = reasonOf(yield* Effect.flip(text()))
          assert.deepInclude(reason, { _tag: "MalformedResponse", issue: "too-large" })
        }),
      { maxBody: 1_000 }
    )
  )

  it.effect("reads a compressed body", () =>
    asking(
      make,
      (socket, { number }) =>
        socket.write(
          number === 1
            ? http(200, { "content-encoding": "gzip" }, gzipSync("hello"))
            : http(200, { "content-encoding": "deflate" }, deflateSync("hello"))
        ),
      ({ text }) =>
        Effect.gen(function* () {
          assert.deepStrictEqual([yield* text(), yield* text()], ["hello", "hello"])
        })
    )
  )

  it.effect("closes the socket when its signal aborts, with the signal's reason", () =>
    asking(
      make,
      (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
      ({ recording, server, text }) =>
        Effect.gen(function* () {
          const aborter = new AbortController()
          const mine = new Error("enough")
          const call = yield* Effect.forkChild(Effect.flip(text({ signal: aborter.signal })))
          const request = yield* server.arrived(1)
          aborter.abort(mine)
          assert.strictEqual((yield* Fiber.join(call)).value, mine)
          yield* request.closed
          assert.deepInclude(recording.failure(), { _tag: "Aborted", by: "caller" })
        })
    )
  )

  it.effect("sends nothing with a signal that is aborted already, or for a call that was given up", () =>
    asking(
      make,
      (socket) => socket.write(json({})),
      ({ recording, server, text }) =>
        Effect.gen(function* () {
          yield* Effect.flip(text({ signal: AbortSignal.abort() }))
          recording.abort(new Aborted({ message: "given up", seenIn: "request", by: "caller" }))
          yield* Effect.flip(text())
          assert.strictEqual(server.requests.length, 0)
        })
    )
  )

  it.effect("numbers the attempts of a call", () =>
    asking(
      make,
      (socket, { number }) => socket.write(http(500 + number, {}, `attempt ${number}`)),
      ({ recording, text }) =>
        Effect.gen(function* () {
          yield* text()
          yield* text()
          const [first, second] = recording.attempts
          assert.deepStrictEqual([first?.number, first?.status, second?.number, second?.status], [3, 501, 4, 502])
          assert.strictEqual(recording.evidence(first).response?.body, "attempt 1")
          assert.strictEqual(recording.evidence().response?.body, "attempt 2")
          assert.strictEqual(recording.evidence().attempt, 4)
        }),
      {},
      new Recording({ firstAttempt: 3 })
    )
  )

  it.effect("keeps the last attempts of a call that makes very many", () =>
    asking(
      make,
      (socket, { number }) => socket.write(http(200, {}, `answer ${number}`)),
      ({ recording, text }) =>
        Effect.gen(function* () {
          for (let count = 0; count < 100; count++) yield* text()
          assert.strictEqual(recording.attempts.length, 64)
          assert.deepStrictEqual([recording.attempts[0]?.number, recording.attempts.at(-1)?.number], [37, 100])
          assert.strictEqual(recording.evidence().response?.body, "answer 100")
        })
    )
  )

  it.effect("keeps no secret in its evidence", () =>
    asking(
      make,
      (socket) =>
        socket.write(http(401, { "x-echo": "open sesame" }, "Incorrect key: open sesame, sk-abcdefghij1234567890")),
      ({ recording, server, text }) =>
        Effect.gen(function* () {
          yield* Redaction.known(Redacted.make("open sesame"))
          yield* text({
            url: `${server.url}/models?api_key=hunter2hunter2`,
            headers: { authorization: "Bearer open sesame" }
          })
          const kept = JSON.stringify(recording.evidence())
          for (const secret of ["sesame", "sk-abcdefghij", "hunter2"]) assert.notInclude(kept, secret)
          assert.include(server.requests[0]?.head, "Bearer open sesame")
        }).pipe(Effect.scoped)
    )
  )

  it.effect("sends forms and streams as the standard says", () =>
    asking(
      make,
      (socket, { body, head }) => socket.write(json({ type: /content-type: (.*)/i.exec(head)?.[1], body })),
      ({ text }) =>
        Effect.gen(function* () {
          assert.include(yield* text({ method: "POST", body: new URLSearchParams({ a: "b" }) }), "a=b")
          const form = new FormData()
          form.set("file", new Blob(["content"]), "name.txt")
          const sent = yield* text({ method: "POST", body: form })
          assert.include(sent, "multipart/form-data; boundary=")
          assert.include(sent, "content")
          const stream = new Blob(["piece by piece"]).stream()
          // Node's types do not know the option that its fetch insists on.
          const init: RequestInit = Object.assign({ method: "POST", body: stream }, { duplex: "half" as const })
          assert.include(yield* text(init), "piece by piece")
        })
    )
  )

  it.effect("hands the body on piece by piece, and stops reading when nobody takes it", () => {
    let sent = 0
    return asking(
      make,
      (socket) => {
        socket.write(eventsHead)
        const piece = chunk("x".repeat(65_536))
        const fill = () => {
          while (!socket.destroyed && sent < 1_000) {
            sent++
            if (!socket.write(piece)) return
          }
        }
        socket.on("drain", fill)
        fill()
      },
      ({ server }) =>
        Effect.gen(function* () {
          const fetch = yield* make({})
          const response = yield* Effect.promise(() => fetch(`${server.url}/models`))
          const reader = response.body!.getReader()
          const first = yield* Effect.promise(() => reader.read())
          assert.isAbove(first.value?.length ?? 0, 0)
          // Far less than all of it can be on the way: what is not read fills the socket's buffers and ours.
          let before = -1
          while (before !== sent) {
            before = sent
            yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 100)))
          }
          assert.isBelow(sent, 900)
          yield* Effect.promise(() => reader.cancel())
          yield* server.requests[0]!.closed
        }).pipe(Effect.scoped)
    )
  })
})

describe("record", () => {
  it.effect("lets go of a body that knows nothing of signals", () =>
    Effect.gen(function* () {
      for (const isLate of [false, true]) {
        const cancelled = Deferred.makeUnsafe<void>()
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
          cancel: () => void Deferred.doneUnsafe(cancelled, Effect.void)
        })
        const asked = Deferred.makeUnsafe<void>()
        const { promise: later, resolve: goOn } = Promise.withResolvers<void>()
        const fetch = Recorder.record(async () => {
          Deferred.doneUnsafe(asked, Effect.void)
          if (isLate) await later
          return new Response(body)
        })
        const call = yield* Effect.forkChild(
          Effect.tryPromise(async (signal) => (await fetch("http://127.0.0.1:1/", { signal })).text())
        )
        yield* Deferred.await(asked)
        if (!isLate) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        yield* Fiber.interrupt(call)
        goOn()
        yield* Deferred.await(cancelled)
      }
    })
  )
})

describe("make", () => {
  it.effect("refuses a request beyond its connections", () =>
    asking(
      own,
      () => {},
      ({ server, text }) =>
        Effect.gen(function* () {
          const calls = yield* Effect.forkChild(
            Effect.all([Effect.exit(text()), Effect.exit(text())], { concurrency: 2 })
          )
          yield* server.arrived(2)
          const reason = reasonOf(yield* Effect.flip(text()))
          assert.deepInclude(reason, { _tag: "Connect", kind: "exhausted" })
          // The limit is ours: the upstream's health has nothing to do with it.
          assert.deepInclude(Disposition.of(reason), { blame: "us", health: "ignored", delivery: "not-sent" })
          assert.include(reason.message, "all 2 connections")
          assert.strictEqual(server.requests.length, 2)
          calls.interruptUnsafe()
        }),
      { connections: 2 }
    )
  )

  it.effect("gives up what is in flight when its scope ends", () =>
    Effect.gen(function* () {
      const server = yield* serve(() => {})
      const recording = new Recording()
      const call = yield* Effect.scoped(
        Effect.gen(function* () {
          const { fetch } = yield* Recorder.make()
          const call = yield* Effect.forkDetach(
            Effect.tryPromise({
              try: () => fetch(server.url, { [Recorder.recordingKey]: recording }),
              catch: (value) => new Rejected({ value })
            })
          )
          yield* server.arrived(1)
          return call
        })
      )
      assert.deepInclude(reasonOf(yield* Effect.flip(Fiber.join(call))), { _tag: "Aborted", by: "shutdown" })
    }).pipe(Effect.scoped)
  )

  it.effect("fails a body that is not compressed as its headers say", () =>
    asking(
      own,
      (socket) => socket.write(http(200, { "content-encoding": "gzip" }, "{}")),
      ({ text }) =>
        Effect.gen(function* () {
          assert.deepInclude(reasonOf(yield* Effect.flip(text())), { _tag: "MalformedResponse", issue: "encoding" })
        })
    )
  )

  it.effect("does not follow a redirect: the credential would go along", () =>
    asking(
      own,
      (socket) => socket.write(http(302, { location: "http://127.0.0.1:1/" }, "elsewhere")),
      ({ recording, text }) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* text(), "elsewhere")
          assert.strictEqual(recording.attempts[0]?.status, 302)
        })
    )
  )

  it.effect("takes a redirect for one though its body stalls, breaks or does not end", () =>
    asking(
      own,
      (socket, { number }) => {
        const head = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 1000000\r\n\r\n"
        socket.write(head + (number === 3 ? "x".repeat(200_000) : "elsewhere"))
        if (number === 2) socket.end()
      },
      ({ recording, server, text }) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* text(), "elsewhere")
          assert.strictEqual(yield* text(), "elsewhere")
          assert.isAtLeast((yield* text()).length, 65_536)
          for (const { closed } of server.requests) yield* closed
          assert.deepStrictEqual(
            recording.attempts.map(({ failure, status }) => [status, failure]),
            [302, 302, 302].map((status) => [status, undefined])
          )
        }),
      { errorBodyTimeout: "100 millis" }
    )
  )

  it.effect("names a host that does not exist", () =>
    asking(
      own,
      () => {},
      ({ text }) =>
        Effect.gen(function* () {
          const reason = reasonOf(yield* Effect.flip(text({ url: "http://upstream.invalid/v1" })))
          assert.deepInclude(reason, { _tag: "Connect", kind: "dns" })
        })
    )
  )
})
