/**
 * A database driver as an upstream: SQLite, which Node brings along. Its codes become
 * reasons by rows, so that a policy waits for a locked table and repeats nothing that
 * would happen twice. Any driver that promises is wrapped in the same way.
 *
 * `npx tsx examples/database.ts`
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Disposition from "@causeway/core/Disposition"
import * as Rule from "@causeway/core/Rule"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { InvalidRequest } from "@causeway/core/UpstreamReason"
import * as Policy from "@causeway/resilience/Policy"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

// SQLite's result codes, https://www.sqlite.org/rescode.html; the driver calls them `errcode`.
const source = "https://www.sqlite.org/rescode.html"
const rules: ReadonlyArray<Rule.Rule> = [
  { name: "SQLite: busy, locked", source, when: Rule.coded("5", "6", "261", "517"), reason: Rule.overloaded },
  {
    name: "SQLite: unique, primary key",
    source,
    when: Rule.coded("2067", "1555"),
    reason: ({ message = "" }) => new InvalidRequest({ message, seenIn: "socket", code: "unique" })
  },
  { name: "SQLite: other constraints", source, when: Rule.coded("275", "787", "1299"), reason: Rule.invalidRequest },
  { name: "SQLite: no such table", source, when: Rule.says(/^no such table/m), reason: Rule.notFound("object") },
  { name: "SQLite: an error in the SQL", source, when: Rule.coded("1"), reason: Rule.invalidRequest },
  {
    name: "SQLite: cannot open",
    source,
    when: Rule.coded("14"),
    reason: Rule.misconfigured("path", "the file cannot be opened")
  }
]

const orders = Upstream.make({
  name: "orders",
  rules,
  timeout: "5 seconds",
  attributes: { "db.system.name": "sqlite" }
})

const directory = mkdtempSync(join(tmpdir(), "orders-"))
const path = join(directory, "orders.db")
const db = new DatabaseSync(path, { timeout: 0 })
const other = new DatabaseSync(path, { timeout: 0 })
db.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL UNIQUE)")

const insert = (item: string | null) =>
  orders.call("orders.insert", () => db.prepare("INSERT INTO orders (item) VALUES (?)").run(item).lastInsertRowid)
const select = (table: string) =>
  orders.call({ name: "orders.select", replay: "safe" }, () => db.prepare(`SELECT * FROM ${table}`).all())

const open = (file: string) => orders.call("open", () => new DatabaseSync(join(directory, file)))

const told = (name: string) => (error: UpstreamError) =>
  Console.log(`${name}: ${error.message}; retry: ${Disposition.of(error)?.retry}`)

const program = Effect.gen(function* () {
  yield* Console.log(`order ${yield* insert("a bridge")}`)

  yield* Effect.catch(insert("a bridge"), told("twice"))
  yield* Effect.catch(insert(null), told("nothing"))
  yield* Effect.catch(select("nowhere"), told("elsewhere"))
  yield* Effect.catch(select("WHERE"), told("nonsense"))
  yield* Effect.catch(open("no/such/file"), told("nofile"))

  // Another connection writes: that the table is locked says that nothing has run, so a policy may wait for it.
  other.exec("BEGIN IMMEDIATE")
  yield* Effect.forkChild(
    Effect.andThen(
      Effect.sleep("50 millis"),
      Effect.sync(() => other.exec("COMMIT"))
    )
  )
  const patient = Policy.make({ retry: { times: 20, base: "20 millis", max: "100 millis" } })
  yield* Console.log(`after a while: order ${yield* insert("a road").pipe(Policy.apply(patient))}`)
  yield* Console.log(`${(yield* select("orders")).length} orders`)
})

const close = Effect.sync(() => {
  db.close()
  other.close()
  rmSync(directory, { recursive: true })
})

await Effect.runPromise(Effect.ensuring(program, close))
