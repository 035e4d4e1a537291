/**
 * What is looked at once the code is put together: what a bundler lets pass, and what
 * would break later.
 */
import { existsSync, readFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Problem } from "../../BundleError.ts"
import * as Packages from "./packages.ts"

/** A bundle that was not written yet. */
export interface Draft {
  readonly code: string
  /** Where it will be. */
  readonly out: string
  /** The files that it is made of, as absolute paths. */
  readonly inputs: ReadonlyArray<string>
}

/** What keeps a draft from being a bundle. */
export const problemsOf = (draft: Draft): ReadonlyArray<Problem> => {
  const copies = copiesIn(draft)
  return [
    ...(copies.has("@causeway/workers")
      ? []
      : [{ kind: "entry", message: "no WorkerEntry.run is in it: it is no worker's entry" } as const]),
    ...Array.from(copies).flatMap(([name, directories]) =>
      directories.size === 1
        ? []
        : [
            {
              kind: "copies",
              message: `${name} is there ${directories.size} times: ${Array.from(directories).join(", ")}`
            } as const
          ]
    ),
    ...missingFiles(draft)
  ]
}

/** Their values and classes are known by identity. */
const once = new Set(["effect", "@causeway/core", "@causeway/workers"])

const copiesIn = ({ inputs }: Draft): ReadonlyMap<string, ReadonlySet<string>> => {
  const copies = new Map<string, Set<string>>()
  for (const directory of new Set(inputs.map((path) => dirname(path)))) {
    const owner = Packages.owning(directory)
    if (owner === undefined || !once.has(owner.name)) continue
    copies.set(owner.name, (copies.get(owner.name) ?? new Set()).add(owner.directory))
  }
  return copies
}

/** Relative to the module that says so, which in a bundle is the bundle. */
const besideItself = /new URL\(\s*(["'`])(\.{1,2}\/[^"'`$]+)\1\s*,\s*import\.meta\.url\s*\)/g

/** Files that code looks for beside itself, and that are not beside the bundle. */
const missingFiles = ({ code, inputs, out }: Draft): ReadonlyArray<Problem> => {
  const asked = new Set(Array.from(code.matchAll(besideItself), ([, , path = ""]) => path))
  return Array.from(asked).flatMap((path): ReadonlyArray<Problem> => {
    const wanted = new URL(path, pathToFileURL(out))
    if (existsSync(wanted)) return []
    const at = inputs.find((input) => readFileSync(input, "utf8").includes(path))
    const file = fileURLToPath(wanted)
    return [
      {
        kind: "file",
        message: `new URL("${path}", import.meta.url) is ${file} in the bundle, where nothing is: put the file there, or leave the package outside, by --external`,
        ...(at !== undefined && { at })
      }
    ]
  })
}

/** What may be right, and is worth a look. */
export const warningsOf = ({ code, inputs, out }: Draft, externals: ReadonlyArray<string>): ReadonlyArray<string> => {
  // undici only tells apart by it where it runs.
  const asking = ownFolder.test(code)
    ? inputs.filter((path) => !/[\\/]undici[\\/]/.test(path) && ownFolder.test(readFileSync(path, "utf8"))).slice(0, 3)
    : []
  return [
    ...externals.flatMap((name) =>
      Packages.find(name, dirname(out)) === undefined
        ? [`${name} stays outside, and is not found from ${dirname(out)}`]
        : []
    ),
    ...asking.map((path) => `${path} asks for its own folder, which is that of the bundle now`),
    ...(out.endsWith(".js") && !Packages.isModule(dirname(out))
      ? [`${out} is read as CommonJS first: name it .mjs, or set "type": "module" in its package.json`]
      : [])
  ]
}

const ownFolder = /\b__(?:dirname|filename)\b|\bimport\.meta\.(?:dirname|filename)\b/
