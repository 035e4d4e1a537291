import * as Redaction from "@causeway/core/Redaction"
import * as Auth from "@causeway/server/Auth"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { serve } from "./fixtures/Calls.ts"
import { call, post } from "./fixtures/client.ts"

const square = (headers: Readonly<Record<string, string>>) => post("/predict/square", { x: 3 }, headers)

describe("Auth", () => {
  layer(serve({ keys: [Redacted.make("first-key"), Redacted.make("second key")] }))((it) => {
    it.effect.each([
      { authorization: "Bearer first-key" },
      { authorization: "bearer   first-key " },
      { "x-api-key": "first-key" },
      { "x-api-key": "second key" }
    ])("lets %o in", (headers) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* square(headers)).status, 200)
      })
    )

    it.effect.each([
      [{}, "no API key was sent"],
      [{ authorization: "" }, "no API key was sent"],
      [{ authorization: "Bearer" }, "no API key was sent"],
      [{ authorization: "Basic Zmlyc3Qta2V5" }, "no API key was sent"],
      [{ "x-api-key": "" }, "no API key was sent"],
      [{ authorization: "Bearer first-ke" }, "not known here"],
      [{ authorization: "Bearer first-key2" }, "not known here"],
      [{ "x-api-key": "FIRST-KEY" }, "not known here"]
    ] as const)("keeps %o out with 401", ([headers, message]) =>
      Effect.gen(function* () {
        const answer = yield* square(headers)
        assert.strictEqual(answer.status, 401)
        assert.strictEqual(answer.headers["www-authenticate"], 'Bearer realm="causeway"')
        assert.strictEqual(answer.headers["x-should-retry"], "false")
        assert.isString(answer.headers["x-request-id"])
        assert.include(answer.error, { type: "authentication_error", code: "unauthenticated" })
        assert.include(answer.error?.message ?? "", message)
      })
    )

    it.effect("never repeats a key that it does not know", () =>
      Effect.gen(function* () {
        assert.notInclude((yield* square({ "x-api-key": "s3cret" })).text, "s3cret")
      })
    )

    it.effect("masks its keys wherever something is rendered", () =>
      Effect.sync(() => {
        assert.strictEqual(
          Redaction.text("the keys are first-key and second key"),
          "the keys are <redacted> and <redacted>"
        )
      })
    )

    it.effect("hides from strangers which routes there are, but not the health", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* call("/nope")).status, 401)
        for (const path of ["/health", "/health/live", "/health/ready", "/health/ready?verbose"]) {
          assert.strictEqual((yield* call(path)).status, 200, path)
        }
        assert.strictEqual((yield* call("/health/../predict")).status, 401)
        assert.strictEqual((yield* call("/healthy")).status, 401)
      })
    )
  })

  it.prop(
    "matches the keys that it was made of, and no others",
    [Arbitrary.schema(Schema.NonEmptyString), Arbitrary.schema(Schema.NonEmptyString)],
    ([key, other]) => {
      const callerOf = Auth.matcher([Redacted.make(key)])
      assert.isDefined(callerOf(Redacted.make(key)))
      assert.strictEqual(callerOf(Redacted.make(other)) !== undefined, key === other)
    }
  )
})
