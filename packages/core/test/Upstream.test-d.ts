import * as Rule from "@causeway/core/Rule"
import * as Upstream from "@causeway/core/Upstream"
import * as Contract from "@causeway/core/Contract"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { IncomingMessage } from "node:http"
import { request as undiciRequest, fetch as undiciFetch } from "undici"
import { describe, expectTypeOf, it } from "vitest"

class Clock extends Context.Service<Clock, { readonly now: number }>()("@causeway/core/test/Upstream.test-d/Clock") {}

const one = Upstream.make({ name: "one" })
const both = Upstream.make({ name: ["eu", "us"] })

declare const message: Promise<IncomingMessage>

describe("Upstream.make", () => {
  it("knows its names", () => {
    expectTypeOf(one).toEqualTypeOf<Upstream.Upstream<"one">>()
    expectTypeOf(both.names[0]).toEqualTypeOf<"eu" | "us">()
    const told = both.call("x", (signal, { attempt, upstream }) => {
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
      expectTypeOf(upstream).toEqualTypeOf<"eu" | "us">()
      expectTypeOf(attempt).toEqualTypeOf<number>()
      return 1
    })
    expectTypeOf(told).toEqualTypeOf<Effect.Effect<number, UpstreamError>>()
    expectTypeOf(one).toExtend<Upstream.Upstream>()
    // @ts-expect-error: a name is needed
    Upstream.make({ name: [] })
    // @ts-expect-error: no such replay
    Upstream.make({ name: "one", replay: "maybe" })
  })

  it("takes rows", () => {
    Upstream.make({
      name: "one",
      rules: [{ name: "n", source: "s", when: Rule.coded("1"), reason: Rule.notFound("object") }]
    })
    // @ts-expect-error: a row names its source
    Upstream.make({ name: "one", rules: [{ name: "n", when: Rule.coded("1"), reason: Rule.conflict }] })
  })
})

const run = <A>(promise: () => Promise<A>): Effect.Effect<A, UpstreamError> => one.call("x", promise)

describe("Upstream.call", () => {
  it("gives what the promise gives, and one error", () => {
    expectTypeOf(one.call("x", () => Promise.resolve(1))).toEqualTypeOf<Effect.Effect<number, UpstreamError>>()
    expectTypeOf(one.call("x", () => "a")).toEqualTypeOf<Effect.Effect<string, UpstreamError>>()
    expectTypeOf(one.call("x", async () => undefined)).toEqualTypeOf<Effect.Effect<undefined, UpstreamError>>()
    expectTypeOf(one.call("x", () => fetch("http://x"))).toEqualTypeOf<Effect.Effect<Response, UpstreamError>>()
  })

  it("stays generic in a generic function", () => {
    expectTypeOf(run(async () => 1)).toEqualTypeOf<Effect.Effect<number, UpstreamError>>()
  })

  it("keeps what an Effect needs, and takes away what it fails with", () => {
    const ask: Effect.Effect<number, HttpClientError, Clock> = Effect.map(Clock, ({ now }) => now)
    expectTypeOf(one.call("x", ask)).toEqualTypeOf<Effect.Effect<number, UpstreamError, Clock>>()
  })
})

describe("Upstream.json", () => {
  const Item = Schema.Struct({ id: Schema.Finite, at: Schema.Date })

  it("gives what the schema gives, else what is not known", () => {
    expectTypeOf(one.json("x", () => fetch("http://x"), Item)).toEqualTypeOf<
      Effect.Effect<{ readonly id: number; readonly at: Date }, UpstreamError>
    >()
    expectTypeOf(one.json("x", () => fetch("http://x"))).toEqualTypeOf<Effect.Effect<unknown, UpstreamError>>()
  })

  it("takes the answers of every client of HTTP, and nothing else", () => {
    const answers = [
      one.json("x", () => undiciRequest("http://x"), Item),
      one.json("x", () => undiciFetch("http://x"), Item),
      one.json("x", () => message, Item)
    ]
    expectTypeOf(answers).toExtend<ReadonlyArray<Effect.Effect<{ readonly id: number }, UpstreamError>>>()
    expectTypeOf(one.json("x", HttpClient.get("http://x"), Item)).toEqualTypeOf<
      Effect.Effect<{ readonly id: number; readonly at: Date }, UpstreamError, HttpClient.HttpClient>
    >()
    const wrong = [
      // @ts-expect-error: no answer of HTTP
      one.json("x", () => Promise.resolve({ id: 1 }), Item),
      // @ts-expect-error: no answer of HTTP
      one.json("x", Effect.succeed("text"), Item)
    ]
    expectTypeOf(wrong).toBeArray()
  })
})

describe("An upstream in a contract's handlers", () => {
  class Stock extends Contract.Service<Stock>()(
    "@causeway/core/test/Upstream.test-d/Stock",
    Rpc.make("one", { success: Schema.Finite, error: UpstreamError }),
    Rpc.make("item", { success: Schema.Struct({ id: Schema.Finite }), error: UpstreamError }),
    Rpc.make("bytes", { success: Schema.Uint8Array, error: UpstreamError, stream: true })
  ) {}

  it("needs what its Effects need, and nothing else", () => {
    const handlers = Stock.toLayer({
      one: () => one.call("x", async () => 1),
      item: () => one.json("x", () => fetch("http://x"), Schema.Struct({ id: Schema.Finite })),
      bytes: () => one.bytes("x", () => fetch("http://x"))
    })
    expectTypeOf(handlers).toEqualTypeOf<Layer.Layer<Contract.Handlers<Stock>>>()
    const needing = Stock.toLayer({
      one: () =>
        one.call(
          "x",
          Effect.map(Clock, ({ now }) => now)
        ),
      item: () => one.json("x", HttpClient.get("http://x"), Schema.Struct({ id: Schema.Finite })),
      bytes: () => one.bytes("x", () => fetch("http://x"))
    })
    expectTypeOf(needing).toEqualTypeOf<Layer.Layer<Contract.Handlers<Stock>, never, Clock | HttpClient.HttpClient>>()
  })
})

describe("Upstream.stream", () => {
  it("gives the iterable's elements", () => {
    const numbers = one.stream("x", async function* () {
      yield 1
    })
    expectTypeOf(numbers).toEqualTypeOf<Stream.Stream<number, UpstreamError>>()
    const later = one.stream("x", async (): Promise<AsyncIterable<string>> => (async function* () {})(), {
      isLast: (element) => element === "done"
    })
    expectTypeOf(later).toEqualTypeOf<Stream.Stream<string, UpstreamError>>()
    expectTypeOf(one.bytes("x", () => fetch("http://x"))).toEqualTypeOf<Stream.Stream<Uint8Array, UpstreamError>>()
  })
})
