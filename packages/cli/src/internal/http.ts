/**
 * REST APIs behind policies, by the part `http` of the file. Their calls only wait, so
 * they are made by the main thread, which is also where rules of one's own can be.
 */
import type { Rule } from "@causeway/core/Rule"
import type { HttpUpstreamConfig, HttpUpstreams } from "@causeway/openai/HttpRelay"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Policy from "@causeway/resilience/Policy"
import * as Effect from "effect/Effect"
import type { HttpOptions } from "../Config.ts"
import type { Environment } from "./environment.ts"
import * as FromPolicy from "./policy.ts"
import * as Reader from "./reader.ts"
import * as FromUpstreams from "./upstreams.ts"

/** What stands below a path. */
export interface Mount {
  readonly path: `/${string}`
  readonly upstreams: HttpUpstreams
  readonly policy: Policy.Policy
  readonly replay: "safe" | undefined
  readonly forward: ReadonlyArray<string> | undefined
  readonly rules: ReadonlyArray<Rule>
}

const mountOptions = ["upstreams", "policy", "replay", "forward", "rules"] as const satisfies ReadonlyArray<
  keyof HttpOptions
>

/** Reads the part. */
export const read = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  environment: Environment,
  given: Reader.Given | undefined
): Effect.fn.Return<ReadonlyArray<Mount>> {
  if (given?.value === undefined) return []
  const mounts: Array<Mount> = []
  const taken = new Map<string, string>()
  for (const [path, value] of Object.entries(Reader.record(problems, given) ?? {})) {
    const inFile = Reader.under(given, path, value)
    if (!isMount(path)) {
      problems.push({ setting: Reader.settingOf(inFile), actual: Reader.show(path), allowed: mountAllowed })
      continue
    }
    const member = Reader.members(problems, inFile, mountOptions)
    if (member === undefined) continue
    const upstreams = yield* upstreamsOf(problems, environment, member("upstreams"))
    for (const name of Object.keys(upstreams)) {
      const other = taken.get(name)
      taken.set(name, path)
      if (other === undefined) continue
      problems.push({
        setting: Reader.settingOf(Reader.under(member("upstreams"), name, undefined)),
        actual: `a name that stands below ${other} too`,
        allowed: "a name of its own for each upstream"
      })
    }
    mounts.push({
      path,
      upstreams,
      policy: policyOf(problems, member("policy"), Object.keys(upstreams)),
      replay: Reader.read(problems, member("replay"), safe),
      forward: Reader.read(problems, member("forward"), headers),
      rules: Reader.read(problems, member("rules"), rules) ?? []
    })
  }
  return mounts
})

const mountAllowed = "a path such as /models/score, which is none of the server's own"

/** Those of the server's own routes are taken. */
const isMount = (path: string): path is `/${string}` =>
  /^\/[\w.~-]+(?:\/[\w.~-]+)*$/.test(path) &&
  !/^\/(?:v1|predict|health|metrics|info|docs|rpc|openapi\.json)(?:\/|$)/.test(path)

const safe: Reader.Kind<"safe"> = { allowed: `"safe"`, parse: (value) => (value === "safe" ? value : undefined) }

const headers: Reader.Kind<ReadonlyArray<string>> = {
  allowed: "a list of names of headers",
  parse: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === "string" && /^[\w-]+$/.test(name)) ? value : undefined
}

const rules: Reader.Kind<ReadonlyArray<Rule>> = {
  allowed: "a list of rules, see Rule",
  parse: (value) => (Array.isArray(value) && value.every(isRule) ? value : undefined)
}

const isRule = (u: unknown): u is Rule =>
  typeof u === "object" &&
  u !== null &&
  typeof Reflect.get(u, "when") === "function" &&
  typeof Reflect.get(u, "reason") === "function"

const path: Reader.Kind<string> = Reader.text("a path such as /predict", (text) => /^\/[^?#\s]*$/.test(text))

const upstreamsOf = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  environment: Environment,
  given: Reader.Given
): Effect.fn.Return<HttpUpstreams> {
  const upstreams: Record<string, HttpUpstreamConfig> = {}
  for (const [name, value] of Object.entries((given.value !== undefined && Reader.record(problems, given)) || {})) {
    const inFile = Reader.under(given, name, value)
    const member = Reader.members(problems, inFile, ["baseUrl", "apiKey", "headers", "paths", "health"])
    if (member === undefined) continue
    upstreams[name] = {
      ...(yield* FromUpstreams.address(problems, environment, member)),
      paths: readPaths(problems, member("paths")),
      health: Reader.read(problems, member("health"), path)
    }
  }
  if (Object.keys(upstreams).length === 0) {
    problems.push({ setting: Reader.settingOf(given), actual: "no upstream", allowed: "at least one, by its name" })
  }
  return upstreams
})

const readPaths = (problems: Reader.Problems, given: Reader.Given): Readonly<Record<string, string>> | undefined => {
  const paths = Reader.fields(problems, given, path)
  for (const from of Object.keys(paths ?? {})) Reader.read(problems, Reader.under(given, from, from), path)
  return paths
}

/** The next ones are asked where one fails; a single one is asked again. */
const policyOf = (problems: Reader.Problems, given: Reader.Given, names: ReadonlyArray<string>): Policy.Policy => {
  const [, ...others] = names
  // That there are none is a problem already.
  if (names.length === 0) return Policy.make({})
  const byItself = Policy.make({
    upstreams: names,
    fallback: others,
    ...(others.length > 0 && { retry: { times: 0 } })
  })
  if (given.value === undefined) return byItself
  const options = FromPolicy.known(problems, given)
  try {
    return Policy.make({ fallback: others, ...options, upstreams: names })
  } catch (error) {
    if (!(error instanceof InvalidPolicy)) throw error
    for (const { actual, allowed, option } of error.problems) {
      problems.push({ setting: Reader.settingOf(Reader.under(given, option, undefined)), actual, allowed })
    }
    return byItself
  }
}

/** All upstreams of all paths. */
export const all = (mounts: ReadonlyArray<Mount>): HttpUpstreams =>
  Object.assign({}, ...mounts.map(({ upstreams }) => upstreams))
