/**
 * The calls of a contract, seen without their types: a law makes all of them alike.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { hasProperty } from "effect/Predicate"
import type * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** The calls of a contract with the schema of their payload. */
export const callsOf = (
  requests: ReadonlyMap<string, Rpc.Any>
): ReadonlyArray<{ readonly tag: string; readonly payload: Schema.Top }> =>
  Array.from(requests, ([tag, rpc]) => ({
    tag,
    payload: hasProperty(rpc, "payloadSchema") && isSchema(rpc.payloadSchema) ? rpc.payloadSchema : Schema.Void
  }))

const isSchema = (u: unknown): u is Schema.Top => Schema.isSchema(u)

/** How a call ended. A stream's elements are its success; of one that fails they stand before the failure. */
export interface Outcome {
  readonly elements: ReadonlyArray<unknown>
  readonly exit: Exit.Exit<unknown, unknown>
}

/** Makes a call of a client and waits for its end. */
export const outcome = (client: object, tag: string, payload: unknown): Effect.Effect<Outcome> =>
  Effect.suspend((): Effect.Effect<Outcome> => {
    const call: unknown = Reflect.get(client, tag)
    const made: unknown = typeof call === "function" ? Reflect.apply(call, client, [payload]) : undefined
    if (isStream(made)) {
      const elements: Array<unknown> = []
      return Effect.map(
        // @effect-diagnostics-next-line anyUnknownInErrorContext:off
        Effect.exit(Stream.runForEach(made, (element) => Effect.sync(() => elements.push(element)))),
        (exit) => ({ elements, exit })
      )
    }
    return isEffect(made)
      ? // What a call fails with is known to its contract, not here.
        // @effect-diagnostics-next-line anyUnknownInErrorContext:off
        Effect.map(Effect.exit(made), (exit) => ({ elements: [], exit }))
      : Effect.die(new TypeError(`the client has no call ${tag}`))
  })

const isStream = (u: unknown): u is Stream.Stream<unknown, unknown> => Stream.isStream(u)

const isEffect = (u: unknown): u is Effect.Effect<unknown, unknown> => Effect.isEffect(u)
