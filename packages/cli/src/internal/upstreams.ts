/**
 * Which upstreams there are: by the environment, else by the file, else the
 * simulator. Read by the main thread, which tells its workers.
 */
import { existsSync } from "node:fs"
import type { UpstreamConfig, Upstreams } from "@causeway/openai/UpstreamConfig"
import * as EffectConfig from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { hasProperty } from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import type { Environment } from "./environment.ts"
import * as Variable from "./environment.ts"
import * as Reader from "./reader.ts"

/** The embedded one, whose address is not known yet. */
export const simulator = "simulator"

/** The upstreams, and of those that are models of one's own the addresses of their modules. */
export interface Read {
  readonly upstreams: Upstreams | typeof simulator
  readonly models: Readonly<Record<string, string>>
}

/**
 * The upstreams, with their keys.
 *
 * `OPENAI_BASE_URL` takes the place of the file's first upstream, whole: a key or a
 * header that the file meant for one address is not sent to another. For the same
 * reason `OPENAI_API_KEY` alone means OpenAI, and only where the file names nobody.
 */
export const read = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  environment: Environment,
  file: Reader.Given | undefined,
  folder: string
): Effect.fn.Return<Read> {
  const models: Record<string, string> = {}
  const upstreams = yield* readInto(models, problems, environment, file, folder)
  return { upstreams, models }
})

const readInto = Effect.fnUntraced(function* (
  models: Record<string, string>,
  problems: Reader.Problems,
  environment: Environment,
  file: Reader.Given | undefined,
  folder: string
): Effect.fn.Return<Read["upstreams"]> {
  const baseUrl = Variable.variable(environment, "OPENAI_BASE_URL")
  const isKeyGiven = Variable.isGiven(environment, "OPENAI_API_KEY")
  const named = yield* fromFile(models, problems, environment, file, folder, baseUrl.value !== undefined)
  if (baseUrl.value !== undefined) {
    const upstream = {
      baseUrl: Reader.read(problems, baseUrl, Reader.httpUrl) ?? "",
      apiKey: openAiKey(problems, environment)
    }
    if (named === undefined || named === simulator) return { primary: upstream }
    return Object.fromEntries(Object.entries(named).map(([name, own], index) => [name, index === 0 ? upstream : own]))
  }
  if (named !== undefined) return named
  if (isKeyGiven) return { primary: { baseUrl: openAi, apiKey: openAiKey(problems, environment) } }
  if (file !== undefined && file.value === undefined) {
    problems.push({
      setting: Reader.settingOf(file),
      actual: "nothing, and neither OPENAI_BASE_URL nor OPENAI_API_KEY is set",
      allowed: `upstreams by name, or "${simulator}"`
    })
  }
  return simulator
})

/** The upstreams with the simulator's address, where it is the upstream. */
export const reachable = (upstreams: Upstreams | "simulator", simulator: string | undefined): Upstreams =>
  upstreams === "simulator" ? { simulator: { baseUrl: simulator ?? "" } } : upstreams

const openAi = "https://api.openai.com/v1"

const openAiKey = (problems: Reader.Problems, environment: Environment): Redacted.Redacted<string> | undefined =>
  Reader.read(problems, Variable.secret(problems, environment, "OPENAI_API_KEY"), Reader.secretText)

/** The upstreams of a file; of the first one only the name, where it is replaced. */
const fromFile = Effect.fnUntraced(function* (
  models: Record<string, string>,
  problems: Reader.Problems,
  environment: Environment,
  file: Reader.Given | undefined,
  folder: string,
  isFirstReplaced: boolean
) {
  if (file === undefined || file.value === undefined) return undefined
  if (file.value === simulator) return simulator
  const named = Reader.record(problems, file)
  if (named === undefined) return undefined
  const names = Object.keys(named)
  if (names.length === 0) {
    problems.push({ setting: Reader.settingOf(file), actual: "no upstream", allowed: "at least one" })
  }
  const upstreams: Record<string, UpstreamConfig> = {}
  for (const [index, name] of names.entries()) {
    const inFile = Reader.under(file, name, named[name])
    if (index === 0 && isFirstReplaced) upstreams[name] = { baseUrl: "" }
    else if (!isModule(named[name])) upstreams[name] = yield* one(problems, environment, inFile)
    else upstreams[name] = ofModule(models, problems, folder, name, inFile)
  }
  return upstreams
})

