import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as Bundle from "@causeway/cli/Bundle"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as WorkerPool from "@causeway/workers/WorkerPool"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { build } from "esbuild"
import { Dictionary, Unknown } from "./fixtures/bundle/contract.ts"

const entry = fileURLToPath(new URL("./fixtures/bundle/worker.ts", import.meta.url))

/** No package is found from here: what is not in a bundle is missing. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), "causeway-bundle-")))
/** Entries that the tests write, with the packages of the repository. */
const sources = realpathSync(mkdtempSync(join(tmpdir(), "causeway-entries-")))
symlinkSync(fileURLToPath(new URL("../../../node_modules", import.meta.url)), join(sources, "node_modules"))
afterAll(() => {
  rmSync(folder, { recursive: true })
  rmSync(sources, { recursive: true })
})

/** Writes files, and gives the path of the last one. */
const write = (files: Readonly<Record<string, string>>, into = sources): string =>
  Object.entries(files).reduce((_, [name, text]) => {
    const path = join(into, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }, "")

/** A small entry, of whose start nothing is asked. */
const entryOf = (code: string): string =>
  `import * as WorkerEntry from "@causeway/workers/WorkerEntry"\nconsole.log(WorkerEntry.run)\n${code}`

/** The kinds of an entry's problems, and what is said of them. */
const problemsOf = (options: Partial<Bundle.Options>) =>
  Bundle.make({ entry, out: join(folder, "refused.mjs"), ...options }).pipe(
    Effect.flip,
    Effect.map((error) => ({ kinds: error.problems.map(({ kind }) => kind), text: error.message }))
  )

/** A pool of bundled workers. */
const pool = (name: string, bundle: Omit<Bundle.Options, "entry" | "out">, options: Partial<WorkerPool.Options>) =>
  Layer.unwrap(
    Effect.map(Bundle.make({ entry, out: join(folder, `${name}.mjs`), ...bundle }), ({ out }) =>
      WorkerPool.client(Dictionary).pipe(
        Layer.provideMerge(WorkerPool.layerPool({ entry: pathToFileURL(out), size: 1, spare: 0, ...options }))
      )
    )
  ).pipe(Layer.provide(Logger.layer([])))

describe.each(["thread", "process"] as const)("a bundled entry, %s", (isolation) => {
  it.layer(pool(`minified-${isolation}`, { minify: true }, { isolation }), {
    excludeTestServices: true,
    timeout: 60_000
  })("minified", (it) => {
    it.effect("finds a service of the user's own, by its key", () =>
      Effect.gen(function* () {
        const { define } = yield* Dictionary
        assert.strictEqual(yield* define({ word: "causeway" }), "a way over wet ground")
      })
    )

    it.effect("fails with typed errors, causes and all", () =>
      Effect.gen(function* () {
        const { define } = yield* Dictionary
        const error = yield* Effect.flip(define({ word: "ford" }))
        assert.instanceOf(error, Unknown)
        assert.instanceOf(error.cause, RangeError)
        assert.deepStrictEqual(error.cause.cause, { page: 7 })
      })
    )

    it.effect("fails with a classified failure of an upstream, by the SDK and its connections", () =>
      Effect.gen(function* () {
        const { ask } = yield* Dictionary
        const error = yield* Effect.flip(ask())
        assert.instanceOf(error, UpstreamError)
        assert.strictEqual(error.reason._tag, "Connect")
      })
    )

    it.effect("keeps the names of classes that no schema knows", () =>
      Effect.gen(function* () {
        const { die } = yield* Dictionary
        const exit = yield* Effect.exit(die())
        const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(defect, Error)
        assert.strictEqual(defect.name, "Worn")
        assert.strictEqual(defect.message, "thin")
      })
    )

    it.effect("goes on with the caller's trace", () =>
      Effect.gen(function* () {
        const { span } = yield* Dictionary
        const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
        const { inner, outer } = yield* Effect.gen(function* () {
          return { inner: yield* span(), outer: yield* Effect.orDie(Effect.currentSpan) }
        }).pipe(Effect.withSpan("caller"), Effect.withTracer(tracer))
        assert.deepStrictEqual(inner, { name: "inner", traceId: outer.traceId })
      })
    )

    it.effect("streams, and fails after the last element", () =>
      Effect.gen(function* () {
        const { count } = yield* Dictionary
        const seen: Array<number> = []
        const error = yield* Effect.flip(
          Stream.runForEach(count({ to: 5 }), (n) => Effect.sync(() => void seen.push(n)))
        )
        assert.deepStrictEqual(seen, [1, 2, 3, 4, 5])
        assert.instanceOf(error, Unknown)
      })
    )

    it.effect("interrupts the fiber of an interrupted call", () =>
      Effect.gen(function* () {
        const { wait, waits } = yield* Dictionary
        const until = (wanted: number) =>
          Effect.repeat(Effect.delay(waits(), "5 millis"), { until: (waiting) => waiting === wanted })
        const fiber = yield* Effect.forkChild(wait())
        yield* until(1)
        yield* Fiber.interrupt(fiber)
        yield* until(0)
      })
    )
  })

  it.effect("is replaced by another one when it exits", () =>
    Effect.gen(function* () {
      const { define, exit } = yield* Dictionary
      const error = yield* Effect.flip(exit())
      assert.strictEqual(error.reason._tag === "Crashed" ? error.reason.exitCode : error, 7)
      assert.strictEqual(yield* define({ word: "causeway" }), "a way over wet ground")
    }).pipe(Effect.provide(pool(`exits-${isolation}`, {}, { isolation })))
  )

  it.effect("names the lines of its sources with --enable-source-maps", () =>
    Effect.gen(function* () {
      const { die } = yield* Dictionary
      const exit = yield* Effect.exit(die())
      const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.match(defect instanceof Error ? (defect.stack ?? "") : "", /fixtures\/bundle\/worker\.ts:\d+/)
    }).pipe(
      Effect.provide(
        pool(`mapped-${isolation}`, { minify: true }, { isolation, env: { NODE_OPTIONS: "--enable-source-maps" } })
      )
    )
  )
})

describe("what a worker loads", () => {
  it("is no table of dates, which takes longer than everything else", () => {
    const code = `Intl.DateTimeFormat = class { constructor() { throw new Error("too soon") } }
      await import("@causeway/workers/WorkerEntry")`
    execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd: sources, stdio: "pipe" })
  })

  it("as a process is no effect beside that of its entry", async () => {
    const program = fileURLToPath(new URL("../../workers/src/internal/processMain.ts", import.meta.url))
    const { metafile } = await build({
      entryPoints: [program],
      bundle: true,
      format: "esm",
      platform: "node",
      write: false,
      metafile: true
    })
    assert.deepStrictEqual(
      Object.keys(metafile.inputs).filter((path) => !path.includes("workers/src/internal/")),
      []
    )
  })
})

