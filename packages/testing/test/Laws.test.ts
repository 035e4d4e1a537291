import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import { RateLimited } from "@causeway/core/UpstreamReason"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Evidence } from "@causeway/core/Evidence"
import * as Arbitraries from "@causeway/testing/Arbitraries"
import * as Codec from "@causeway/testing/Codec"
import * as Laws from "@causeway/testing/Laws"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

const json = Codec.make({ name: "JSON", form: "json", encode: (value) => value, decode: (wire) => wire })

const own = (thrown: unknown): boolean => thrown instanceof SyntaxError

const texts = Arbitrary.array(Arbitrary.schema(Schema.String))

const broken = (law: Effect.Effect<void, Laws.LawBroken>) => Effect.flip(law)

class Sums extends Contract.Service<Sums>()(
  "test/Sums",
  Rpc.make("add", { payload: { a: Schema.Int, b: Schema.Int }, success: Schema.Int, error: UpstreamError }),
  Rpc.make("count", { payload: { to: Schema.Int }, success: Schema.Int, stream: true }),
  Rpc.make("nothing")
) {}

const limited = (message: string) =>
  new UpstreamError({
    upstream: "primary",
    operation: "add",
    reason: new RateLimited({ message, seenIn: "status" }),
    evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
  })

const sums = (add: (a: number, b: number) => Effect.Effect<number, UpstreamError>, last = 0) =>
  Local.layer(
    Sums,
    Sums.toLayer({
      add: ({ a, b }) => add(a, b),
      count: ({ to }) => Stream.range(0, Math.min(Math.abs(to), 5) + last),
      nothing: () => Effect.void
    })
  )

const add = (a: number, b: number) => (a > b ? Effect.fail(limited("slow down")) : Effect.succeed(a + b))

