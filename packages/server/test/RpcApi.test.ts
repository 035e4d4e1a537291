/** A contract over HTTP from end to end: a pool of threads or handlers in process, this server, and its Effect client. */
import * as BoundaryError from "@causeway/core/BoundaryError"
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import * as Lossless from "@causeway/core/Lossless"
import * as Remote from "@causeway/core/Remote"
import * as RemoteProtocol from "@causeway/core/RemoteProtocol"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Drain from "@causeway/server/Drain"
import * as RpcApi from "@causeway/server/RpcApi"
import * as Server from "@causeway/server/Server"
import * as Difference from "@causeway/testing/Difference"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Calls, handlers, happened, Journal, open, Refused } from "./fixtures/Calls.ts"
import { connect, head, post } from "./fixtures/client.ts"
import { Threads } from "./fixtures/Threads.ts"

/** The contract over HTTP, under a key of its own: the place behind the server has the contract's. */
class Far extends Context.Service<Far, typeof Calls.Service>()("@causeway/server/test/RpcApi.test/Far") {}
class FarThreads extends Context.Service<FarThreads, typeof Threads.Service>()(
  "@causeway/server/test/RpcApi.test/FarThreads"
) {}

const far = (options?: Omit<Remote.Options, "url">) =>
  Layer.effect(
    Far,
    Effect.flatMap(Server.Server, ({ url }) =>
      Effect.map(Layer.build(Remote.layer(Calls, { url: `${url}/rpc`, ...options })), Context.get(Calls))
    )
  )

const served = (options: Server.Options & RpcApi.Options = {}) =>
  Server.serve(RpcApi.layer(Calls, options).pipe(Layer.provide(Local.layer(Calls, handlers))), {
    port: 0,
    ...options
  }).pipe(Layer.provideMerge(Journal.layer), Layer.provide(Logger.layer([])))

const live = far().pipe(Layer.provideMerge(served()))

const reasonOf = (exit: Exit.Exit<unknown, unknown>): BoundaryError.BoundaryReason => {
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  if (error instanceof BoundaryError.BoundaryError) return error.reason
  return assert.fail(`no BoundaryError: ${String(error)}`)
}

const line = (tag: string, payload: unknown) =>
  RemoteProtocol.line({ _tag: "Request", id: "1", tag, payload, headers: [] })

const epoch = new Date(0)

const ndjson = { "content-type": RemoteProtocol.contentType }

const square = (token?: Redacted.Redacted<string>) =>
  Effect.flatMap(Far, (calls) => calls.square({ x: 3 })).pipe(Effect.provide(far({ token })), Effect.exit)

/** Whose key the handler of `Who` was told of, by a caller that calls it mallory's. */
const keyNameSeen = (headers: Readonly<Record<string, string>>) =>
  Effect.map(
    post(
      "/rpc",
      RemoteProtocol.line({
        _tag: "Request",
        id: "1",
        tag: "who",
        payload: null,
        headers: [[CallMetadata.keyNameHeader, "mallory"]]
      }),
      { ...ndjson, ...headers }
    ),
    ({ text }) => /alice|mallory/.exec(text)?.[0]
  )

