import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { globSync } from "node:fs"

describe("importing", () => {
  it("loads no SDK, whichever module it is", () => {
    const root = new URL("..", import.meta.url)
    const modules = globSync("src/**/*.ts", { cwd: root }).map((path) => new URL(path, root).href)
    assert.isAbove(modules.length, 20)
    const script = `
      import { registerHooks } from "node:module"
      registerHooks({
        resolve(specifier, context, next) {
          const found = next(specifier, context)
          if (found.url.includes("/node_modules/openai/")) console.log(found.url)
          return found
        }
      })
      for (const module of ${JSON.stringify(modules)}) await import(module)
      console.log("loaded")
      await import("openai")`
    const seen = execFileSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], { cwd: root })
    const [first, second] = seen.toString().split("\n")
    assert.strictEqual(first, "loaded")
    assert.include(second, "/node_modules/openai/")
  })
})
