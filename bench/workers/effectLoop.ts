/** A closed loop of fibers over the client of the contract. */
// @effect-diagnostics anyUnknownInErrorContext:off what fails here ends the benchmark
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as Effect from "effect/Effect"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as Stream from "effect/Stream"
import type { Caller, Options } from "./caller.ts"
import type { Calls } from "./contract.ts"
import { greetedOf, kilobytes64, orderOf } from "./work.ts"

/** The client of our pool or of stock RPC, which fail each in its own way. */
export type Client<E> = RpcClient.RpcClient<RpcGroup.Rpcs<typeof Calls.group>, E>

/** Runs what a turn consists of, in the services of the variant. */
export type Run = (effect: Effect.Effect<number, unknown>) => Promise<number>

export const effectLoop = <E = BoundaryError>(client: Client<E>, { load }: Options, run: Run): Caller => {
  const [kind = "", size = "1"] = load.split(" ")
  return {
    turn: (inFlight, millis) =>
      run(
        Effect.suspend(() => {
          const until = performance.now() + millis
          const counter = { done: 0 }
          const once = kind === "tokens" ? streamed(client, counter, until, Number(size)) : unary(client, counter, kind)
          const loop = Effect.suspend(() => {
            const body = once()
            return Effect.whileLoop({ while: () => performance.now() < until, body, step: () => undefined })
          })
          const loops = Array.from({ length: inFlight }, () => loop)
          return Effect.map(Effect.all(loops, { concurrency: "unbounded", discard: true }), () => counter.done)
        })
      )
  }
}

interface Counter {
  done: number
}

/** Of one loop: makes a call after the other. */
type Once = () => () => Effect.Effect<unknown, unknown>

const unary =
  <E>(client: Client<E>, counter: Counter, kind: string): Once =>
  () => {
    let bytes: Uint8Array = new Uint8Array(kilobytes64)
    switch (kind) {
      case "greet":
        return () => client.greet(greetedOf(counter.done++))
      case "order":
        return () => client.order(orderOf(counter.done++))
      case "copy":
        return () => ((counter.done += 1), client.copy({ bytes }))
      case "move":
        return () => {
          counter.done++
          return Effect.map(client.move({ bytes }), (moved) => (bytes = moved))
        }
      case "refuse":
        return () => Effect.catchTag(client.refuse(greetedOf(counter.done++)), "Refused", () => Effect.void)
      case "compute":
        return () => client.compute(greetedOf(counter.done++))
      default:
        throw new Error(`there is no ${kind}`)
    }
  }

/** So many tokens a stream: enough that its beginning and its end weigh little. */
const tokensOf = (size: number): number => Math.min(16_384, 1024 * size)

const streamed =
  <E>(client: Client<E>, counter: Counter, until: number, size: number): Once =>
  () =>
  () =>
    client.tokens({ chunks: tokensOf(size) / size, size }).pipe(
      Stream.takeWhile(() => performance.now() < until),
      Stream.runForEachArray((tokens) =>
        Effect.sync(() => {
          counter.done += tokens.length
        })
      )
    )
