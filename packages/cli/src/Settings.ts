/**
 * Everything that `causeway serve` has to know, checked: by flags, the environment,
 * the configuration file and defaults, in this order.
 *
 * **Example** (The environment alone)
 *
 * ```ts
 * import * as Settings from "@causeway/cli/Settings"
 * import * as Effect from "effect/Effect"
 *
 * const settings = await Effect.runPromise(
 *   Settings.load({ flags: {}, environment: { PORT: "9000", CAUSEWAY_WORKERS: "0" }, cwd: "/nowhere" })
 * )
 *
 * settings.server.port // => 9000
 * settings.upstreams // => "simulator"
 * ```
 */
import { availableParallelism } from "node:os"
import { dirname } from "node:path"
import * as ForwardedHeaders from "@causeway/openai/ForwardedHeaders"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import type * as Auth from "@causeway/server/Auth"
import { isLoopback } from "@causeway/server/Loopback"
import * as Effect from "effect/Effect"
import type { PoolOptions, ServerOptions } from "./Config.ts"
import { InvalidConfig } from "./InvalidConfig.ts"
import * as Variable from "./internal/environment.ts"
import * as File from "./internal/file.ts"
import * as FromHttp from "./internal/http.ts"
import * as Keys from "./internal/keys.ts"
import * as Layers from "./internal/layers.ts"
import * as FromPolicy from "./internal/policy.ts"
import * as Reader from "./internal/reader.ts"
import * as Services from "./internal/services.ts"
import * as Telemetry from "./internal/telemetry.ts"
import * as FromUpstreams from "./internal/upstreams.ts"
import type { Service } from "./Service.ts"

/** What the command line says; texts as they were given. */
export interface Flags {
  readonly port?: string | undefined
  readonly host?: string | undefined
  readonly workers?: string | undefined
  readonly insecure?: boolean | undefined
  readonly config?: string | undefined
}

/** Where settings come from. */
export interface Sources {
  readonly flags: Flags
  readonly environment: Variable.Environment
  /** Where the configuration file is looked for. */
  readonly cwd: string
  /** How often they were loaded before in this process: modules are then read anew. Default: 0. */
  readonly reload?: number | undefined
}

/** The settings of the command. */
export interface Settings {
  readonly server: Omit<ServerOptions, "apiKey" | "host" | "keys" | "port" | "procs" | keyof Layers.Layers> &
    Layers.Layers & {
      readonly host: string
      readonly port: number
      /** How many processes serve. */
      readonly procs: number
      readonly keys: ReadonlyArray<Auth.Key>
    }
  /** The variable that holds a key of callers in the clear, see `Banner`. */
  readonly keyVariable: string | undefined
  /** With their keys. */
  readonly upstreams: Upstreams | "simulator"
  /** The modules of those that are models of one's own, by their names; they have no address yet. */
  readonly models: Readonly<Record<string, string>>
  /** REST APIs, by the paths below which they stand. */
  readonly http: ReadonlyArray<FromHttp.Mount>
  readonly policy: FromPolicy.Policies["policy"]
  readonly degraded: FromPolicy.Policies["degraded"]
  /** How many worker threads; 0 serves in process. */
  readonly workers: number
  readonly pool: Omit<PoolOptions, "size">
  readonly services: ReadonlyArray<Service>
  /** The addresses of the modules under `services`; `undefined` where there are none. */
  readonly modules: ReadonlyArray<string> | undefined
  /** See {@link Sources.reload}. */
  readonly reload: number
  /** What is exported by OTLP; `undefined`: nothing. */
  readonly telemetry: Telemetry.Telemetry | undefined
  /** The path of the configuration file, where there is one. */
  readonly file: string | undefined
}

