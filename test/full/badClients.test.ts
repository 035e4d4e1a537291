/** Many bad clients at once against the command: it serves all others, and what they took is given back. */
import { readFileSync } from "node:fs"
import * as NodeNet from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Requests from "../badClients/fixtures/requests.ts"
import { chat, get, post, ready, type Server, until } from "../e2e/command.ts"

interface Client {
  readonly socket: NodeNet.Socket
  readonly received: () => string
  readonly isClosed: () => boolean
}

/** As many connections as are asked for, all of which are there. */
const connect = (server: Server, count: number) =>
  Effect.acquireRelease(
    Effect.forEach(
      Array.from({ length: count }),
      () =>
        Effect.callback<Client>((resume) => {
          const socket = NodeNet.connect(Number(new URL(server.url).port), "127.0.0.1")
          let received = ""
          let isClosed = false
          socket.on("data", (chunk: Buffer) => {
            if (received.length < 10_000) received += chunk.toString("latin1")
          })
          socket.on("error", () => {})
          socket.once("close", () => {
            isClosed = true
          })
          socket.once("connect", () =>
            resume(Effect.succeed({ socket, received: () => received, isClosed: () => isClosed }))
          )
        }),
      { concurrency: 50 }
    ),
    (clients) => Effect.sync(() => clients.forEach(({ socket }) => socket.destroy()))
  )

const memoryOf = ({ pid }: Server): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024

const head = (...lines: ReadonlyArray<string>): string => `${lines.join("\r\n")}\r\nHost: server\r\n`

/** What is served to others meanwhile: always right, and how long the slowest took. */
const beside = <A, E, R>(server: Server, self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    let slowest = 0
    let peak = 0
    const one = Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      const { status, text } = yield* post(`${server.url}/predict/square`, { x: 3 })
      assert.deepStrictEqual([status, text], [200, '{"y":9}'])
      slowest = Math.max(slowest, (yield* Clock.currentTimeMillis) - at)
      peak = Math.max(peak, memoryOf(server))
    })
    yield* Effect.raceFirst(self, Effect.repeat(one, Schedule.spaced("50 millis")))
    yield* one
    return { slowest, peak }
  })

const allClosed = (clients: ReadonlyArray<Client>) =>
  Effect.timeout(
    until(
      Effect.sync(() => clients.every(({ isClosed }) => isClosed())),
      (all) => all
    ),
    "90 seconds"
  )

const tell = (what: string, before: number, { peak, slowest }: { readonly peak: number; readonly slowest: number }) =>
  process.stdout.write(
    `${what}: ${Math.round(before)} MB, at most ${Math.round(peak)} MB; the slowest of others took ${slowest} ms\n`
  )

/** Warm: what is only loaded or compiled later is no client's fault. */
const warm = Effect.gen(function* () {
  const server = yield* ready()
  for (let at = 0; at < 300; at++) yield* post(`${server.url}/predict/square`, { x: 3 })
  for (let at = 0; at < 50; at++) yield* post(`${server.url}/v1/chat/completions`, chat("simulator", at % 2 === 0))
  return server
})

/** How much the process may grow meanwhile, in megabytes. */
const bounded = (before: number, { peak }: { readonly peak: number }, most: number) =>
  assert.isBelow(peak - before, most, `from ${before} MB to ${peak} MB`)

