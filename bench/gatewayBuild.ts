/**
 * The command as it is installed, in a folder of its own: its packages compiled, over
 * this repository's other packages, and the same as one bundle beside its worker's.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { build, type BuildOptions } from "esbuild"

/** Needs `npm run build`. */
export const make = async (): Promise<{
  readonly folder: string
  readonly compiled: string
  readonly bundled: string
}> => {
  const folder = mkdtempSync(join(tmpdir(), "causeway-gateway-"))
  const modules = join(folder, "node_modules")
  mkdirSync(join(modules, "@causeway"), { recursive: true })
  for (const name of readdirSync("node_modules")) {
    if (!name.startsWith("@causeway") && !name.startsWith(".")) {
      symlinkSync(resolve("node_modules", name), join(modules, name))
    }
  }
  for (const name of ["core", "openai", "resilience", "workers", "simulator", "server", "cli"]) {
    const [from, to] = [join("packages", name), join(modules, "@causeway", name)]
    const { publishConfig, ...manifest } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"))
    cpSync(join(from, "dist"), join(to, "dist"), { recursive: true })
    writeFileSync(join(to, "package.json"), JSON.stringify({ ...manifest, exports: publishConfig.exports }))
    const own = resolve(from, "node_modules")
    if (existsSync(own)) symlinkSync(own, join(to, "node_modules"))
  }
  const cli = join(modules, "@causeway/cli/dist")
  // Two folders down, as the modules are that read the package's version.
  const out = join(folder, "bundle/dist/internal")
  const options: BuildOptions = {
    outdir: out,
    bundle: true,
    minify: true,
    keepNames: true,
    format: "esm",
    platform: "node",
    target: "node22.19",
    external: ["esbuild"],
    logLevel: "error",
    banner: {
      js: `import { createRequire as __require } from "node:module"; const require = __require(import.meta.url);`
    }
  }
  await build({ ...options, entryPoints: { bin: join(cli, "bin.js") }, splitting: true })
  // In one file: the order of the bundler's chunks breaks cycles of the SDK's.
  await build({ ...options, entryPoints: { worker: join(cli, "internal/worker.js") } })
  cpSync(join(modules, "@causeway/cli/package.json"), join(folder, "bundle/package.json"))
  return { folder, compiled: join(cli, "bin.js"), bundled: join(out, "bin.js") }
}
