/**
 * Finds the configuration file and reads it: a module, or JSON.
 */
import { existsSync, readFileSync } from "node:fs"
import { registerHooks } from "node:module"
import { basename, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as Redaction from "@causeway/core/Redaction"
import * as Effect from "effect/Effect"
import type { Given, Problems } from "./reader.ts"

/** The names under which it is looked for, in this order. */
const fileNames = ["causeway.config.ts", "causeway.config.js", "causeway.config.mjs", "causeway.config.json"]

/** The file that is named, else the first one in the directory; `undefined` where there is none. */
export const find = (cwd: string, named: string | undefined): string | undefined =>
  named === undefined
    ? fileNames.map((name) => resolve(cwd, name)).find((path) => existsSync(path))
    : resolve(cwd, named)

/** What the file holds. A file that is absent is as good as an empty one. `reload`: see {@link importModule}. */
export const load = Effect.fnUntraced(function* (problems: Problems, path: string | undefined, reload: number) {
  if (path === undefined) return undefined
  const file = basename(path)
  if (!existsSync(path)) {
    problems.push({ setting: "--config", actual: JSON.stringify(path), allowed: "the path of a file that exists" })
    return undefined
  }
  const isJson = path.endsWith(".json")
  const exported = isJson ? parse(path) : yield* importModule(pathToFileURL(path), reload)
  if ("problem" in exported) {
    problems.push({ setting: file, actual: exported.problem, allowed: isJson ? allowedJson : allowed })
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

const allowedJson = "JSON with the same members as a module's default export"

type Module = { readonly module: Readonly<Record<string, unknown>> } | { readonly problem: string }

const parse = (path: string): Module => {
  try {
    return { module: { default: JSON.parse(readFileSync(path, "utf8")) } }
  } catch (error) {
    // The parser quotes the text around the place, which may be a secret.
    const [place = ""] = /at position \d+(?: \(line \d+ column \d+\))?/.exec(String(error)) ?? []
    return { problem: `text that is no JSON ${place}`.trimEnd() }
  }
}

/**
 * A module of the user's, or why it cannot be imported. With another number in `reload`
 * it is read anew, and what it imports by relative paths as well: Node keeps a module
 * for as long as it runs, under its address.
 */
export const importModule = (url: URL, reload: number): Effect.Effect<Module> =>
  Effect.promise(async () => {
    const address = new URL(url)
    if (reload > 0) {
      followImports()
      address.searchParams.set(marker, String(reload))
    }
    try {
      return { module: (await import(address.href)) as Readonly<Record<string, unknown>> }
    } catch (error) {
      const [line = ""] = String(error).split("\n")
      return { problem: `a module that cannot be imported (${Redaction.text(line).slice(0, 300)})` }
    }
  })

const marker = "causeway-reload"

let isFollowing = false

/** What a module that is read anew imports by a relative path is read anew too; packages are not. */
const followImports = (): void => {
  if (isFollowing) return
  isFollowing = true
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context)
      const reload = /^\.\.?\//.test(specifier) && URL.parse(context.parentURL ?? "")?.searchParams.get(marker)
      if (!reload || !found.url.startsWith("file:")) return found
      const url = new URL(found.url)
      url.searchParams.set(marker, reload)
      return { ...found, url: url.href }
    }
  })
}
