/** What a request holds that cannot be sent. */
import { RequestEncoding } from "@causeway/core/UpstreamReason"
import { isHeaderName, isHeaderValue } from "../upstreams.ts"

/** Objects that are looked at in the search for the one at fault. */
const most = 100_000

/** Why a request is no JSON, with the path of the first value at fault where that is found. */
export const unencodable = (request: unknown): RequestEncoding | undefined => {
  if (isEncodable(request)) return undefined
  const above = new Set<object>()
  let left = most
  const visit = (value: unknown, path: string): RequestEncoding | undefined => {
    if (typeof value === "bigint") return at(path, "is a BigInt")
    if (typeof value !== "object" || value === null || left-- < 0) return undefined
    if (above.has(value)) return at(path, "refers back to what holds it")
    if ("toJSON" in value) return isEncodable(value) ? undefined : at(path, "does not turn itself into JSON")
    above.add(value)
    for (const [key, child] of Object.entries(value)) {
      const found = visit(child, Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`)
      if (found !== undefined) return found
    }
    above.delete(value)
    return undefined
  }
  try {
    return visit(request, "") ?? at("", "holds what JSON cannot hold")
  } catch {
    return at("", "cannot be read")
  }
}

const isEncodable = (value: unknown): boolean => {
  try {
    JSON.stringify(value)
    return true
  } catch {
    return false
  }
}

const at = (path: string, problem: string): RequestEncoding =>
  new RequestEncoding({
    message: `the request cannot be sent as JSON: ${path === "" ? "it" : path} ${problem}`,
    seenIn: "request",
    path
  })

/** The first header that cannot be sent, by its name only: its value may be a secret. */
export const unsendable = (headers: Readonly<Record<string, string>>): RequestEncoding | undefined => {
  for (const [name, value] of Object.entries(headers)) {
    if (isHeaderName(name) && isHeaderValue(value)) continue
    const shown = JSON.stringify(name.slice(0, 100))
    return new RequestEncoding({ message: `the header ${shown} cannot be sent`, seenIn: "request", path: "headers" })
  }
  return undefined
}
