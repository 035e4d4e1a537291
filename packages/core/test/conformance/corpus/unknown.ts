/** Tagged errors that the receiver has no class for. */
import assert from "node:assert"
import * as Lossless from "@causeway/core/Lossless"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { Case } from "./Case.ts"

class Strange extends Schema.TaggedError<Strange>("test/Strange")("Strange", {
  key: Schema.String,
  at: Schema.Date,
  cause: Schema.optional(Schema.Defect())
}) {}

class StrangeData extends Data.TaggedError("StrangeData")<{ readonly key: string; readonly message: string }> {}

class Marked extends RangeError {
  get _tag(): string {
    return "Marked"
  }
}

class Part extends Schema.Class<Part>("test/Part")({ x: Schema.Finite }) {}

const strange = (cause?: unknown) => new Strange({ key: "a", at: new Date(0), ...(cause !== undefined && { cause }) })

/** The same fields under the same names, whatever they hang on. */
const like = (tag: string, fields: Readonly<Record<string, unknown>>) => (arrived: unknown) => {
  assert.ok(arrived instanceof Error)
  assert.ok(Lossless.isUnknownFailure(arrived))
  assert.strictEqual(Reflect.get(arrived, "_tag"), tag)
  for (const [name, value] of Object.entries(fields)) assert.deepStrictEqual(Reflect.get(arrived, name), value)
}

const anything = () => true

export const cases: ReadonlyArray<Case> = [
  {
    name: "an unknown tagged error keeps its tag and its fields",
    make: () => strange(),
    ignore: anything,
    holds: like("Strange", { key: "a", at: new Date(0) })
  },
  {
    name: "an unknown error of Data.TaggedError keeps its tag, message and fields",
    make: () => new StrangeData({ key: "a", message: "no" }),
    ignore: anything,
    holds: like("StrangeData", { key: "a", message: "no" })
  },
  {
    name: "an unknown error whose tag is its class's keeps it",
    make: () => Object.assign(new Marked("far"), { key: "a" }),
    ignore: anything,
    holds: (arrived) => {
      like("Marked", { key: "a", message: "far", name: "Marked" })(arrived)
      assert.deepStrictEqual(Object.keys(Object(arrived)), ["key"])
    }
  },
  {
    name: "an unknown tagged error keeps its cause",
    make: () => strange(new TypeError("why")),
    ignore: anything,
    holds: (arrived) => {
      assert.ok(arrived instanceof Error && arrived.cause instanceof TypeError)
      assert.strictEqual(arrived.cause.message, "why")
    }
  },
  {
    name: "an unknown tagged error keeps what hung on it",
    make: () => Object.assign(strange(), { attempt: 2 }),
    ignore: anything,
    holds: like("Strange", { attempt: 2 })
  },
  {
    name: "an unknown tagged error is caught by its tag",
    make: () => Exit.fail(strange()),
    ignore: anything,
    holds: (arrived) => {
      assert.ok(Exit.isExit(arrived) && Exit.isFailure(arrived))
      const error = Cause.squash(arrived.cause)
      const caught = Effect.runSync(
        Effect.fail(error as { readonly _tag: "Strange"; readonly key: string }).pipe(
          Effect.catchTag("Strange", (failure) => Effect.succeed(failure.key))
        )
      )
      assert.strictEqual(caught, "a")
    }
  },
  {
    name: "an unknown tagged error in the midst of known values",
    make: () => ({ list: [strange(), new Error("native")], map: new Map([["a", strange()]]) }),
    ignore: (path) => path.startsWith("value.list[0]") || path.startsWith("value.map value 0"),
    holds: (arrived) => like("Strange", { key: "a" })(Reflect.get(Object(arrived), "list")[0])
  },
  {
    name: "one unknown tagged error in two places is one",
    make: () => {
      const error = strange()
      return [error, error]
    },
    ignore: anything,
    holds: (arrived) => assert.ok(Array.isArray(arrived) && arrived[0] === arrived[1])
  },
  {
    name: "an unknown Schema.Class keeps its fields",
    make: () => [new Part({ x: 1 })],
    ignore: (path) => path === "value[0]",
    ever: ["test/Part"],
    holds: (arrived) => assert.strictEqual(Reflect.get(Reflect.get(Object(arrived), 0), "x"), 1)
  },
  {
    name: "a known error is no unknown failure",
    make: () => new Error("x"),
    holds: (arrived) => assert.ok(!Lossless.isUnknownFailure(arrived))
  }
]
