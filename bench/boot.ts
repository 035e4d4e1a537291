/**
 * How soon a worker is ready, and what memory it takes: an empty one, an entry in
 * TypeScript, the same one compiled, over packed packages, and bundled; and what of it
 * is effect's own, which an entry without a bundle has to read.
 *
 * `npm run build && npx node bench/boot.ts`; ROUNDS (default 15) shortens it.
 */
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as Bundle from "@causeway/cli/Bundle"
import * as Effect from "effect/Effect"
import { transform } from "esbuild"

const rounds = Number(process.env["ROUNDS"] ?? 15)
const entry = fileURLToPath(new URL("./workersEntry.ts", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "causeway-boot-"))

/** As they are published: the exports of each manifest point at the compiled modules. */
const install = (name: string): void => {
  const [from, to] = [join("packages", name), join(folder, "node_modules/@causeway", name)]
  const { publishConfig, ...manifest } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"))
  cpSync(join(from, "dist"), join(to, "dist"), { recursive: true })
  writeFileSync(join(to, "package.json"), JSON.stringify({ ...manifest, exports: publishConfig.exports }))
}

mkdirSync(join(folder, "node_modules"))
symlinkSync(resolve("node_modules/effect"), join(folder, "node_modules/effect"))
install("core")
install("workers")
writeFileSync(
  join(folder, "empty.mjs"),
  `import { parentPort } from "node:worker_threads"; parentPort?.postMessage(0); setInterval(() => {}, 1e6)`
)
writeFileSync(
  join(folder, "effect.mjs"),
  `import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { parentPort } from "node:worker_threads"
const group = RpcGroup.make(Rpc.make("greet", { payload: { name: Schema.String }, success: Schema.String }))
const handlers = group.toLayer({ greet: ({ name }) => Effect.succeed(name) })
Effect.runPromise(Effect.scoped(Layer.build(handlers))).then(() => parentPort?.postMessage(0))
setInterval(() => {}, 1e6)`
)
const { code } = await transform(readFileSync(entry, "utf8"), { loader: "ts", format: "esm", target: "node22.19" })
writeFileSync(join(folder, "entry.mjs"), code)
const bundles = Effect.gen(function* () {
  yield* Bundle.make({ entry, out: join(folder, "bundle.mjs") })
  yield* Bundle.make({ entry, out: join(folder, "min.mjs"), minify: true })
})
await Effect.runPromise(bundles)

/**
 * Starts one worker in a process of its own, as a pool starts it: the time to its
 * first message, and how much that process grew, after a first one that loads what all
 * threads share.
 */
const probe = join(folder, "probe.mjs")
writeFileSync(
  probe,
  `import { Worker } from "node:worker_threads"
import { setTimeout } from "node:timers/promises"
const [entry, empty] = process.argv.slice(2)
const start = async (url) => {
  const heartbeat = new SharedArrayBuffer(4)
  const from = performance.now()
  const worker = new Worker(new URL(url), { workerData: { causeway: { heartbeatMs: 1000, logLevel: "Info", heartbeat } },
    resourceLimits: { maxYoungGenerationSizeMb: 24 } })
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject).once("exit", reject))
  return { worker, ms: performance.now() - from }
}
const first = await start(empty)
await first.worker.terminate()
await setTimeout(20)
const before = process.memoryUsage.rss()
const { worker, ms } = await start(entry)
await setTimeout(20)
process.stdout.write(JSON.stringify({ ms, mb: (process.memoryUsage.rss() - before) / 2 ** 20 }))
process.exit(0)`
)

const variants = {
  "empty worker": pathToFileURL(join(folder, "empty.mjs")).href,
  "TypeScript, from source": pathToFileURL(entry).href,
  "effect alone: an RpcGroup with its layer": pathToFileURL(join(folder, "effect.mjs")).href,
  "JavaScript, packed packages": pathToFileURL(join(folder, "entry.mjs")).href,
  bundled: pathToFileURL(join(folder, "bundle.mjs")).href,
  "bundled, minified": pathToFileURL(join(folder, "min.mjs")).href
}

interface Sample {
  readonly ms: number
  readonly mb: number
}

const names = Object.keys(variants) as ReadonlyArray<keyof typeof variants>
const samples = new Map(names.map((name) => [name, [] as Array<Sample>]))
for (let round = 0; round < rounds; round++) {
  for (let at = 0; at < names.length; at++) {
    // Each begins a round in its turn.
    const name = names[(at + round) % names.length] ?? "empty worker"
    const args = [probe, variants[name], variants["empty worker"]]
    samples.get(name)?.push(JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })))
  }
}
rmSync(folder, { recursive: true })

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const shown = (values: ReadonlyArray<number>): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0)
  return `${at(0.5)} [${at(0)}-${at(1)}]`
}

const medianOf = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const floors = samples.get("empty worker") ?? []
print(`Node ${process.version}, ${rounds} rounds, load average ${loadavg()[0]?.toFixed(1)}; median [range]\n`)
print("| entry | ms until ready | × an empty worker of its round | MB |")
print("| --- | --- | --- | --- |")
for (const [name, list] of samples) {
  const ratio = medianOf(list.map(({ ms }, round) => ms / (floors[round]?.ms ?? Number.NaN))).toFixed(2)
  print(`| ${name} | ${shown(list.map(({ ms }) => ms))} | ${ratio} | ${shown(list.map(({ mb }) => mb))} |`)
}