describe("Laws", () => {
  describe("sameValue", () => {
    it.effect("holds for the same and names the path of a difference", () =>
      Effect.gen(function* () {
        yield* Laws.sameValue({ a: [1] }, { a: [1] })
        const failure = yield* broken(Laws.sameValue({ a: [1] }, { a: [2] }))
        assert.include(failure.message, "value.a[0]: value should be 1, but is 2")
      })
    )
  })

  describe("roundTrip", () => {
    it.effect("holds where everything comes back", () => Laws.roundTrip(json, texts))

    it.effect("names the smallest value that does not come back, and how to run it again", () =>
      Effect.gen(function* () {
        const failure = yield* broken(Laws.roundTrip(json, Arbitrary.schema(Schema.Array(Schema.Date)), { seed: 1 }))
        assert.strictEqual(failure.law, "decoding gives back what was encoded")
        assert.strictEqual(failure.subject, "JSON")
        assert.match(failure.found, /^value\[0\]: value should be \{Date: \}/)
        assert.match(failure.input ?? "", /^\[ .*Z \]$/)
        const again = yield* broken(
          Laws.roundTrip(json, Arbitrary.schema(Schema.Array(Schema.Date)), { replay: failure.replay })
        )
        assert.strictEqual(again.input, failure.input)
      })
    )

    it.effect("shows that a structured clone drops what hangs on an error", () =>
      Effect.gen(function* () {
        const failure = yield* broken(Laws.roundTrip(Codec.clone, Arbitraries.error, { seed: 1 }))
        assert.match(failure.found, /should be present, but is absent/)
      })
    )

    it.effect("takes a throwing codec for a broken law", () =>
      Effect.gen(function* () {
        const throwing = Codec.make({
          ...json,
          encode: () => {
            throw new RangeError("too deep")
          }
        })
        assert.match((yield* broken(Laws.roundTrip(throwing, texts))).found, /RangeError: too deep/)
        assert.match((yield* broken(Laws.total(throwing, texts))).found, /RangeError: too deep/)
      })
    )

    it.effect("holds a schema's own JSON to the law", () =>
      Effect.gen(function* () {
        yield* Laws.roundTrip(Codec.schema(Schema.Date), Arbitrary.schema(Schema.Date))
        // @effect-diagnostics-next-line schemaNumber:off
        const failure = yield* broken(Laws.roundTrip(Codec.schema(Schema.Number), Arbitrary.Constant(-0)))
        assert.strictEqual(failure.found, "value: value should be -0, but is 0")
      })
    )
  })

  it.effect("relay tells a relay that loses", () =>
    Effect.gen(function* () {
      yield* Laws.relay(json, json, texts)
      const losing = Codec.make({ ...json, name: "a losing relay", decode: () => [] })
      const failure = yield* broken(Laws.relay(json, losing, texts))
      assert.strictEqual(failure.law, "a losing relay in between changes nothing")
    })
  )

  it.effect("stable tells bytes that change", () =>
    Effect.gen(function* () {
      yield* Laws.stable(json, texts)
      let calls = 0
      const counting = Codec.make({ ...json, encode: (value) => [calls++, value] })
      assert.match((yield* broken(Laws.stable(counting, texts))).found, /bytes/)
    })
  )

  it.effect("stable does not mind how the engine holds a number", () => {
    // Both hold 0, one of them as a double, and a structured clone writes them unlike.
    const one = { ms: 0 }
    const two = { ms: 0.5 }
    two.ms = 0
    assert.notDeepEqual(Codec.bytes(Codec.clone, one), Codec.bytes(Codec.clone, two))
    let calls = 0
    return Laws.stable(
      Codec.make({ ...Codec.clone, encode: () => (calls++ % 2 === 0 ? one : two) }),
      Arbitrary.Constant(0)
    )
  })

  it.effect("total tells what cannot be sent", () =>
    Effect.gen(function* () {
      yield* Laws.total(json, texts)
      assert.match((yield* broken(Laws.total(json, Arbitrary.schema(Schema.BigInt)))).found, /BigInt/)
    })
  )

  describe("discreet", () => {
    const secret = "tarnhelm/4711+zauber"
    const forms: ReadonlyArray<readonly [string, string, string]> = [
      ["clear", secret, "in clear"],
      ["percent-encoding", `a=${encodeURIComponent(secret)}`, "percent-encoded"],
      ...[0, 1, 2].map(
        (shift) => ["base64", Buffer.from(`${"x".repeat(shift)}${secret}é`).toString("base64"), "in base64"] as const
      ),
      ["base64url", Buffer.from(`??>${secret}`).toString("base64url"), "in base64"]
    ]

    it.effect("holds where the secret is not in the bytes", () => Laws.discreet(json, secret, texts))

    for (const [name, text, how] of forms) {
      for (const codec of [json, Codec.clone]) {
        it.effect(`finds a secret in ${name} in ${codec.name}: ${text}`, () =>
          Effect.gen(function* () {
            const failure = yield* broken(Laws.discreet(codec, secret, Arbitrary.Constant({ text: [`… ${text} 😀`] })))
            assert.include(failure.found, how)
          })
        )
      }
    }
  })

  it.effect("robust tells a codec that throws anything but its own failure", () =>
    Effect.gen(function* () {
      const strict = Codec.make({
        ...json,
        decode: (wire) => {
          if (wire === true) throw new SyntaxError("own")
          if (wire === false) throw new TypeError("foreign")
          return wire
        }
      })
      yield* Laws.robust(strict, Arbitrary.Constant(true), own)
      assert.match(
        (yield* broken(Laws.robust(strict, Arbitrary.schema(Schema.Boolean), own))).found,
        /TypeError: foreign/
      )
    })
  )

  describe("sameResult", () => {
    it.effect("holds for two places with the same handlers", () =>
      Laws.sameResult(Sums, { one: sums(add), two: sums(add) }, { runs: 30 })
    )

    it.effect("tells another success", () =>
      Effect.gen(function* () {
        const off = sums((a, b) => Effect.map(add(a, b), (sum) => (sum > 10 ? sum + 1 : sum)))
        const failure = yield* broken(Laws.sameResult(Sums, { one: sums(add), two: off }, { seed: 1 }))
        assert.strictEqual(failure.law, "add gives the same in every place")
        assert.strictEqual(failure.subject, "test/Sums")
        assert.match(failure.found, /^In two, unlike in one, value\.exit/)
      })
    )

    it.effect("tells another failure", () =>
      Effect.gen(function* () {
        const other = sums((a, b) => (a > b ? Effect.fail(limited("too fast")) : add(a, b)))
        const failure = yield* broken(Laws.sameResult(Sums, { one: sums(add), two: other }, { seed: 1 }))
        assert.include(failure.found, `reason.message: value should be "slow down", but is "too fast"`)
      })
    )

    it.effect("tells another stream", () =>
      Effect.gen(function* () {
        const failure = yield* broken(Laws.sameResult(Sums, { one: sums(add), two: sums(add, 1) }, { seed: 1 }))
        assert.strictEqual(failure.law, "count gives the same in every place")
        assert.include(failure.found, "value.elements: length")
      })
    )

    it.effect("takes payloads, calls and what to leave out from its caller", () =>
      Effect.gen(function* () {
        const off = sums(() => Effect.succeed(-1), 1)
        const payloads = { add: Arbitrary.Constant({ a: -1, b: 0 }) }
        yield* Laws.sameResult(Sums, { one: sums(add), two: off }, { calls: ["add", "nothing"], payloads })
        yield* Laws.sameResult(
          Sums,
          { one: sums(add), two: off },
          { same: { ignore: (path) => path.startsWith("value.") } }
        )
      })
    )
  })
})
