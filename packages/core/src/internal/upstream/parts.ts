/** The parts of an answer in whatever form a client has them. */

/** More headers are not looked at. */
const mostHeaders = 256

/** More of an error's body is not looked at, in characters. */
const mostBody = 65_536

/** Headers as pairs: a `Headers`, a map, pairs, or a record of texts and lists. */
export const headersOf = (headers: unknown): ReadonlyArray<readonly [string, string]> => {
  if (typeof headers !== "object" || headers === null) return []
  const pairs: Array<readonly [string, string]> = []
  try {
    for (const entry of isIterable(headers) ? headers : Object.entries(headers)) {
      if (pairs.length >= mostHeaders) break
      if (!Array.isArray(entry)) continue
      const [name, value]: ReadonlyArray<unknown> = entry
      if (typeof name !== "string") continue
      for (const each of Array.isArray(value) ? value : [value]) {
        if (typeof each === "string" || typeof each === "number") pairs.push([name, String(each)])
      }
    }
  } catch {
    // What could be read stays.
  }
  return pairs
}

const isIterable = (headers: object): headers is Iterable<unknown> =>
  Symbol.iterator in headers && typeof headers[Symbol.iterator] === "function"

/** The beginning of a body that a client kept as text, as bytes, or as what its JSON said. */
export const bodyOf = (body: unknown): string => {
  try {
    if (typeof body === "string") return body.slice(0, mostBody)
    if (body instanceof Uint8Array) return new TextDecoder().decode(body.subarray(0, mostBody))
    if (typeof body !== "object" || body === null || isStream(body)) return ""
    return (JSON.stringify(body) ?? "").slice(0, mostBody)
  } catch {
    return ""
  }
}

const isStream = (body: object): boolean =>
  Symbol.asyncIterator in body || "getReader" in body || "pipe" in body || body instanceof ArrayBuffer
