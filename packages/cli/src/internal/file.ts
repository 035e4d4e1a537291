/**
 * Finds the configuration file and imports it.
 */
import { existsSync } from "node:fs"
import { basename, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as Redaction from "@causeway/core/Redaction"
import * as Effect from "effect/Effect"
import type { Given, Problems } from "./reader.ts"

/** The names under which it is looked for, in this order. */
const fileNames = ["causeway.config.ts", "causeway.config.js", "causeway.config.mjs"]

/** The file that is named, else the first one in the directory; `undefined` where there is none. */
export const find = (cwd: string, named: string | undefined): string | undefined =>
  named === undefined
    ? fileNames.map((name) => resolve(cwd, name)).find((path) => existsSync(path))
    : resolve(cwd, named)

/** What the file holds. A file that is absent is as good as an empty one. */
export const load = Effect.fnUntraced(function* (problems: Problems, path: string | undefined) {
  if (path === undefined) return undefined
  const file = basename(path)
  if (!existsSync(path)) {
    problems.push({ setting: "--config", actual: JSON.stringify(path), allowed: "the path of a file that exists" })
    return undefined
  }
  const exported = yield* importModule(pathToFileURL(path))
  if ("problem" in exported) {
    problems.push({ setting: file, actual: exported.problem, allowed })
    return undefined
  }
  const given: Given = { name: "", file, value: exported.module["default"] }
  if (given.value === undefined) {
    problems.push({ setting: file, actual: "a module without a default export", allowed })
    return undefined
  }
  return given
})

const allowed = "a module whose default export is made by defineConfig"

/** A module of the user's, or why it cannot be imported. */
export const importModule = (
  url: URL
): Effect.Effect<{ readonly module: Readonly<Record<string, unknown>> } | { readonly problem: string }> =>
  Effect.promise(async () => {
    try {
      return { module: (await import(url.href)) as Readonly<Record<string, unknown>> }
    } catch (error) {
      const [line = ""] = String(error).split("\n")
      return { problem: `a module that cannot be imported (${Redaction.text(line).slice(0, 300)})` }
    }
  })
