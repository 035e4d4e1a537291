/**
 * `causeway bundle`: makes one file out of a worker's entry and all that it imports,
 * with a single copy of effect, so that a worker is ready several times sooner and
 * takes less memory.
 *
 * **Example** (The bundle of an entry, from a program)
 *
 * ```ts no-run
 * import * as Bundle from "@causeway/cli/Bundle"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const { bytes, out } = yield* Bundle.make({ entry: "src/worker.ts", out: "dist/worker.js", minify: true })
 *   yield* Effect.log(`${out}: ${bytes} bytes`)
 * })
 *
 * Effect.runPromise(program)
 * ```
 */
import { statSync } from "node:fs"
import { mkdir, rename, writeFile } from "node:fs/promises"
import { dirname, extname, parse, relative, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { BuildFailure, Location, Message, OutputFile } from "esbuild"
import { BundleError, Problem } from "./BundleError.ts"
import * as Checks from "./internal/bundle/checks.ts"
import * as Outside from "./internal/bundle/outside.ts"
import type * as Packages from "./internal/bundle/packages.ts"
import * as Start from "./internal/bundle/start.ts"

export { BundleError } from "./BundleError.ts"

/** Options of {@link make}. */
export interface Options {
  /** The module that calls `WorkerEntry.run`, relative to the working directory. */
  readonly entry: string
  /** Where the bundle goes; its source map goes beside it. Default: `dist/<the entry's name>.mjs`. */
  readonly out?: string | undefined
  /** Whether spaces, names and dead code are shortened. Classes and functions keep their names. Default: false. */
  readonly minify?: boolean | undefined
  /**
   * Packages that stay outside, and are imported when the bundle runs. Those with native code stay there without
   * being named. None may use effect, which has to be there once. Default: none.
   */
  readonly external?: ReadonlyArray<string> | undefined
}

/** A bundle that was written. */
export interface Bundle {
  /** Its path, absolute. */
  readonly out: string
  readonly bytes: number
  /** The size of its source map, a file of its own that is read only with `--enable-source-maps`. */
  readonly mapBytes: number
  /** How many modules are in it. */
  readonly modules: number
  /** The packages that stayed outside, and why. */
  readonly external: ReadonlyArray<Packages.External>
  /** What may be right, and is worth a look. */
  readonly warnings: ReadonlyArray<string>
}

/** Makes the bundle of an entry, and writes it. */
export const make = Effect.fn("causeway.bundle")(function* (options: Options) {
  const esbuild = yield* Effect.tryPromise({
    try: () => import("esbuild"),
    catch: () => failed(options, { kind: "bundler", message: "esbuild is missing: npm install --save-dev esbuild" })
  })
  const entry = resolve(options.entry)
  const out = resolve(options.out ?? `dist/${parse(entry).name}.mjs`)
  const wrong = problemsOfPaths(entry, out)
  if (wrong.length > 0) return yield* failed(options, ...wrong)
  const external = new Map<string, Packages.External>()
  const built = yield* Effect.tryPromise({
    try: () =>
      esbuild.build({
        entryPoints: [entry],
        outfile: out,
        bundle: true,
        format: "esm",
        platform: "node",
        target,
        minify: options.minify ?? false,
        // A class that no schema names crosses by its name.
        keepNames: true,
        sourcemap: "linked",
        // What stands in them is with the sources; a worker that reads the map is ready sooner without.
        sourcesContent: false,
        metafile: true,
        write: false,
        legalComments: "none",
        logLevel: "silent",
        banner: { js: banner },
        define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" },
        plugins: [Outside.plugin(options.external ?? [], external)]
      }),
    catch: (error) => failed(options, ...problemsOfBuild(error))
  })
  const [code, map] = yield* filesOf(built.outputFiles)
  const used = Object.values(built.metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [resolve(path)] : []))
  )
  const draft: Checks.Draft = { code: code.text, out, inputs: used }
  const problems = Checks.problemsOf(draft)
  if (problems.length > 0) return yield* failed(options, ...problems)
  yield* Effect.tryPromise({
    try: async () => {
      await mkdir(dirname(out), { recursive: true })
      // A pool that starts a worker meanwhile finds the former bundle, or this one.
      for (const [path, { contents }] of [
        [`${out}.map`, map],
        [out, code]
      ] as const) {
        await writeFile(`${path}.new`, contents)
        await rename(`${path}.new`, path)
      }
    },
    catch: (error) =>
      failed(options, { kind: "output", message: error instanceof Error ? error.message : String(error) })
  })
  const names = Array.from(external.keys())
  const bundle: Bundle = {
    out,
    bytes: code.contents.byteLength,
    mapBytes: map.contents.byteLength,
    modules: used.length,
    external: Array.from(external.values()),
    warnings: [
      ...built.warnings.map(({ location, text }) => (location === null ? text : `${text} (${placeOf(location)})`)),
      ...Checks.warningsOf(draft, names)
    ]
  }
  return bundle
})

