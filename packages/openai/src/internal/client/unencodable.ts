/** Where a request holds what JSON cannot hold. */
import { RequestEncoding } from "@causeway/core/UpstreamReason"

const most = 100_000

/** The first value that `JSON.stringify` throws at, with its path. */
export const unencodable = (request: unknown): RequestEncoding | undefined => {
  const above = new Set<object>()
  let left = most
  const visit = (value: unknown, path: string): RequestEncoding | undefined => {
    if (typeof value === "bigint") return at(path, "is a BigInt")
    if (typeof value !== "object" || value === null || left-- < 0) return undefined
    if (above.has(value)) return at(path, "refers back to what holds it")
    if ("toJSON" in value) return undefined
    above.add(value)
    for (const [key, child] of Object.entries(value)) {
      const found = visit(child, Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`)
      if (found !== undefined) return found
    }
    above.delete(value)
    return undefined
  }
  try {
    return visit(request, "")
  } catch {
    return at("", "cannot be read")
  }
}

const at = (path: string, problem: string): RequestEncoding =>
  new RequestEncoding({
    message: `the request cannot be sent as JSON: ${path === "" ? "it" : path} ${problem}`,
    seenIn: "request",
    path
  })
