import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { happened, serve } from "./fixtures/Calls.ts"
import { connect, head, post } from "./fixtures/client.ts"

/** A body that says nothing. */
const large = " ".repeat(60_000)

const chunked = `ea60\r\n${large}\r\n0\r\n\r\n`

/** What a request took is there again once it is over. */
const given = Effect.timeout(
  Effect.repeat(post("/predict/ping", large), { until: ({ status }) => status === 204 }),
  "20 seconds"
)

describe("Limits", () => {
  layer(serve({ maxBody: "64 kB", maxBodies: "100 kB" }))("of all bodies together", (it) => {
    it.effect("are kept until their requests are over", () =>
      Effect.gen(function* () {
        const framings = [
          [`content-length: ${large.length}`, large],
          ["transfer-encoding: chunked", chunked]
        ] as const
        for (const [framing, body] of framings) {
          const socket = yield* connect
          socket.send(head("POST", "/predict/hang", "connection: close", framing) + body)
          assert.strictEqual(yield* happened, "hang began")
          for (const [framing, body] of framings) {
            const refused = yield* connect
            refused.send(head("POST", "/predict/ping", framing) + body)
            const answer = yield* refused.until('"code":"overloaded"')
            assert.match(answer, /^HTTP\/1\.1 503 /)
            assert.match(answer, /\r\nretry-after: 1\r\n/)
          }
          assert.strictEqual((yield* post("/predict/square", { x: 3 })).status, 200)
          yield* socket.leave
          assert.strictEqual(yield* happened, "hang ended")
          yield* given
        }
      })
    )

    it.effect("are given back by clients that leave", () =>
      Effect.gen(function* () {
        for (const framing of ["content-length: 60001", "transfer-encoding: chunked"]) {
          for (let at = 0; at < 5; at++) {
            const socket = yield* connect
            socket.send(
              head("POST", "/predict/ping", framing) + (framing.endsWith("chunked") ? `ea61\r\n${large}` : large)
            )
            yield* socket.leave
          }
        }
        yield* given
      })
    )

    it.effect("are no more than what has come of them, whatever is announced", () =>
      Effect.gen(function* () {
        const slow = yield* Effect.all([connect, connect])
        for (const socket of slow) socket.send(head("POST", "/predict/ping", "content-length: 60001"))
        // They have come before what comes now.
        for (let at = 0; at < 3; at++) assert.strictEqual((yield* post("/predict/square", { x: 3 })).status, 200)
        assert.strictEqual((yield* post("/predict/ping", " ".repeat(64_000))).status, 204)
        for (const socket of slow) yield* socket.leave
      })
    )

    it.effect("let one body pass that is as large as it may be", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* post("/predict/ping", " ".repeat(64_000))).status, 204)
      })
    )
  })
})