const isModule = (value: unknown): boolean => hasProperty(value, "module") && value.module !== undefined

/** Models of one's own: where they are served is not known yet. */
const ofModule = (
  models: Record<string, string>,
  problems: Reader.Problems,
  folder: string,
  name: string,
  given: Reader.Given
): UpstreamConfig => {
  const member = Reader.members(problems, given, ["module", "models"])
  const url = member && Reader.read(problems, member("module"), existing(Reader.fileUrl(folder)))
  if (url !== undefined) models[name] = url.href
  return { baseUrl: "", models: member && Reader.fields(problems, member("models"), Reader.text("a text")) }
}

const existing = ({ allowed, parse }: Reader.Kind<URL>): Reader.Kind<URL> => ({
  allowed: `${allowed}, which exists`,
  parse: (value, inFile) => {
    const url = parse(value, inFile)
    return url !== undefined && existsSync(url) ? url : undefined
  }
})

const one = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  environment: Environment,
  given: Reader.Given
): Effect.fn.Return<UpstreamConfig> {
  const member = Reader.members(problems, given, ["baseUrl", "apiKey", "headers", "models"])
  if (member === undefined) return { baseUrl: "" }
  return {
    ...(yield* address(problems, environment, member)),
    models: Reader.fields(problems, member("models"), Reader.text("a text"))
  }
})

/** Where an upstream is, and what opens it. */
export const address = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  environment: Environment,
  member: (name: "baseUrl" | "apiKey" | "headers") => Reader.Given
): Effect.fn.Return<Pick<UpstreamConfig, "baseUrl" | "apiKey" | "headers">> {
  const baseUrl = member("baseUrl")
  if (baseUrl.value === undefined) {
    problems.push({ setting: Reader.settingOf(baseUrl), actual: "nothing", allowed: Reader.httpUrl.allowed })
  }
  return {
    baseUrl: Reader.read(problems, baseUrl, Reader.httpUrl) ?? "",
    apiKey: yield* secretOf(problems, environment, member("apiKey")),
    headers: Reader.fields(problems, member("headers"), { ...Reader.text("a text"), secret: true })
  }
})

/** A secret of the file's, found where the file says that it is. */
export const secretOf = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  environment: Environment,
  given: Reader.Given
): Effect.fn.Return<Redacted.Redacted<string> | undefined> {
  const secret = Reader.read(problems, given, Reader.secret)
  if (!EffectConfig.isConfig(secret)) return secret
  const before = problems.length
  const names = yield* wanted(secret)
  const values = names.map((name) => [name, Variable.secret(problems, environment, name).value] as const)
  if (problems.length > before) return undefined
  const env = Object.fromEntries(values.filter((value): value is [string, string] => typeof value[1] === "string"))
  const found = yield* Effect.option(secret.parse(ConfigProvider.fromEnv({ env })))
  if (found._tag === "Some" && Reader.isRedactedText(found.value)) return found.value
  const where = names.length === 0 ? "the environment" : names.join(", ")
  problems.push({
    setting: Reader.settingOf(given),
    actual: `${found._tag === "None" ? "nothing" : "a value that is not shown here"} from ${where}`,
    allowed:
      found._tag === "None" && names.length > 0
        ? `that ${names.join(" and ")} ${names.length === 1 ? "is" : "are"} set, or ${names.map((name) => `${name}_FILE`).join(" and ")} to a file that holds it`
        : Reader.secretText.allowed
  })
  return undefined
})

/** The variables in which a secret of the file's is looked for. */
export const variablesOf = (given: Reader.Given): Effect.Effect<ReadonlyArray<string>> => {
  const secret = Reader.read([], given, Reader.secret)
  return EffectConfig.isConfig(secret) ? wanted(secret) : Effect.succeed([])
}

/** The variables that a `Config` asks for. */
const wanted = Effect.fnUntraced(function* (config: EffectConfig.Config<unknown>) {
  const names = new Set<string>()
  yield* Effect.ignore(
    config.parse(
      ConfigProvider.make((path) => {
        names.add(path.join("_"))
        return Effect.undefined
      })
    )
  )
  return Array.from(names)
})
