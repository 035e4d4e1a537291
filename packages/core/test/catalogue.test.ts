import * as Boundary from "@causeway/core/BoundaryError"
import * as Catalogue from "@causeway/core/Catalogue"
import { Evidence } from "@causeway/core/Evidence"
import * as Lossless from "@causeway/core/Lossless"
import * as Policy from "@causeway/core/PolicyError"
import * as Reason from "@causeway/core/Reason"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Upstream from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { boundaryReasons, policyReasons, upstreamReasons } from "./catalogue.ts"

const tags = (reasons: ReadonlyArray<{ readonly _tag: string }>) => reasons.map((reason) => reason._tag)

const tagsOf = (error: Catalogue.ErrorTag) =>
  Catalogue.entries().flatMap((entry) => (entry.error === error ? [entry.tag] : []))

const crossed = (error: object) =>
  Lossless.fromWire(JSON.parse(JSON.stringify(Lossless.toWire(error))), { classes: Catalogue.classes })

describe("the catalogue of failures", () => {
  it("has the classes with which the errors of the model arrive as instances when they cross by hand", () => {
    const evidence = new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
    for (const reason of upstreamReasons) {
      const error = crossed(new UpstreamError({ upstream: "a", operation: "b", reason, evidence }))
      assert.instanceOf(error, UpstreamError)
      assert.instanceOf(error.evidence, Evidence)
      assert.strictEqual(Object.getPrototypeOf(error.reason), Object.getPrototypeOf(reason))
    }
    for (const reason of boundaryReasons) {
      const error = crossed(new Boundary.BoundaryError({ boundary: "a", reason }))
      assert.instanceOf(error, Boundary.BoundaryError)
      assert.strictEqual(Object.getPrototypeOf(error.reason), Object.getPrototypeOf(reason))
    }
    for (const reason of policyReasons) {
      assert.instanceOf(crossed(new Policy.PolicyError({ reason })), Policy.PolicyError)
    }
  })

  it("has every reason, and the tests one example of each", () => {
    assert.deepStrictEqual(tags(upstreamReasons), tagsOf("UpstreamError"))
    assert.deepStrictEqual(tags(boundaryReasons), tagsOf("BoundaryError"))
    assert.deepStrictEqual(tags(policyReasons), tagsOf("PolicyError"))
    const members = [Upstream.UpstreamReason, Boundary.BoundaryReason, Policy.PolicyReason].flatMap((union) =>
      union.members.map(({ identifier }) => identifier)
    )
    assert.deepStrictEqual(
      Catalogue.entries().map(({ identifier }) => identifier),
      members
    )
  })

  it("has a sentence for everything that it says, under identifiers that never repeat", () => {
    const entries = Catalogue.entries()
    for (const { error, identifier, recognisedBy, since, tag, toDo, when } of entries) {
      for (const text of [when, recognisedBy, toDo]) assert.match(text, /^[A-Z0-9`][^|\n]{3,300}\.$/, identifier)
      assert.match(since, /^\d+\.\d+\.\d+$/)
      assert.strictEqual(identifier, `@causeway/core/${error}/${tag}`)
    }
    assert.strictEqual(new Set(entries.map(({ identifier }) => identifier)).size, entries.length)
  })

  it("finds a reason by its error's tag and its own", () => {
    assert.notStrictEqual(
      Catalogue.find("UpstreamError", "Overloaded")?.toDo,
      Catalogue.find("BoundaryError", "Overloaded")?.toDo
    )
    assert.isUndefined(Catalogue.find("UpstreamError", "Draining"))
    assert.isUndefined(Catalogue.find("Error", "Overloaded"))
  })

  it("is asked of nothing else than a reason", () => {
    class Stranger extends Schema.TaggedError<Stranger>("app/Stranger")("Stranger", {}) {}
    assert.throws(() => Reason.factsOf(Stranger), "app/Stranger is no reason")
  })
})
