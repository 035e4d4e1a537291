/** Effects that run one after the other with the same changes of their context, which is put together once. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Runs effects in a changed context. A context is changed anew only where it is another
 * one than that of the effect before: a stream's pulls all come from one fiber.
 */
export const providing = (
  change: <R>(context: Context.Context<R>) => Context.Context<R>
): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => {
  let last: { readonly from: unknown; readonly to: unknown } | undefined
  return <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.updateContext(self, (context: Context.Context<R>): Context.Context<R> => {
      if (last?.from !== context) last = { from: context, to: change(context) }
      return last.to as Context.Context<R>
    })
}
