/** A database driver over a socket: `pg`, against a server that fails on demand. */
import * as Disposition from "@causeway/core/Disposition"
import * as Rule from "@causeway/core/Rule"
import * as Upstream from "@causeway/core/Upstream"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Client } from "pg"
import { serve, unused } from "./sockets.ts"
import { done, failed, postgres } from "./upstream/postgres.ts"

const source = "https://www.postgresql.org/docs/current/errcodes-appendix.html"

const rules: ReadonlyArray<Rule.Rule> = [
  {
    name: "transaction rollback",
    source,
    when: ({ codes }) => codes.some((code) => /^40\w{3}$/.test(code)),
    reason: Rule.conflict
  },
  {
    name: "insufficient resources",
    source,
    when: ({ codes }) => codes.some((code) => /^53\w{3}$/.test(code)),
    reason: Rule.overloaded
  },
  { name: "operator intervention", source, when: Rule.coded("57P01", "57P02", "57P03"), reason: Rule.overloaded },
  { name: "invalid authorization", source, when: Rule.coded("28P01", "28000"), reason: Rule.authentication },
  { name: "undefined table", source, when: Rule.coded("42P01"), reason: Rule.notFound("object") },
  {
    name: "integrity constraint violation",
    source,
    when: ({ codes }) => codes.some((code) => /^23\w{3}$/.test(code)),
    reason: Rule.invalidRequest
  }
]

const orders = Upstream.make({ name: "orders", rules, attributes: { "db.system.name": "postgresql" } })

/** A client that is given up is closed: PostgreSQL has no other way to take a query back without a second connection. */
const query = (port: number, sql: string, upstream: Upstream.Upstream = orders) =>
  upstream.call("query", async (signal) => {
    const client = new Client({ host: "127.0.0.1", port, user: "u", database: "d" })
    client.on("error", () => undefined)
    signal.addEventListener("abort", () => void client.end(), { once: true })
    await client.connect()
    try {
      const { rowCount } = await client.query(sql)
      return rowCount
    } finally {
      void client.end()
    }
  })

const answers: Readonly<Record<string, readonly [code: string, tag: string, retry: string, said: string]>> = {
  serialization: ["40001", "Conflict", "backoff", "could not serialize access"],
  full: ["53300", "Overloaded", "backoff", "sorry, too many clients already"],
  down: ["57P01", "Overloaded", "backoff", "terminating connection due to administrator command"],
  table: ["42P01", "NotFound", "never", 'relation "nowhere" does not exist'],
  duplicate: ["23505", "InvalidRequest", "never", "duplicate key value violates unique constraint"],
  unknown: ["XX000", "ProviderFault", "never", "cache lookup failed"]
}

describe("Upstream of a database driver", () => {
  it.live("tells the server's errors by rows, and the others as its fault", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { port } = yield* serve(
          postgres((sql, reply) => {
            const [code, , , said] = answers[sql] ?? []
            reply(code === undefined ? done : failed(code, said ?? ""))
          })
        )
        assert.strictEqual(yield* query(port, "SELECT"), 0)
        for (const [sql, [code, tag, retry, said]] of Object.entries(answers)) {
          const error = yield* Effect.flip(query(port, sql))
          assert.deepStrictEqual([error.reason._tag, error.reason.message], [tag, said])
          assert.strictEqual(Disposition.of(error)?.retry, retry, sql)
          assert.strictEqual(error.evidence.system?.[0]?.code, code)
        }
      })
    )
  )

  it.live("tells what happens to its connection", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const refused = yield* Effect.flip(query(yield* unused, "SELECT"))
        assert.deepInclude(refused.reason, { _tag: "Connect", kind: "refused" })
        assert.strictEqual(Disposition.of(refused)?.retry, "backoff")
        const { port } = yield* serve(postgres((_sql, _reply, socket) => socket.resetAndDestroy()))
        const lost = yield* Effect.flip(query(port, "INSERT"))
        assert.strictEqual(lost.reason._tag, "ConnectionLost")
        assert.deepInclude(Disposition.of(lost), { retry: "never", delivery: "may-have-run" })
      })
    )
  )

  it.live("ends a query that is never answered, and its connection, by its limit or with its caller", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const asked = yield* Deferred.make<void>()
        const closed = yield* Deferred.make<void>()
        const { port, sockets } = yield* serve((socket) => {
          socket.once("close", () => (sockets.size === 0 ? Deferred.doneUnsafe(closed, Effect.void) : undefined))
          postgres(() => Deferred.doneUnsafe(asked, Effect.void))(socket)
        })
        const fiber = yield* Effect.forkChild(query(port, "SELECT pg_sleep(60)"))
        yield* Deferred.await(asked)
        yield* Fiber.interrupt(fiber)
        yield* Deferred.await(closed)
        const hasty = Upstream.make({ name: "orders", timeout: "300 millis" })
        const late = yield* Effect.flip(query(port, "SELECT pg_sleep(60)", hasty))
        assert.strictEqual(late.reason._tag, "Timeout")
      })
    )
  )
})
