/** The contract's handlers, for our pool and for stock RPC alike. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Greeted, type Order, Refused } from "./contract.ts"
import { compute, failureOf, greet } from "./work.ts"

/** A stream of so many chunks, ready when it is pulled. */
const tokens = ({ chunks, size }: { readonly chunks: number; readonly size: number }): Stream.Stream<string> => {
  let left = chunks
  return Stream.fromPull(
    Effect.succeed(
      Effect.suspend(() => {
        if (left-- === 0) return Cause.done()
        return Effect.succeed([" token", ...Array.from({ length: size - 1 }, () => " token")] as const)
      })
    )
  )
}

export const handlers = {
  greet: (greeted: Greeted) => Effect.succeed(greet(greeted)),
  order: (order: Order) => Effect.succeed(order),
  copy: ({ bytes }: { readonly bytes: Uint8Array }) => Effect.succeed(bytes),
  move: ({ bytes }: { readonly bytes: Uint8Array }) => Effect.succeed(bytes),
  refuse: ({ id }: Greeted) => Effect.fail(new Refused({ id, cause: failureOf(id) })),
  compute: (greeted: Greeted) => Effect.sync(() => compute(greeted)),
  tokens
}
