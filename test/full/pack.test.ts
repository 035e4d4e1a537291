import { execFile } from "node:child_process"
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join, resolve } from "node:path"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

const run = promisify(execFile)
const { dependencies = {}, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"))
const versionOf = (name: string): string => `${name}@${dependencies[name] ?? devDependencies[name]}`

/** The oldest Node on which the published packages run. */
const oldest = "22.19.0"

/** Every module of every package, by the name under which it is imported. */
const entries = globSync("packages/*/src/*.ts")
  .map((path) => ({ name: path.split("/")[1] ?? "", module: basename(path, ".ts") }))
  .filter(({ module }) => module !== "index" && module !== "bin")
  .map(({ module, name }) => `@causeway/${name}/${module}`)
  .toSorted()

const packages = globSync("packages/*/package.json").map((path): string => JSON.parse(readFileSync(path, "utf8")).name)

const sample = `
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import * as Policy from "@causeway/resilience/Policy"
import { Simulator } from "@causeway/simulator/Simulator"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Squares } from "./contract.js"

class Asking extends Contract.Service<Asking>()(
  "sample/Asking",
  Rpc.make("ask", { payload: { model: Schema.String }, success: Schema.String, error: UpstreamError })
) {}

const asking = Asking.toLayer({
  ask: ({ model }) =>
    Effect.gen(function* () {
      const ai = yield* OpenAiClient.OpenAiClient
      const answer = yield* ai.chat.completions.create({ model, messages: [{ role: "user", content: "Hello" }] })
      return answer.choices[0]?.message.content ?? ""
    })
})

const upstream = Layer.unwrap(
  Effect.map(Simulator, (simulator) => OpenAiClient.layer({ baseUrl: simulator.url }))
).pipe(Layer.provide(Simulator.layer()))

const program = Effect.gen(function* () {
  const { ask } = yield* Asking
  const squares = yield* Squares
  const failed = yield* ask({ model: "fault:no-healthy-upstream" }).pipe(
    Policy.apply(Policy.make({ deadline: "10 seconds" })),
    Effect.catchReason("UpstreamError", "Gateway", (reason) => Effect.succeed(reason.flag))
  )
  const answer = yield* ask({ model: "simulator" })
  return [failed, answer.includes("Hello"), yield* squares.square({ x: 3 })]
})

const pool = (isolation: "thread" | "process") =>
  WorkerPool.layer(Squares, { entry: new URL("./worker.js", import.meta.url), isolation, size: 1, spare: 0 })

const result = await Effect.runPromise(
  program.pipe(Effect.provide(Layer.mergeAll(Local.layer(Asking, asking.pipe(Layer.provide(upstream))), pool("thread"))))
)
const crash = Effect.flatMap(Squares, ({ crash }) => crash()).pipe(
  Effect.catchReason("BoundaryError", "Crashed", ({ signal }) => Effect.succeed(signal)),
  Effect.zip(Effect.flatMap(Squares, ({ square }) => square({ x: 4 })))
)
const contained = await Effect.runPromise(Effect.provide(crash, pool("process")))
console.log(JSON.stringify([...result, ...contained]))
`

const contract = `
import * as Contract from "@causeway/core/Contract"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

export class Squares extends Contract.Service<Squares>()(
  "sample/Squares",
  Rpc.make("square", { payload: { x: Schema.Finite }, success: Schema.Finite }),
  Rpc.make("crash")
) {}
`

const worker = `
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as Effect from "effect/Effect"
import { Squares } from "./contract.js"

WorkerEntry.run(
  Squares.toLayer({
    square: ({ x }) => Effect.succeed(x * x),
    crash: () => Effect.sync(() => void process.kill(process.pid, "SIGSEGV"))
  })
)
`

const tsconfig = {
  compilerOptions: {
    target: "ES2023",
    module: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    // The declarations are part of what is published.
    skipLibCheck: false,
    types: ["node"]
  },
  files: ["sample.ts", "worker.ts", "contract.ts", "entries.ts"]
}

describe("the packed packages, in an empty project", () => {
  const folder = mkdtempSync(join(tmpdir(), "causeway-pack-"))
  const inFolder = (command: string, args: ReadonlyArray<string>) =>
    run(command, [...args], { cwd: folder, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 })
  const nodes = { current: process.execPath, [oldest]: join(folder, "node_modules/node/bin/node") }

  beforeAll(async () => {
    await run("npm", ["run", "pack"], { timeout: 200_000, maxBuffer: 64 * 1024 * 1024 })
    const files = {
      "package.json": JSON.stringify({ name: "sample", private: true, type: "module" }),
      "tsconfig.json": JSON.stringify(tsconfig),
      "sample.ts": sample,
      "worker.ts": worker,
      "contract.ts": contract,
      "count.js": `import * as entries from "./entries.js"; console.log(Object.keys(entries).length)`,
      "entries.ts": [...packages, ...entries]
        .map((name, i) => `export * as e${i} from ${JSON.stringify(name)}`)
        .join("\n")
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const tarballs = globSync(".pack/*.tgz").map((path) => resolve(path))
    const others = ["effect", "@effect/platform-node", "openai", "typescript", "@types/node"].map(versionOf)
    await inFolder("npm", ["install", "--no-audit", "--no-fund", `node@${oldest}`, ...others, ...tarballs])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("type-check, their declarations included", async () => {
    const { stdout } = await inFolder(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."]).catch(
      (error: { readonly stdout: string }) => error
    )
    assert.strictEqual(stdout, "")
  })

  for (const [version, node] of Object.entries(nodes)) {
    it(`import by every entry, on Node ${version}`, async () => {
      const { stdout } = await inFolder(node, ["count.js"])
      assert.strictEqual(Number(stdout), packages.length + entries.length)
    })

    it(`run a sample with workers and an upstream's failure, on Node ${version}`, async () => {
      const { stdout } = await inFolder(node, ["sample.js"])
      // The lines before it are the log, which tells of the attempts that failed.
      assert.deepStrictEqual(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""), [
        "no-healthy-upstream",
        true,
        9,
        "SIGSEGV",
        16
      ])
    })

    it(`bring the command, on Node ${version}`, async () => {
      const { stdout } = await inFolder(node, ["node_modules/@causeway/cli/dist/bin.js", "--help"])
      assert.include(stdout, "serve")
    })
  }
})