describe("Bundle.make", () => {
  it.effect("says what it made: one file and its map, with nothing but Node's modules outside", () =>
    Effect.gen(function* () {
      const out = join(folder, "deep", "made.mjs")
      const bundle = yield* Bundle.make({ entry, out })
      const code = readFileSync(out, "utf8")
      assert.strictEqual(bundle.bytes, Buffer.byteLength(code))
      assert.isAbove(bundle.mapBytes, 0)
      assert.include(code, "//# sourceMappingURL=made.mjs.map")
      assert.deepStrictEqual([bundle.external, bundle.warnings], [[], []])
      const minified = yield* Bundle.make({ entry, out, minify: true })
      assert.isBelow(minified.bytes, bundle.bytes * 0.7)
      assert.strictEqual(minified.modules, bundle.modules)
    })
  )

  it.effect("leaves outside what was named, and what holds native code", () =>
    Effect.gen(function* () {
      const native = write({
        "outside/node_modules/@native/addon/package.json": `{ "name": "@native/addon", "main": "main.js" }`,
        "outside/node_modules/@native/addon/main.js": `module.exports = require("./addon.node")`,
        "outside/node_modules/@native/addon/binding.gyp": "{}",
        "outside/node_modules/plain/package.json": `{ "name": "plain", "type": "module", "exports": { "./part": "./part.js" } }`,
        "outside/node_modules/plain/part.js": "export const one = 1",
        "outside/worker.ts": entryOf(`import addon from "@native/addon"
          import { one } from "plain/part"
          import { nothing } from "absent"
          console.log(addon, one, nothing)`)
      })
      const bundle = yield* Bundle.make({
        entry: native,
        out: join(sources, "outside/worker.mjs"),
        external: ["plain", "absent"]
      })
      assert.deepStrictEqual(
        bundle.external.toSorted((a, b) => a.name.localeCompare(b.name)),
        [
          { name: "@native/addon", why: "native" },
          { name: "absent", why: "named" },
          { name: "plain", why: "named" }
        ]
      )
      assert.match(readFileSync(bundle.out, "utf8"), /from "plain\/part"/)
      assert.deepStrictEqual(bundle.warnings, [
        `absent stays outside, and is not found from ${join(sources, "outside")}`
      ])
    })
  )

  it.effect("refuses an entry that is missing, that serves nothing, and imports that lead nowhere", () =>
    Effect.gen(function* () {
      const missing = yield* problemsOf({ entry: join(sources, "missing.ts") })
      assert.deepStrictEqual(missing.kinds, ["entry"])
      const nothing = yield* problemsOf({ entry: write({ "serves-nothing.ts": "export {}" }) })
      assert.deepStrictEqual(nothing.kinds, ["entry"])
      const lost = yield* problemsOf({ entry: write({ "lost.ts": `import "./nowhere.ts"\nimport "no-such-package"` }) })
      assert.deepStrictEqual(lost.kinds, ["unresolved", "unresolved"])
      assert.match(lost.text, /Could not resolve "\.\/nowhere\.ts" \(.*lost\.ts:1:8\)/)
      const broken = yield* problemsOf({ entry: write({ "broken.ts": "const = 1" }) })
      assert.deepStrictEqual(broken.kinds, ["code"])
    })
  )

  it.effect("refuses to write over the entry, what is no ES module, and where it cannot write", () =>
    Effect.gen(function* () {
      const out = write({ "a-file": "", "small.ts": entryOf("") })
      assert.deepStrictEqual((yield* problemsOf({ entry: out, out })).kinds, ["output", "output"])
      assert.deepStrictEqual((yield* problemsOf({ entry: out, out: join(folder, "worker.cjs") })).kinds, ["output"])
      const below = join(sources, "a-file", "worker.mjs")
      assert.deepStrictEqual((yield* problemsOf({ entry: out, out: below })).kinds, ["output"])
    })
  )

  it.effect("refuses an addon that is loaded by its path, and files that are not beside the bundle", () =>
    Effect.gen(function* () {
      const native = write({
        "addon.cjs": `module.exports = require("./addon.node")`,
        "native.ts": `import "./addon.cjs"`
      })
      assert.deepStrictEqual((yield* problemsOf({ entry: native })).kinds, ["native"])
      const code = entryOf(`console.log(new URL("./model.bin", import.meta.url))`)
      const files = { entry: write({ "files.ts": code }), out: join(folder, "files/out.mjs") }
      const refused = yield* problemsOf(files)
      assert.deepStrictEqual(refused.kinds, ["file"])
      assert.include(refused.text, `(${files.entry})`)
      write({ "files/model.bin": "" }, folder)
      yield* Bundle.make(files)
    })
  )

  it.effect("refuses a second effect: by what stays outside, and by what is inside", () =>
    Effect.gen(function* () {
      const outside = yield* problemsOf({ entry: write({ "small.ts": entryOf("") }), external: ["effect"] })
      assert.deepStrictEqual(Array.from(new Set(outside.kinds)), ["copies"])
      const twice = write({
        "twice/node_modules/copying/node_modules/effect/package.json": `{ "name": "effect", "main": "./index.js" }`,
        "twice/node_modules/copying/node_modules/effect/index.js": "exports.other = globalThis.other",
        "twice/node_modules/copying/package.json": `{ "name": "copying", "main": "./index.js" }`,
        "twice/node_modules/copying/index.js": `exports.other = require("effect").other`,
        "twice/worker.ts": entryOf(`import { other } from "copying"\nconsole.log(other)`)
      })
      const inside = yield* problemsOf({ entry: twice })
      assert.deepStrictEqual(inside.kinds, ["copies"])
      assert.include(inside.text, "effect is there 2 times")
    })
  )
})