describe("RpcApi", () => {
  layer(live, { excludeTestServices: true })((it) => {
    it.effect("gives successes, of every kind", () =>
      Effect.gen(function* () {
        const calls = yield* Far
        assert.deepStrictEqual(yield* calls.square({ x: 3 }), { y: 9 })
        assert.strictEqual(yield* calls.ping(), undefined)
        assert.deepStrictEqual(yield* calls.dated({ on: epoch }), epoch)
        assert.deepStrictEqual(
          yield* Stream.runCollect(calls.count({ to: 100 })),
          Array.from({ length: 100 }, (_, at) => at + 1)
        )
        assert.deepStrictEqual(yield* Stream.runCollect(calls.count({ to: 0 })), [])
      })
    )

    it.effect("gives typed failures, with which the caller goes on as in process", () =>
      Effect.gen(function* () {
        const calls = yield* Far
        const why = yield* calls.refuse().pipe(Effect.catchTag("Refused", ({ why }) => Effect.succeed(why)))
        assert.strictEqual(why, "on purpose")
        const status = yield* calls
          .upstream()
          .pipe(Effect.catchReason("UpstreamError", "Gateway", (reason) => Effect.succeed(reason.status)))
        assert.strictEqual(status, 503)
      })
    )

    it.effect("gives the elements of a stream that fails, and then its failure", () =>
      Effect.gen(function* () {
        const calls = yield* Far
        const seen: Array<number> = []
        const error = yield* Effect.flip(
          Stream.runForEach(calls.cut({ after: 3 }), (element) => Effect.sync(() => seen.push(element)))
        )
        assert.deepStrictEqual(seen, [1, 2, 3])
        assert.instanceOf(error, UpstreamError)
      })
    )

    it.effect("leaves nothing behind on a long stream that is read slowly", () =>
      Effect.gen(function* () {
        const warnings: Array<string> = []
        const onWarning = ({ name }: Error): void => void warnings.push(name)
        yield* Effect.acquireRelease(
          Effect.sync(() => process.on("warning", onWarning)),
          () => Effect.sync(() => process.off("warning", onWarning))
        )
        const calls = yield* Far
        assert.strictEqual(yield* Stream.runCount(calls.count({ to: 200_000 })), 200_000)
        assert.deepStrictEqual(warnings, [])
      }).pipe(Effect.scoped)
    )

    it.effect("gives defects to their own call only", () =>
      Effect.gen(function* () {
        const calls = yield* Far
        const [died, square] = yield* Effect.all([Effect.exit(calls.die()), Effect.exit(calls.square({ x: 2 }))], {
          concurrency: 2
        })
        const defect = Exit.isFailure(died) ? Cause.squash(died.cause) : undefined
        assert.instanceOf(defect, TypeError)
        assert.match(String(defect.stack), /fixtures[/\\]Calls/)
        assert.deepStrictEqual(square, Exit.succeed({ y: 4 }))
      })
    )

    it.effect("fails a success that does not fit its schema, with the call's own error", () =>
      Effect.gen(function* () {
        const reason = reasonOf(yield* Effect.exit((yield* Far).wrong()))
        assert.ok(reason._tag === "Undecodable" && reason.direction === "response")
      })
    )

    it.effect("carries the metadata of a call, and keeps its deadline", () =>
      Effect.gen(function* () {
        const calls = yield* Far
        const seen = yield* calls
          .seen()
          .pipe(CallMetadata.withTimeout("1 minute"), Effect.provideService(CallMetadata.RequestId, "req-far"))
        assert.strictEqual(seen.requestId, "req-far")
        assert.ok(seen.remaining !== undefined && seen.remaining > 50_000 && seen.remaining <= 60_000)
        const reason = reasonOf(yield* Effect.exit(CallMetadata.withTimeout("50 millis")(calls.hang())))
        assert.ok(reason._tag === "DeadlineExceeded")
        assert.deepStrictEqual([yield* happened, yield* happened], ["hang began", "hang ended"])
      })
    )

    it.effect("interrupts the handler of a call that is interrupted, and of a stream that is no longer read", () =>
      Effect.gen(function* () {
        const calls = yield* Far
        const fiber = yield* Effect.forkChild(calls.hang())
        assert.strictEqual(yield* happened, "hang began")
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(yield* happened, "hang ended")
        assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(calls.trickle(), 1)), [1])
        assert.deepStrictEqual([yield* happened, yield* happened], ["trickle began", "trickle ended"])
      })
    )

    it.effect("tells the end of a call whose result nobody wants", () =>
      Effect.gen(function* () {
        const calls = yield* Far
        assert.strictEqual(yield* calls.square({ x: 3 }, { discard: true }), undefined)
        assert.strictEqual(yield* calls.refuse(undefined, { discard: true }), undefined)
      })
    )

    it.effect("serves stock clients of Effect as well", () =>
      Effect.gen(function* () {
        const { url } = yield* Server.Server
        const serialization = Layer.succeed(RpcSerialization.RpcSerialization, {
          ...RpcSerialization.ndjson,
          codecFor: Lossless.codecFor()
        })
        const protocol = RpcClient.layerProtocolHttp({ url: `${url}/rpc` }).pipe(
          Layer.provide([FetchHttpClient.layer, serialization])
        )
        const seen = yield* Effect.gen(function* () {
          const client = yield* RpcClient.make(Calls.group)
          const error = yield* Effect.flip(client.refuse())
          return [
            yield* client.square({ x: 3 }),
            error instanceof Refused,
            yield* Stream.runCollect(client.count({ to: 3 }))
          ]
        }).pipe(Effect.provide(protocol), Effect.scoped)
        assert.deepStrictEqual(seen, [{ y: 9 }, true, [1, 2, 3]])
      })
    )

    it.effect("answers what is no call with a public error", () =>
      Effect.gen(function* () {
        const bodies: ReadonlyArray<readonly [unknown, number]> = [
          ["", 400],
          ["{", 400],
          ["[]", 400],
          ['{"_tag":"Request","id":"1","tag":"square"}', 400]
        ]
        for (const [body, status] of bodies) {
          const host = { host: "localhost", ...ndjson }
          const answer = yield* post("/rpc", body, host)
          assert.deepStrictEqual([answer.status, answer.error?.type], [status, "invalid_request_error"], String(body))
        }
      })
    )

    it.effect("answers a call that it does not serve, and a payload that does not fit, as failures of the call", () =>
      Effect.gen(function* () {
        const codecs = RemoteProtocol.codecs([...Calls.group.requests.values()][0]!)
        const exitOf = (text: string) => codecs.decodeExit(JSON.parse(text).exit)
        const unknown = yield* post("/rpc", line("cube", {}), ndjson)
        const reason = reasonOf(yield* exitOf(unknown.text))
        assert.deepStrictEqual(
          [unknown.status, reason._tag, "status" in reason && reason.status],
          [200, "Unreachable", 404]
        )
        const misfit = reasonOf(yield* exitOf((yield* post("/rpc", line("square", { x: "3" }), ndjson)).text))
        assert.ok(misfit._tag === "Undecodable" && misfit.direction === "request" && misfit.delivery === "not-sent")
      })
    )

    it.effect("takes only requests that a page in a browser could not send unasked", () =>
      Effect.gen(function* () {
        const plain = yield* post("/rpc", line("ping", null), { "content-type": "text/plain" })
        assert.deepStrictEqual([plain.status, plain.error?.param], [400, "content-type"])
        const foreign: ReadonlyArray<Record<string, string>> = [
          { host: "attacker.test" },
          { "x-forwarded-for": "203.0.113.7" },
          { forwarded: "for=203.0.113.7" },
          { via: "1.1 proxy" }
        ]
        for (const headers of foreign) {
          const answer = yield* post("/rpc", line("ping", null), { ...ndjson, ...headers })
          assert.strictEqual(answer.status, 401, JSON.stringify(headers))
        }
        assert.strictEqual((yield* post("/rpc", line("ping", null), ndjson)).status, 200)
      })
    )
  })

  const key = Redacted.make("open-sesame-0815")

  layer(served({ keys: [key] }), { excludeTestServices: true })("behind keys", (it) => {
    it.effect("opens to a token, also through a proxy, and to no other", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* square(key), Exit.succeed({ y: 9 }))
        const proxied = { ...ndjson, authorization: `Bearer ${Redacted.value(key)}`, "x-forwarded-for": "203.0.113.7" }
        assert.strictEqual((yield* post("/rpc", line("ping", null), proxied)).status, 200)
        for (const token of [undefined, Redacted.make("another-0815")]) {
          const reason = reasonOf(yield* square(token))
          assert.ok(reason._tag === "Unreachable" && reason.status === 401)
          assert.match(reason.message, token === undefined ? /wants a token/ : /token does not open/)
        }
      })
    )
  })

  it.live("says that it is there while a call takes long, and sends nothing twice", () =>
    Effect.gen(function* () {
      const socket = yield* connect
      const body = line("wait", null)
      const headers = ["Content-Type: application/x-ndjson", `Content-Length: ${body.length}`]
      socket.send(head("POST", "/rpc", ...headers).replace("Host: server", "Host: localhost") + body)
      yield* socket.until("\r\n\r\n1\r\n\n\r\n")
      yield* open
      const text = yield* socket.until("0\r\n\r\n")
      assert.match(text, /"exit":\{"_tag":"Success","value":"done"\}/)
      assert.match(text, /x-accel-buffering: no/i)
    }).pipe(Effect.provide(served({ heartbeat: "20 millis" })), Effect.scoped)
  )

  it.live("refuses a body over the limit", () =>
    Effect.gen(function* () {
      const nested = Effect.flatMap(Far, (calls) => calls.nested({ messages: [{ content: "x".repeat(2_000) }] }))
      const reason = reasonOf(yield* Effect.exit(nested))
      assert.ok(reason._tag === "Undecodable" && reason.direction === "request")
    }).pipe(Effect.provide(far().pipe(Layer.provideMerge(served({ maxBody: "1 KiB" })))))
  )
})

