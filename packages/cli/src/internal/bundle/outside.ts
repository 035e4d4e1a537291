/**
 * What stays outside of a bundle: packages that were named, and those with native
 * code, which find their files relative to themselves.
 */
import { isBuiltin } from "node:module"
import type { PartialMessage, Plugin } from "esbuild"
import type { Problem } from "../../BundleError.ts"
import * as Packages from "./packages.ts"

/** Decides for each import of a package, and collects those that stay outside. */
export const plugin = (named: ReadonlyArray<string>, found: Map<string, Packages.External>): Plugin => ({
  name: "causeway-outside",
  setup: (build) => {
    build.onResolve({ filter: /\.node$/ }, ({ path }) => ({
      errors: [problem("native", `${path} is a native addon: leave the package that loads it outside, by --external`)]
    }))
    build.onResolve({ filter: /^[^./]/ }, ({ kind, path, resolveDir }) => {
      const name = Packages.nameIn(path)
      if (kind === "entry-point" || name === undefined || isBuiltin(path)) return undefined
      const isNamed = named.some((one) => one === name || one === path)
      const owner = Packages.find(name, resolveDir)
      const why = isNamed ? "named" : owner !== undefined && Packages.isNative(owner) ? "native" : undefined
      if (why === undefined) return undefined
      if (owner !== undefined && Packages.bringsEffect(owner)) {
        const message = `${name} uses effect, which has to be there once: it cannot stay outside of the bundle`
        return { errors: [problem("copies", message)] }
      }
      found.set(name, { name, why })
      return { path, external: true }
    })
  }
})

/** Comes back as it is from the bundler, with the place of the import. */
const problem = (kind: Problem["kind"], text: string): PartialMessage => ({ text, detail: kind })