describe("many bad clients", () => {
  it.live("2,000 that say nothing are let go, and take little", () =>
    Effect.gen(function* () {
      const server = yield* warm
      const before = memoryOf(server)
      const seen = yield* beside(server, Effect.flatMap(connect(server, 2000), allClosed))
      tell("2,000 idle", before, seen)
      bounded(before, seen, 150)
    })
  )

  it.live("500 that send a letter a second lose their connections", () =>
    Effect.gen(function* () {
      const server = yield* warm
      const before = memoryOf(server)
      const slow = Effect.gen(function* () {
        const clients = yield* connect(server, 500)
        for (const { socket } of clients) socket.write(head("GET /health/live HTTP/1.1"))
        const drip = Effect.sync(() => {
          for (const { isClosed, socket } of clients) if (!isClosed()) socket.write("X")
        })
        yield* Effect.raceFirst(allClosed(clients), Effect.repeat(drip, Schedule.spaced("1 second")))
        for (const { received } of clients) assert.match(received(), /^HTTP\/1\.1 408 [^]*"request_timeout"/)
      })
      const seen = yield* beside(server, slow)
      tell("500 slow", before, seen)
      bounded(before, seen, 100)
    })
  )

  it.live.each(["announced", "in chunks"])("32 that send 50 MB, %s, are refused", (how) =>
    Effect.gen(function* () {
      const server = yield* warm
      const before = memoryOf(server)
      const megabyte = Buffer.alloc(1024 * 1024, 0x20)
      const large = ({ isClosed, socket }: Client) =>
        Effect.gen(function* () {
          const path = "POST /v1/chat/completions HTTP/1.1"
          const framing = how === "announced" ? `Content-Length: ${50 * megabyte.length}` : "Transfer-Encoding: chunked"
          socket.write(`${head(path)}${framing}\r\n\r\n`)
          for (let sent = 0; sent < 50 && !isClosed(); sent++) {
            const piece = how === "announced" ? megabyte : [Buffer.from("100000\r\n"), megabyte, Buffer.from("\r\n")]
            yield* Effect.callback<void>((resume) => {
              const go = () => resume(Effect.void)
              if (socket.write(Array.isArray(piece) ? Buffer.concat(piece) : piece)) return go()
              socket.once("drain", go)
              socket.once("close", go)
              if (socket.closed) go()
              return undefined
            })
          }
        })
      const seen = yield* beside(
        server,
        Effect.gen(function* () {
          const clients = yield* connect(server, 32)
          yield* Effect.forEach(clients, large, { concurrency: "unbounded" })
          yield* allClosed(clients)
          for (const { received } of clients) assert.match(received(), /^(?:HTTP\/1\.1 (?:413|503) [^]*"error"|$)/)
        })
      )
      tell(`50 MB, ${how}`, before, seen)
      bounded(before, seen, 550)
    })
  )

  it.live("500 that leave in the middle of a stream leave nothing behind", () =>
    Effect.gen(function* () {
      const server = yield* warm
      const before = memoryOf(server)
      const leaving = Effect.gen(function* () {
        for (let round = 0; round < 10; round++) {
          const clients = yield* connect(server, 50)
          const body = JSON.stringify(chat("fault:slow-drip", true))
          for (const { socket } of clients) {
            socket.write(`${head("POST /v1/chat/completions HTTP/1.1")}Content-Length: ${body.length}\r\n\r\n${body}`)
          }
          yield* Effect.timeout(
            until(
              Effect.sync(() => clients.every(({ received }) => received().includes("data:"))),
              (all) => all
            ),
            "60 seconds"
          )
          for (const { socket } of clients) socket.resetAndDestroy()
        }
      }).pipe(Effect.scoped)
      const seen = yield* beside(server, leaving)
      tell("500 that leave", before, seen)
      bounded(before, seen, 200)
      yield* until(
        get(`${server.url}/health`),
        ({ text }) => /"inFlight":0/.test(text) && !/"inFlight":[1-9]/.test(text)
      )
    })
  )

  it.live("who send everything that they should not, over and over, cost nothing", () =>
    Effect.gen(function* () {
      const server = yield* warm
      const rows = [Requests.notHttp, Requests.smuggling, Requests.paths, Requests.headers, Requests.bodies].flat()
      const all = Effect.forEach(
        rows,
        ([, bytes]) =>
          Effect.gen(function* () {
            const [client] = yield* connect(server, 1)
            client?.socket.end(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes)
            yield* allClosed(client === undefined ? [] : [client])
          }).pipe(Effect.scoped),
        { concurrency: 16, discard: true }
      )
      yield* all
      const before = memoryOf(server)
      const seen = yield* beside(server, Effect.repeat(all, { times: 9 }))
      tell(`${rows.length * 10} bad requests`, before, seen)
      bounded(before, seen, 150)
    })
  )
})