/** The oldest Node on which the published packages run. */
const target = "node22.19"

/** CommonJS packages ask for Node's own modules by `require`, which an ES module does not have. */
const banner = `import { createRequire as __causewayRequire } from "node:module"; const require = __causewayRequire(import.meta.url);`

const failed = ({ entry }: Options, ...problems: ReadonlyArray<Problem>): BundleError =>
  new BundleError({ entry, problems })

/** What is wrong before anything is read. */
const problemsOfPaths = (entry: string, out: string): ReadonlyArray<Problem> => [
  ...(statSync(entry, { throwIfNoEntry: false })?.isFile() === true
    ? []
    : [{ kind: "entry", message: `${entry} is no file` } as const]),
  ...(out === entry ? [{ kind: "output", message: "the bundle would take the place of its entry" } as const] : []),
  ...(extname(out) === ".mjs" || extname(out) === ".js"
    ? []
    : [{ kind: "output", message: `a bundle is an ES module, and ends with .mjs or .js, not ${out}` } as const])
]

/** The code and its map. */
const filesOf = (files: ReadonlyArray<OutputFile>): Effect.Effect<readonly [OutputFile, OutputFile]> => {
  const map = files.find(({ path }) => path.endsWith(".map"))
  const code = files.find((file) => file !== map)
  return map === undefined || code === undefined
    ? Effect.die(new Error("the bundler gave no code and map"))
    : Effect.succeed([code, map])
}

const problemsOfBuild = (error: unknown): ReadonlyArray<Problem> => {
  const messages = hasProperty(error, "errors") ? (error as BuildFailure).errors : []
  return messages.length > 0 ? messages.map(problemOf) : [{ kind: "code", message: String(error) }]
}

const problemOf = ({ detail, location, text }: Message): Problem => ({
  kind: isKind(detail) ? detail : text.startsWith("Could not resolve ") ? "unresolved" : "code",
  message: text,
  ...(location !== null && { at: placeOf(location) })
})

const isKind = Schema.is(Problem.fields.kind)

const placeOf = ({ column, file, line }: Location): string => `${file}:${line}:${column + 1}`

/** What the command is told. */
export interface Flags extends Options {
  /** Whether the bundle is started, to see that it does and how soon. */
  readonly start: boolean
}

/** Makes a bundle, starts it beside the entry as it is, and says what came of it. */
export const run = Effect.fn("causeway.bundle.run")(function* ({ start, ...options }: Flags) {
  const bundle = yield* make(options)
  const lines = [
    `${relative("", bundle.out)}: ${kilobytes(bundle.bytes)} (its source map ${kilobytes(bundle.mapBytes)}), ${bundle.modules} modules`,
    ...bundle.external.map(({ name, why }) => `outside: ${name} (${why === "native" ? "native code" : "as told"})`),
    ...bundle.warnings.map((warning) => `look at: ${warning}`)
  ]
  return [...lines, ...(start ? [yield* tried(options, bundle)] : [])].join("\n")
})

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1000)} kB`

/** How often each is started: in turns, and the median is told. */
const rounds = 5

/** A bundle that does not start where its entry does is none. */
const tried = Effect.fnUntraced(function* (options: Options, { out }: Bundle) {
  const [bundled, plain] = [pathToFileURL(out), pathToFileURL(resolve(options.entry))]
  const times: Record<"bundled" | "plain" | "empty", Array<number>> = { bundled: [], plain: [], empty: [] }
  for (let round = 0; round < rounds; round++) {
    const ours = yield* Start.once(bundled)
    const theirs = yield* Start.once(plain)
    if ("reason" in ours) {
      if ("reason" in theirs) return `look at: it does not get ready here, nor does its entry: ${ours.reason}`
      const message = `it does not start, and its entry does: ${ours.reason}; what finds its files at run time has to stay outside, by --external`
      return yield* failed(options, { kind: "start", message, at: out })
    }
    times.bundled.push(ours.readyMs)
    times.empty.push(yield* Start.empty)
    if ("readyMs" in theirs) times.plain.push(theirs.readyMs)
  }
  const ms = (which: keyof typeof times) =>
    times[which].length === 0 ? "not ready" : `${Math.round(Start.median(times[which]))} ms`
  return `a thread is ready in ${ms("bundled")} (by the entry as it is: ${ms("plain")}; an empty one: ${ms("empty")})`
})
