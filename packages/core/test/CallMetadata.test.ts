import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Upstream from "@causeway/core/Upstream"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"

const valuesIn = (context: Context.Context<never>) => [
  Context.get(context, CallMetadata.TraceContext),
  Context.get(context, CallMetadata.Deadline),
  Context.get(context, CallMetadata.RequestId),
  Context.get(context, CallMetadata.KeyName),
  Context.get(context, Upstream.Current),
  Context.get(context, Upstream.CurrentAttempt)
]

const sent: ReadonlyArray<Readonly<Record<string, string>>> = [
  {},
  { [CallMetadata.timeoutHeader]: "5000", [CallMetadata.requestIdHeader]: "req_2" },
  { [CallMetadata.timeoutHeader]: "soon", [CallMetadata.traceparentHeader]: "00-1-2-01" }
]

const outer = Context.empty().pipe(
  Context.add(CallMetadata.RequestId, "req_1"),
  Context.add(CallMetadata.KeyName, "ci"),
  Context.add(Upstream.Current, "primary")
)

describe("CallMetadata", () => {
  for (const headers of sent) {
    it.effect(`receiving ${JSON.stringify(headers)} leaves nothing of the outer metadata, as a merge would not`, () =>
      Effect.withFiber((fiber) => {
        const change = CallMetadata.receiving(headers, fiber)
        const merged = (context: Context.Context<never>) =>
          Context.merge(context, CallMetadata.contextOf(headers, fiber))
        for (const context of [Context.empty(), outer]) {
          assert.deepStrictEqual(valuesIn(change(context)), valuesIn(merged(context)))
        }
        return Effect.void
      })
    )
  }

  it.effect("receiving keeps its deadline, however late a context is changed", () =>
    Effect.gen(function* () {
      const change = yield* Effect.withFiber((fiber) =>
        Effect.succeed(CallMetadata.receiving({ [CallMetadata.timeoutHeader]: "5000" }, fiber))
      )
      const first = Context.get(change(Context.empty()), CallMetadata.Deadline)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(Context.get(change(outer), CallMetadata.Deadline), first)
    })
  )
})
