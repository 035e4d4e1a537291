import * as Explain from "@causeway/cli/Explain"
import { Evidence } from "@causeway/core/Evidence"
import * as Lossless from "@causeway/core/Lossless"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Overloaded } from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

const error = new UpstreamError({
  upstream: "primary",
  operation: "chat.completions.create",
  reason: new Overloaded({ message: "busy", seenIn: "status" }),
  evidence: new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
})

const written = (value: unknown): string => JSON.stringify(Lossless.toWire(value))
const explained = (text: string): string => Result.getOrThrow(Explain.explain(text))
const problemOf = (text: string): string => Result.getOrThrow(Result.flip(Explain.explain(text))).message

describe("Explain", () => {
  it("shows an error with its class, its fields and its reason, without having the class", () => {
    const report = explained(written(error))
    for (const part of ["UpstreamError", "primary", "Overloaded", "busy", "attempt: 1"]) assert.include(report, part)
  })

  it("shows each line of a log", () => {
    assert.strictEqual(explained(`${written("one")}\n\n${written("two")}\n`), "one\n\ntwo")
  })

  it("reads JSON that is no wire", () => {
    assert.strictEqual(explained(`{"a": 1}`), "{ a: 1 }")
  })

  it("says why there is nothing to explain", () => {
    assert.strictEqual(problemOf(" \n"), "that is no JSON: it is empty")
    assert.match(problemOf("x\ny"), /^that is no JSON: SyntaxError/)
  })

  it("lets neither a secret nor a terminal's command through", () => {
    const report = explained(JSON.stringify({ $v: 1, value: "\u001b[2J key sk-proj-abcdefghijklmnopqrstuvwxyz123456" }))
    assert.strictEqual(report, "\\u001b[2J key <redacted>")
  })

  it.effect("says which file cannot be read", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(Explain.run("/no/such/file"))
      assert.include(message, "/no/such/file")
    })
  )
})
