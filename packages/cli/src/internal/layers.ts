/**
 * The layers around the routes that the section `server` says something of: rates,
 * CORS, compression, the access log and the metrics.
 */
import type * as AccessLog from "@causeway/server/AccessLog"
import type * as Compression from "@causeway/server/Compression"
import type * as Cors from "@causeway/server/Cors"
import type * as RateLimit from "@causeway/server/RateLimit"
import { isArrayNonEmpty } from "effect/Array"
import * as Variable from "./environment.ts"
import * as Reader from "./reader.ts"

/** What the server is told of them. */
export interface Layers {
  readonly rateLimit: RateLimit.Options | undefined
  readonly cors: Cors.Options | undefined
  readonly compression: boolean | Compression.Options | undefined
  readonly accessLog: boolean | AccessLog.Options
  readonly metrics: boolean
  readonly health: HealthOptions | undefined
}

/** What the server's readiness needs beside its workers. */
export interface HealthOptions {
  /** See `Health.fromUpstreams`. */
  readonly requireUpstream?: boolean | undefined
}

/** The options in the file. */
export const options = ["rateLimit", "cors", "compression", "accessLog", "metrics", "health"] as const

/** Reads them. `CAUSEWAY_ACCESS_LOG` wins over `server.accessLog`. */
export const read = (
  problems: Reader.Problems,
  environment: Variable.Environment,
  inFile: (option: (typeof options)[number]) => Reader.Given
): Layers => {
  const log = Reader.first(Variable.variable(environment, "CAUSEWAY_ACCESS_LOG"), inFile("accessLog"))
  return {
    rateLimit: rateLimit(problems, inFile("rateLimit")),
    cors: cors(problems, inFile("cors")),
    compression: compression(problems, inFile("compression")),
    accessLog: Reader.read(problems, log, accessLog) ?? process.stdout.isTTY === true,
    metrics: Reader.read(problems, inFile("metrics"), Reader.flag) ?? true,
    health: health(problems, inFile("health"))
  }
}

const health = (problems: Reader.Problems, given: Reader.Given): HealthOptions | undefined => {
  if (given.value === undefined) return undefined
  const member = Reader.members(problems, given, ["requireUpstream"])
  return member && { requireUpstream: Reader.read(problems, member("requireUpstream"), Reader.flag) }
}

const quota = (problems: Reader.Problems, member: (name: string) => Reader.Given): RateLimit.Quota | undefined => {
  const limit = Reader.needed(problems, member("limit"), Reader.wholeNumber(1))
  const window = Reader.needed(problems, member("window"), Reader.duration)
  return limit === undefined || window === undefined ? undefined : { limit, window }
}

const rateLimit = (problems: Reader.Problems, given: Reader.Given): RateLimit.Options | undefined => {
  if (given.value === undefined) return undefined
  const member = Reader.members(problems, given, ["limit", "window", "keys"])
  if (member === undefined) return undefined
  const general = quota(problems, member)
  const keys: Record<string, RateLimit.Quota> = {}
  const own = member("keys")
  for (const [name, value] of Object.entries((own.value !== undefined && Reader.record(problems, own)) || {})) {
    const inside = Reader.members(problems, Reader.under(own, name, value), ["limit", "window"])
    const read = inside && quota(problems, inside)
    if (read !== undefined) keys[name] = read
  }
  return general && { ...general, keys }
}

const cors = (problems: Reader.Problems, given: Reader.Given): Cors.Options | undefined => {
  if (given.value === undefined) return undefined
  const member = Reader.members(problems, given, ["origins", "exposed", "maxAge"])
  if (member === undefined) return undefined
  const allowed = Reader.needed(problems, member("origins"), origins)
  const exposed = Reader.read(problems, member("exposed"), headers)
  const maxAge = Reader.read(problems, member("maxAge"), Reader.duration)
  return allowed && { origins: allowed, exposed, maxAge }
}

const origin = /^[a-z][\w+.-]*:\/\/[^/?#\s]+$/

const origins: Reader.Kind<Cors.Options["origins"]> = {
  allowed: `"*", or a list of origins such as https://chat.example`,
  parse: (value) => {
    if (value === "*") return value
    if (!Array.isArray(value)) return undefined
    const found = value.filter((each): each is string => typeof each === "string" && origin.test(each))
    return found.length === value.length && isArrayNonEmpty(found) ? found : undefined
  }
}

const headers = Reader.texts("a list of names of headers", (text) => /^[\w!#$%&'*+.^`|~-]+$/.test(text))

const compression = (problems: Reader.Problems, given: Reader.Given): Layers["compression"] => {
  if (typeof given.value !== "object") return Reader.read(problems, given, { ...Reader.flag, allowed: compressed })
  const member = Reader.members(problems, given, ["minSize"])
  return member && { minSize: Reader.read(problems, member("minSize"), Reader.byteSize) }
}

const compressed = `true, false, or an object with minSize`

const accessLog: Reader.Kind<Layers["accessLog"]> = {
  allowed: `true, false, "pretty" or "json"`,
  parse: (value) => {
    if (value === true || value === "true") return true
    if (value === false || value === "false") return false
    return value === "pretty" || value === "json" ? { format: value } : undefined
  }
}