/** Reads and checks all of it; fails with every problem at once. */
export const load = Effect.fnUntraced(function* (sources: Sources): Effect.fn.Return<Settings, InvalidConfig> {
  const { cwd, environment, flags, reload = 0 } = sources
  const problems: Reader.Problems = []
  const file = File.find(cwd, flags.config)
  const given = yield* File.load(problems, file, reload)
  const members =
    given && Reader.members(problems, given, ["upstreams", "http", "policy", "pool", "server", "services"])
  const part = (name: "http" | "policy" | "pool" | "server" | "services" | "upstreams") => members?.(name)
  const folder = file === undefined ? cwd : dirname(file)
  const { models, upstreams } = yield* FromUpstreams.read(problems, environment, part("upstreams"), folder)
  const { modules, services } = yield* Services.read(problems, { given: part("services"), folder, reload })
  const options = (name: "pool" | "server", known: ReadonlyArray<string>) => {
    const given = part(name)
    const read = given && Reader.members(problems, given, known)
    return (option: string): Reader.Given => read?.(option) ?? { name: option, value: undefined }
  }
  const inFile = options("pool", poolOptions)
  const size = Reader.first(
    { name: "--workers", value: flags.workers },
    Variable.variable(environment, "CAUSEWAY_WORKERS"),
    inFile("size")
  )
  const server = options("server", serverOptions)
  const settings: Settings = {
    server: yield* readServer(problems, sources, server),
    keyVariable: yield* Keys.variableOf({ environment, apiKey: server("apiKey"), keys: server("keys") }),
    upstreams,
    models,
    reload,
    http: yield* FromHttp.read(problems, environment, part("http")),
    ...(yield* FromPolicy.read(problems, part("policy"), upstreams)),
    workers: Reader.read(problems, size, Reader.wholeNumber(0, 64)) ?? defaultWorkers(),
    pool: readPool(problems, inFile),
    services,
    modules,
    telemetry: Telemetry.read(problems, environment),
    file
  }
  return problems.length === 0 ? settings : yield* new InvalidConfig({ problems })
})

/** One less than there are cores, between 1 and 4. */
export const defaultWorkers = (): number => Math.min(4, Math.max(1, availableParallelism() - 1))

const serverOptions = [
  "host",
  "port",
  "apiKey",
  "keys",
  "insecure",
  "maxBody",
  "maxBodies",
  "maxHeaders",
  "maxConnections",
  "maxRequests",
  "procs",
  "timeout",
  "grace",
  "headersTimeout",
  "requestTimeout",
  "keepAlive",
  "forward",
  ...Layers.options
] as const satisfies ReadonlyArray<keyof ServerOptions>

const readServer = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  { environment, flags }: Sources,
  inFile: (option: (typeof serverOptions)[number]) => Reader.Given
): Effect.fn.Return<Settings["server"]> {
  const givenHost = Reader.first(
    { name: "--host", value: flags.host },
    Variable.variable(environment, "HOST"),
    inFile("host")
  )
  const givenPort = Reader.first(
    { name: "--port", value: flags.port },
    Variable.variable(environment, "PORT"),
    inFile("port")
  )
  const givenProcs = Reader.first(Variable.variable(environment, "CAUSEWAY_PROCS"), inFile("procs"))
  const host = Reader.read(problems, givenHost, Reader.host) ?? "127.0.0.1"
  const insecure =
    Reader.read(
      problems,
      Reader.first({ name: "--insecure", value: flags.insecure }, inFile("insecure")),
      Reader.flag
    ) ?? false
  const givenKeys = { environment, apiKey: inFile("apiKey"), keys: inFile("keys") }
  const keys = yield* Keys.read(problems, givenKeys)
  if (givenHost !== undefined && !Keys.isWanted(givenKeys) && !insecure && !isLoopback(host)) {
    problems.push({
      setting: Reader.settingOf(givenHost),
      actual: `${Reader.show(host)}, which other machines reach, and CAUSEWAY_API_KEY is not set`,
      allowed: "a loopback address such as 127.0.0.1; or another one with CAUSEWAY_API_KEY or --insecure"
    })
  }
  const duration = (option: (typeof serverOptions)[number]) => Reader.read(problems, inFile(option), Reader.duration)
  return {
    host,
    port: Reader.read(problems, givenPort, Reader.wholeNumber(0, 65_535)) ?? 8000,
    keys,
    insecure,
    maxBody: Reader.read(problems, inFile("maxBody"), Reader.byteSize),
    maxBodies: Reader.read(problems, inFile("maxBodies"), Reader.byteSize),
    maxHeaders: Reader.read(problems, inFile("maxHeaders"), Reader.byteSize),
    procs: Reader.read(problems, givenProcs, Reader.wholeNumber(1, 64)) ?? 1,
    maxRequests: Reader.read(problems, inFile("maxRequests"), Reader.wholeNumber(1)),
    maxConnections: Reader.read(problems, inFile("maxConnections"), Reader.wholeNumber(1)),
    timeout: duration("timeout"),
    grace: duration("grace"),
    headersTimeout: duration("headersTimeout"),
    requestTimeout: duration("requestTimeout"),
    keepAlive: duration("keepAlive"),
    forward: Reader.read(problems, inFile("forward"), Reader.someOf(ForwardedHeaders.optIn)),
    ...Layers.read(problems, environment, inFile)
  }
})

