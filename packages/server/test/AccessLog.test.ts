import type * as AccessLog from "@causeway/server/AccessLog"
import * as Health from "@causeway/server/Health"
import * as Server from "@causeway/server/Server"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import { happened, Journal, open, routes } from "./fixtures/Calls.ts"
import { call, connect, head, post } from "./fixtures/client.ts"

const keys = [{ name: "ci", key: Redacted.make("s3cret-key") }] as const
const key = { "x-api-key": "s3cret-key" }

/** Runs with a server that logs, and gives its lines as they come. */
const logged = <A, E>(
  run: (line: Effect.Effect<string>) => Effect.Effect<A, E, Server.Server | Journal>,
  format: AccessLog.Format = "json"
) =>
  Effect.gen(function* () {
    const lines = yield* Queue.unbounded<string>()
    const accessLog = { format, write: (line: string) => Queue.offerUnsafe(lines, line) }
    const live = Server.serve(Layer.merge(routes, Health.layer()), { port: 0, keys, accessLog })
    return yield* run(Queue.take(lines)).pipe(Effect.provide(Layer.provideMerge(live, Journal.layer)))
  })

const entry = Effect.map((line: string): Record<string, unknown> => JSON.parse(line))

describe("AccessLog", () => {
  it.live("tells of an answer: what was asked, by whom, and what came of it", () =>
    logged((line) =>
      Effect.gen(function* () {
        // The log goes by the machine's clock.
        // @effect-diagnostics-next-line globalDateInEffect:off
        const before = Date.now()
        yield* post("/predict/square?a=1", { x: 3 }, { ...key, "x-request-id": "r-1" })
        const { bytes, ms, time, ...rest } = yield* entry(line)
        assert.deepStrictEqual(rest, {
          method: "POST",
          path: "/predict/square?a=1",
          status: 200,
          request_id: "r-1",
          key: "ci"
        })
        assert.isAtLeast(Date.parse(String(time)), before - 5)
        assert.isAtLeast(Number(ms), 0)
        // A head and {"y":9}.
        assert.isAbove(Number(bytes), 100)
        assert.isBelow(Number(bytes), 1000)
      })
    )
  )

  it.live("tells of refusals and failures, and why", () =>
    logged((line) =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        for (const [path, headers] of [
          ["/predict/square", {}],
          ["/nope", key],
          ["/predict/upstream", key],
          ["/predict/die", key]
        ] as const) {
          yield* post(path, {}, headers)
          const { key: name, reason, status } = yield* entry(line)
          seen.push([status, reason, name])
        }
        assert.deepStrictEqual(seen, [
          [401, "Unauthenticated", undefined],
          [404, "RouteNotFound", "ci"],
          [503, "Gateway", "ci"],
          [500, "InternalError", "ci"]
        ])
      })
    )
  )

  it.live("tells of a stream when it is over, with its failure", () =>
    logged((line) =>
      Effect.gen(function* () {
        yield* post("/predict/cut", { after: 3 }, key)
        const { bytes, reason, status } = yield* entry(line)
        assert.deepStrictEqual([status, reason], [200, "Gateway"])
        assert.isAbove(Number(bytes), 100)
      })
    )
  )

  it.live("tells of a client that has left", () =>
    logged((line) =>
      Effect.gen(function* () {
        const socket = yield* connect
        socket.send(`${head("POST", "/predict/hang", "x-api-key: s3cret-key", "content-length: 2")}{}`)
        assert.strictEqual(yield* happened, "hang began")
        yield* socket.leave
        const { aborted, status } = yield* entry(line)
        assert.deepStrictEqual([status, aborted], [499, true])
        yield* open
      }).pipe(Effect.scoped)
    )
  )

  it.live("shows no credential, wherever it stands, and nothing of the health", () =>
    logged((line) =>
      Effect.gen(function* () {
        yield* call("/health/live")
        yield* call("/nope?api_key=hunter2&token=hunter3&q=s3cret-key", { headers: key })
        const text = yield* line
        assert.include(text, "/nope?api_key=")
        for (const secret of ["hunter2", "hunter3", "s3cret-key"]) assert.notInclude(text, secret)
      })
    )
  )

  it.live("is a line to be read, where that is wanted, without anything that moves a cursor", () =>
    logged(
      (line) =>
        Effect.gen(function* () {
          yield* call("/%1b[2J", { headers: { ...key, "x-request-id": "r-2" } })
          const text = yield* line
          assert.match(text, /^\d\d:\d\d:\d\d {2}404 {2}GET {3}\/%1b\[2J {2}[\d.]+ ms {2}request_id=r-2 {2}key=ci/)
          assert.match(text, /reason=RouteNotFound$/)
        }),
      "pretty"
    )
  )
})