describe("Bundle.run", () => {
  it.effect("starts the bundle and its entry, and says how soon they are ready", () =>
    Effect.gen(function* () {
      const told = yield* Bundle.run({ entry, out: join(folder, "run.mjs"), start: true })
      assert.match(told, /run\.mjs: \d+ kB \(its source map \d+ kB\), \d+ modules/)
      assert.match(told, /a thread is ready in \d+ ms \(by the entry as it is: \d+ ms; an empty one: \d+ ms\)/)
    })
  )

  it.effect("fails where the bundle does not start and its entry does, and warns where neither does", () =>
    Effect.gen(function* () {
      const out = join(folder, "elsewhere/out.mjs")
      const reads = write({
        "model.txt": "",
        "reads.ts": `import { readFileSync } from "node:fs"
          readFileSync(import.meta.dirname + "/model.txt")
          await import(${JSON.stringify(entry)})`
      })
      const error = yield* Effect.flip(Bundle.run({ entry: reads, out, start: true }))
      assert.deepStrictEqual(
        error.problems.map(({ kind }) => kind),
        ["start"]
      )
      assert.match(error.message, /ENOENT.*model\.txt/)
      const throws = write({ "throws.ts": entryOf(`throw new Error("no key")`) })
      const told = yield* Bundle.run({ entry: throws, out, start: true })
      assert.match(told, /look at: it does not get ready here, nor does its entry: .*no key/)
    })
  )
})