const poolOptions = [
  "isolation",
  "size",
  "spare",
  "queue",
  "concurrency",
  "unresponsiveAfter",
  "grace",
  "startWithin",
  "deadline",
  "resourceLimits",
  "env",
  "recycle"
] as const satisfies ReadonlyArray<keyof PoolOptions>

const isolation: Reader.Kind<"thread" | "process"> = {
  allowed: `"thread" or "process"`,
  parse: (value) => (value === "thread" || value === "process" ? value : undefined)
}

const readPool = (
  problems: Reader.Problems,
  inFile: (option: (typeof poolOptions)[number]) => Reader.Given
): Settings["pool"] => {
  const number = (option: (typeof poolOptions)[number], least: number) =>
    Reader.read(problems, inFile(option), Reader.wholeNumber(least))
  const duration = (option: (typeof poolOptions)[number]) => Reader.read(problems, inFile(option), Reader.duration)
  return {
    isolation: Reader.read(problems, inFile("isolation"), isolation),
    spare: number("spare", 0),
    queue: number("queue", 0),
    concurrency: number("concurrency", 1),
    unresponsiveAfter: duration("unresponsiveAfter"),
    grace: duration("grace"),
    startWithin: duration("startWithin"),
    deadline: duration("deadline"),
    resourceLimits: readLimits(problems, inFile("resourceLimits"), Reader.read([], inFile("isolation"), isolation)),
    env: readEnv(problems, inFile("env")),
    recycle: readRecycle(problems, inFile("recycle"))
  }
}

/** The least of each, in megabytes. With an even smaller heap V8 does not end the worker but the whole process. */
const leastOf = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, stackSizeMb: 1, codeRangeSizeMb: 1 }

const readLimits = (
  problems: Reader.Problems,
  given: Reader.Given,
  isolation: "thread" | "process" | undefined
): Settings["pool"]["resourceLimits"] => {
  if (given.value === undefined) return undefined
  // A process has no limit of its code.
  const known = Object.entries(leastOf).filter(([name]) => isolation !== "process" || name !== "codeRangeSizeMb")
  const inside = Reader.members(
    problems,
    given,
    known.map(([name]) => name)
  )
  if (inside === undefined) return undefined
  const read = known.map(([name, least]) => [name, Reader.read(problems, inside(name), Reader.wholeNumber(least))])
  return Object.fromEntries(read.filter(([, value]) => value !== undefined))
}

const variable: Reader.Kind<string> = { ...Reader.text("a text", () => true), secret: true }

const readEnv = (problems: Reader.Problems, given: Reader.Given): Settings["pool"]["env"] => {
  const { value: envOf } = given
  if (typeof envOf !== "function") return Reader.fields(problems, given, variable)
  return (slot) => {
    const value: unknown = Reflect.apply(envOf, undefined, [slot])
    const wrong: Reader.Problems = []
    const env = Reader.fields(wrong, { ...given, value }, variable)
    // The pool is then not ready, for this reason.
    for (const { actual, allowed, setting } of wrong) throw new TypeError(`${setting}: got ${actual}, needs ${allowed}`)
    return env
  }
}

const recycleOptions = ["calls", "age", "heap"] as const satisfies ReadonlyArray<
  keyof NonNullable<PoolOptions["recycle"]>
>

const readRecycle = (problems: Reader.Problems, given: Reader.Given): Settings["pool"]["recycle"] => {
  if (given.value === undefined) return undefined
  const inside = Reader.members(problems, given, recycleOptions)
  if (inside === undefined) return undefined
  return {
    calls: Reader.read(problems, inside("calls"), Reader.wholeNumber(1)),
    age: Reader.read(problems, inside("age"), Reader.duration),
    heap: Reader.read(problems, inside("heap"), Reader.wholeNumber(1))
  }
}
