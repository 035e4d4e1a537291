/**
 * What the bundler has to know of packages: where they are, whether they hold native
 * code, and whether they bring an Effect of their own.
 */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { isRecord } from "../explain/lines.ts"

/** A package on the disk. */
export interface Package {
  readonly name: string
  readonly directory: string
  readonly manifest: Readonly<Record<string, unknown>>
}

/** A package that a bundle imports when it runs. Here, where nothing needs the bundler's types. */
export interface External {
  readonly name: string
  /** `named`: it was asked for. `native`: it holds native code. */
  readonly why: "named" | "native"
}

/** The name of the package that a specifier is about; `undefined` for paths, URLs, `#imports` and Node's own modules. */
export const nameIn = (specifier: string): string | undefined =>
  /^(?:@[^/:\\]+\/)?[^./:#@\\][^/:\\]*(?=\/|$)/.exec(specifier)?.[0]

/** The package that a name means in a directory, by Node's rule. */
export const find = (name: string, directory: string): Package | undefined => {
  const found = read(join(directory, "node_modules", name))
  const parent = dirname(directory)
  return found === undefined && parent !== directory ? find(name, parent) : found
}

/** The package that a file is part of. A manifest without a name only says how its folder is read. */
export const owning = (directory: string): Package | undefined => {
  const found = nearest(directory)
  return found?.name === "" ? owning(dirname(found.directory)) : found
}

/** Whether Node reads a file that ends with `.js` as an ES module, there. */
export const isModule = (directory: string): boolean => nearest(directory)?.manifest["type"] === "module"

const nearest = (directory: string): Package | undefined => {
  const found = read(directory)
  const parent = dirname(directory)
  return found === undefined && parent !== directory ? nearest(parent) : found
}

const read = (directory: string): Package | undefined => {
  const path = join(directory, "package.json")
  if (!existsSync(path)) return undefined
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, "utf8"))
    if (!isRecord(manifest)) return undefined
    const { name } = manifest
    return { name: typeof name === "string" ? name : "", directory, manifest }
  } catch {
    // The bundler says what is wrong with it, should it be needed.
    return undefined
  }
}

/** Packages that find a native addon at run time, beside the one that asks. */
const addonLoaders = ["bindings", "node-gyp-build", "node-addon-api", "@mapbox/node-pre-gyp", "prebuild-install", "nan"]

/** Whether a package holds native code, by what its build needs: it finds its files relative to itself. */
export const isNative = ({ directory, manifest }: Package): boolean =>
  manifest["gypfile"] === true ||
  isRecord(manifest["binary"]) ||
  isRecord(manifest["napi"]) ||
  addonLoaders.some((name) => dependsOn(manifest, name)) ||
  existsSync(join(directory, "binding.gyp"))

/** Whether a package, left outside, would bring an Effect that is not the bundle's. */
export const bringsEffect = ({ manifest, name }: Package): boolean => name === "effect" || dependsOn(manifest, "effect")

const dependsOn = (manifest: Package["manifest"], name: string): boolean =>
  [manifest["dependencies"], manifest["peerDependencies"]].some((list) => isRecord(list) && name in list)
