import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { globSync } from "node:fs"

describe("importing", () => {
  const root = new URL("..", import.meta.url)
  const all = globSync("src/**/*.ts", { cwd: root }).map((path) => new URL(path, root).href)

  /** Which files of the SDK are loaded by these modules, and then by the SDK itself. */
  const loaded = (modules: ReadonlyArray<string>) => {
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
    const lines = seen.toString().trim().split("\n")
    const end = lines.indexOf("loaded")
    return { own: lines.slice(0, end), sdk: lines.slice(end + 1) }
  }

  it("loads no SDK, whichever module it is, save for SdkError", () => {
    const modules = all.filter((href) => !/\/src\/(?:index|SdkError|internal\/sdkError)\.ts$/.test(href))
    assert.isAbove(modules.length, 20)
    const { own, sdk } = loaded(modules)
    assert.deepStrictEqual(own, [])
    assert.isAbove(sdk.length, 20)
  })

  it("loads the SDK's error classes by SdkError, and nothing else of it", () => {
    const { own } = loaded(all)
    assert.deepStrictEqual(
      [...new Set(own)].map((href) => href.replace(/^.*\/node_modules\/openai\//, "")),
      ["error.mjs", "core/error.mjs", "internal/errors.mjs"]
    )
  })
})
