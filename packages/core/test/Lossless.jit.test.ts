/** Plans compiled from source text: only where that is wanted and allowed, and nothing else changes. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import * as Lossless from "@causeway/core/Lossless"
import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import * as Schema from "effect/Schema"

class Refused extends Schema.TaggedError<Refused>("test/jit/Refused")("Refused", {
  why: Schema.String,
  tries: Schema.Finite,
  where: Schema.Struct({ host: Schema.String })
}) {}

/** Often enough that a plan is compiled, where it may be. */
const crossings = 200

/** What the codec gave the engine to compile. */
const compiled = (options: Lossless.Options): ReadonlyArray<string> => {
  const sources: Array<string> = []
  const own = Function
  vi.stubGlobal(
    "Function",
    class {
      constructor(...args: ReadonlyArray<string>) {
        sources.push(args.at(-1) ?? "")
        return own(...args)
      }
    }
  )
  for (let n = 0; n < crossings; n++) {
    const sent = new Refused({ why: "full", tries: n, where: { host: "a" } })
    assert.deepStrictEqual(Lossless.fromWire(Lossless.toWire(sent, options), options), sent)
  }
  return sources
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("jit", () => {
  it("is not even asked for where it is not wanted", () => {
    assert.deepStrictEqual(compiled({ classes: [Refused], jit: false }), [])
  })

  it("gets names of declared properties only", () => {
    const sources = compiled({ classes: [Refused] })
    assert.isAbove(sources.length, 2)
    for (const source of sources) assert.notMatch(source, /full|"a"/)
  })

  it("is done without where the engine forbids it", async () => {
    const code = `
      import assert from "node:assert"
      import * as Lossless from "@causeway/core/Lossless"
      import * as Schema from "effect/Schema"
      class Refused extends Schema.TaggedError("test/Refused")("Refused", { why: Schema.String }) {}
      assert.throws(() => new Function("return 1"), EvalError)
      const options = { classes: [Refused] }
      for (let n = 0; n < ${crossings}; n++) {
        const received = Lossless.fromWire(Lossless.toWire(new Refused({ why: "full" }), options), options)
        assert.ok(received instanceof Refused && received.why === "full")
      }
      console.log("all arrived")`
    const flags = ["--disallow-code-generation-from-strings", "--input-type=module", "-e", code]
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname })
    assert.strictEqual(stdout, "all arrived\n")
  })
})
