import * as Reason from "@causeway/core/Reason"
import * as Schema from "effect/Schema"
import { assertType, expectTypeOf, test } from "vitest"

const facts = { when: "It is full.", recognisedBy: "Its size.", toDo: "Empty it.", since: "0.1.0" } as const

class Full extends Reason.make<Full>("app/StoreError/Full")("Full", { size: Schema.Finite }, facts) {}

test("a reason is the class that it says it is", () => {
  const full = new Full({ size: 3 })
  expectTypeOf(full).toEqualTypeOf<Full>()
  expectTypeOf(full._tag).toEqualTypeOf<"Full">()
  expectTypeOf(full.size).toEqualTypeOf<number>()
  expectTypeOf<typeof Full.Type>().toEqualTypeOf<Full>()
  assertType<Reason.Facts>(Reason.factsOf(Full))
})

test("a reason that does not say what it means is no class", () => {
  const { toDo: _, ...without } = facts
  // @ts-expect-error what to do is missing
  Reason.make<Full>("app/StoreError/Full")("Full", {}, without)
  // @ts-expect-error nothing is said at all
  Reason.make<Full>("app/StoreError/Full")("Full", {})
})