describe("RpcApi, at its end", () => {
  it.live("tells new calls that it drains, and answers those that it has", () =>
    Effect.gen(function* () {
      const calls = yield* Far
      const waiting = yield* Effect.forkChild(calls.wait())
      assert.strictEqual(yield* happened, "wait began")
      yield* Effect.flatMap(Drain.Drain, ({ begin }) => begin)
      const reason = reasonOf(yield* Effect.exit(calls.square({ x: 3 })))
      assert.strictEqual(reason._tag, "Draining")
      yield* open
      assert.strictEqual(yield* Fiber.join(waiting), "done")
    }).pipe(Effect.provide(live))
  )
})

describe("RpcApi over worker threads", () => {
  const entry = new URL("./fixtures/worker.ts", import.meta.url)
  const overThreads = Layer.effect(
    FarThreads,
    Effect.flatMap(Server.Server, ({ url }) =>
      Effect.map(Layer.build(Remote.layer(Threads, { url: `${url}/rpc` })), Context.get(Threads))
    )
  ).pipe(
    Layer.provideMerge(Server.serve(RpcApi.layer(Threads), { port: 0 })),
    Layer.provideMerge(WorkerPool.layer(Threads, { entry, size: 1, data: "http://127.0.0.1:9" })),
    Layer.provide(Logger.layer([]))
  )

  layer(overThreads, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.effect("an error that was thrown in a worker is deeply the same in the caller as in the server", () =>
      Effect.gen(function* () {
        const near = yield* Threads
        const far = yield* FarThreads
        const refused = [yield* Effect.flip(near.refuse()), yield* Effect.flip(far.refuse())] as const
        assert.isUndefined(Difference.find(...refused))
        const failed = [yield* Effect.flip(near.upstream()), yield* Effect.flip(far.upstream())] as const
        assert.isUndefined(Difference.find(...failed))
      })
    )

    it.effect("a worker that dies is the caller's Crashed", () =>
      Effect.gen(function* () {
        const far = yield* FarThreads
        const reason = reasonOf(yield* Effect.exit(far.exit({ code: 7 })))
        assert.ok(reason._tag === "Crashed" && reason.exitCode === 7 && reason.delivery === "may-have-run")
        assert.deepStrictEqual(yield* far.square({ x: 3 }), { y: 9 })
      })
    )
  })

  it.effect("tells handlers whose key this server saw, whatever the caller calls it", () =>
    Effect.gen(function* () {
      class Who extends Contract.Service<Who>()(
        "test/Who",
        Rpc.make("who", { success: Schema.UndefinedOr(Schema.String) })
      ) {}
      const who = Local.layer(Who, Who.toLayer({ who: () => CallMetadata.KeyName }))
      const serve = (keys: Server.Options["keys"]) =>
        Server.serve(RpcApi.layer(Who).pipe(Layer.provide(who)), { port: 0, keys })
      const key = Redacted.make("a-key-of-alice")
      const seen = yield* keyNameSeen({ "x-api-key": Redacted.value(key) }).pipe(
        Effect.provide(serve([{ name: "alice", key }]))
      )
      assert.strictEqual(seen, "alice")
      // Where this server has no keys, a gateway before it may have had them.
      assert.strictEqual(yield* keyNameSeen({}).pipe(Effect.provide(serve(undefined))), "mallory")
    })
  )
})
