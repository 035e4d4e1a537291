/** `docs/wire-format.md` says every word of the form, and no others. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { wordsOf } from "./words.ts"

const page = readFileSync(new URL("../../../../docs/wire-format.md", import.meta.url), "utf8")
const told = new Set(Array.from(page.matchAll(/`([^`\s]+)`/g), ([, word = ""]) => word))

describe("docs/wire-format.md", () => {
  it.each(["json", "clone"] as const)("says every kind and every key that is written, as %s", (form) => {
    const { keys, kinds } = wordsOf(form)
    // These stand in the examples of what they are for.
    const shown = [...kinds, ...keys].filter((word) => !told.has(word) && !page.includes(`"${word}"`))
    assert.deepStrictEqual(shown, [])
  })

  it("says no key that nobody writes", () => {
    const written = new Set([...wordsOf("json").keys, ...wordsOf("clone").keys, "$", "$$"])
    assert.deepStrictEqual(
      [...told].filter((word) => word.startsWith("$") && !written.has(word)),
      []
    )
  })
})
