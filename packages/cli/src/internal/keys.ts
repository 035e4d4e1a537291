/**
 * The keys of callers: `CAUSEWAY_API_KEY` or `server.apiKey`, which may do everything,
 * and those under `server.keys`, each with its name and scopes.
 */
import type * as Auth from "@causeway/server/Auth"
import * as Effect from "effect/Effect"
import * as Variable from "./environment.ts"
import * as Reader from "./reader.ts"
import * as FromUpstreams from "./upstreams.ts"

/** What is read of the configuration for them. */
export interface Given {
  readonly environment: Variable.Environment
  readonly apiKey: Reader.Given
  readonly keys: Reader.Given
}

/** Of the key that may do everything. */
const variable = "CAUSEWAY_API_KEY"

/** Reads the keys; those that are wrong are left out, and problems. */
export const read = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  { apiKey, environment, keys }: Given
): Effect.fn.Return<ReadonlyArray<Auth.Key>> {
  const only = Variable.isGiven(environment, variable)
    ? Reader.read(problems, Variable.secret(problems, environment, variable), Reader.secretText)
    : yield* FromUpstreams.secretOf(problems, environment, apiKey)
  const found: Array<Auth.Key> = only === undefined ? [] : [only]
  for (const given of Reader.elements(problems, keys)) {
    const key = yield* one(problems, environment, given)
    if (key !== undefined) found.push(key)
  }
  return found
})

/**
 * The variable of the environment that holds a key which may do everything, for who
 * shows how to call; `undefined` where none holds one in the clear, or none is needed.
 */
export const variableOf = Effect.fnUntraced(function* ({
  apiKey,
  environment,
  keys
}: Given): Effect.fn.Return<string | undefined> {
  const unlimited = Reader.elements([], keys).flatMap((given) => {
    const member = Reader.members([], given, memberNames)
    return member === undefined || member("scopes").value !== undefined ? [] : [member("key")]
  })
  const inFile = yield* Effect.forEach([apiKey, ...unlimited], FromUpstreams.variablesOf)
  // What the variable says takes the place of what the file has for it.
  const names = Variable.isGiven(environment, variable) ? [[variable], ...inFile.slice(1)] : inFile
  return names.flat().find((name) => Variable.variable(environment, name).value !== undefined)
})

const memberNames = ["name", "key", "hash", "scopes"] as const

/** Whether anything was given that is meant to be a key, right or wrong. */
export const isWanted = ({ apiKey, environment, keys }: Given): boolean =>
  Variable.isGiven(environment, variable) ||
  apiKey.value !== undefined ||
  (keys.value !== undefined && !(Array.isArray(keys.value) && keys.value.length === 0))

const name = Reader.text("1 to 64 letters, digits and ._:@-", (text) => /^[\w.:@-]{1,64}$/.test(text))

const hash: Reader.Kind<string> = {
  ...Reader.text("sha256: and 64 hexadecimal digits", (text) => /^sha256:[\da-f]{64}$/i.test(text)),
  // Perhaps it is the key itself.
  secret: true
}

const one = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  environment: Variable.Environment,
  given: Reader.Given
): Effect.fn.Return<Auth.NamedKey | undefined> {
  const member = Reader.members(problems, given, memberNames)
  if (member === undefined) return undefined
  const before = problems.length
  const read = {
    name: Reader.needed(problems, member("name"), name),
    key: yield* FromUpstreams.secretOf(problems, environment, member("key")),
    hash: Reader.read(problems, member("hash"), hash),
    scopes: scopes(problems, member("scopes"))
  }
  const isOneOf = (member("key").value === undefined) !== (member("hash").value === undefined)
  if (!isOneOf) {
    const actual = member("key").value === undefined ? "neither key nor hash" : "both key and hash"
    problems.push({ setting: Reader.settingOf(given), actual, allowed: "either key or hash" })
  }
  if (problems.length > before || read.name === undefined) return undefined
  const named = { name: read.name, scopes: read.scopes }
  if (read.key !== undefined) return { ...named, key: read.key }
  return read.hash === undefined ? undefined : { ...named, hash: read.hash }
})

const scopes = (problems: Reader.Problems, given: Reader.Given): Auth.Scopes | undefined => {
  if (given.value === undefined) return undefined
  const member = Reader.members(problems, given, ["routes", "models", "operator"])
  if (member === undefined) return undefined
  return {
    routes: Reader.read(problems, member("routes"), routes),
    models: Reader.read(problems, member("models"), models),
    operator: Reader.read(problems, member("operator"), Reader.flag)
  }
}

const routes = Reader.texts("a list of paths such as /v1/embeddings or /predict/*", (text) => text.startsWith("/"))

const models = Reader.texts("a list of models such as gpt-5-mini or gpt-5*")
