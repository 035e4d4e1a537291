import * as Boundary from "@causeway/core/BoundaryError"
import * as Disposition from "@causeway/core/Disposition"
import * as Policy from "@causeway/core/PolicyError"
import * as Reason from "@causeway/core/UpstreamReason"
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { boundaryReasons, policyReasons, row, upstreamReasons } from "./catalogue.ts"

const tags = (reasons: ReadonlyArray<{ readonly _tag: string }>) => reasons.map((reason) => reason._tag)

const tagOf = (member: { readonly fields: { readonly _tag: { readonly schema: { readonly literal: string } } } }) =>
  member.fields._tag.schema.literal

describe("the catalogue of failures", () => {
  it("has one example of every reason", () => {
    assert.deepStrictEqual(tags(upstreamReasons), Reason.UpstreamReason.members.map(tagOf))
    assert.deepStrictEqual(tags(boundaryReasons), Boundary.BoundaryReason.members.map(tagOf))
    assert.deepStrictEqual(tags(policyReasons), Policy.PolicyReason.members.map(tagOf))
  })

  it("stands in docs/errors.md as the code has it", () => {
    const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8").replaceAll(/ +/g, " ")
    const rows = [...upstreamReasons, ...boundaryReasons, ...policyReasons].map((reason) =>
      row(reason._tag, reason[Disposition.symbol])
    )
    for (const expected of rows) assert.include(page, expected.slice(0, -2))
  })
})
