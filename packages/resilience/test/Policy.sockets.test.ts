/** What a policy gives up is given up by its upstream too: real servers, and their sockets. */
import * as Upstream from "@causeway/core/Upstream"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"

/** A server, the first request of it, and the end of that request's socket. */
const server = (answer: (response: ServerResponse) => void) =>
  Effect.gen(function* () {
    const closed = yield* Deferred.make<void>()
    const asked = yield* Deferred.make<void>()
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      request.socket.on("close", () => Deferred.doneUnsafe(closed, Effect.void))
      Deferred.doneUnsafe(asked, Effect.void)
      answer(response)
    }
    const listening = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const made = createServer(handle)
        made.listen(0, "127.0.0.1", () => resume(Effect.succeed(made)))
      }),
      (made) => Effect.sync(() => void made.close().closeAllConnections())
    )
    const address = listening.address()
    assert.ok(address !== null && typeof address === "object")
    return { url: `http://127.0.0.1:${address.port}`, asked: Deferred.await(asked), closed: Deferred.await(closed) }
  })

const events = (urls: { readonly primary: string; readonly backup: string }) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const name = (yield* Upstream.Current) === "backup" ? "backup" : "primary"
      return HttpClientResponse.stream(HttpClient.get(urls[name])).pipe(Stream.decodeText)
    })
  )

/** Says that it begins, and then nothing. */
const silent = (response: ServerResponse): void => response.writeHead(200).flushHeaders()
/** Begins, and never ends. */
const speaking = (response: ServerResponse): void => void response.writeHead(200).write("an element")

const policy = Policy.make({ fallback: ["backup"], hedge: { otherwise: "50 millis" } })

describe("a hedged stream over HTTP", () => {
  it.live("is closed down to its socket where another one was faster", () =>
    Effect.gen(function* () {
      const primary = yield* server(silent)
      const backup = yield* server(speaking)
      const stream = events({ primary: primary.url, backup: backup.url }).pipe(Policy.applyStream(policy))
      const [first] = yield* stream.pipe(
        // The other one is read on, so its end is not what closes the loser.
        Stream.tap(() => primary.closed),
        Stream.take(1),
        Stream.runCollect
      )
      assert.strictEqual(first, "an element")
      yield* backup.closed
    }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
  )

  it.live("is closed down to both of its sockets where its reader goes away", () =>
    Effect.gen(function* () {
      const primary = yield* server(silent)
      const backup = yield* server(silent)
      const stream = events({ primary: primary.url, backup: backup.url }).pipe(Policy.applyStream(policy))
      yield* Effect.raceFirst(Stream.runDrain(stream), Effect.andThen(primary.asked, backup.asked))
      yield* Effect.andThen(primary.closed, backup.closed)
    }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
  )
})

describe("a hedged call over HTTP", () => {
  it.live("is ended at the slow one's socket", () =>
    Effect.gen(function* () {
      const primary = yield* server(silent)
      const backup = yield* server((response) => void response.end("an answer"))
      const call = Effect.gen(function* () {
        const name = (yield* Upstream.Current) === "backup" ? backup : primary
        return yield* Effect.flatMap(HttpClient.get(name.url), ({ text }) => text)
      })
      assert.strictEqual(yield* Policy.apply(policy)(call), "an answer")
      yield* primary.closed
    }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
  )
})
