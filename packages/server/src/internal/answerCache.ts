/** Whole answers that were good, for times in which there are none. */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

export interface Cache {
  /** Keeps a good answer whose body is there. */
  readonly keep: (key: string | undefined, response: HttpServerResponse.HttpServerResponse, now: number) => void
  /** An answer that is not too old, with its age. */
  readonly find: (key: string | undefined, now: number) => HttpServerResponse.HttpServerResponse | undefined
}

interface Kept {
  readonly body: Uint8Array
  readonly contentType: string
  readonly at: number
}

/** The most answers, the most bytes of one, and of all of them. */
const most = { answers: 1000, bytes: 1024 * 1024, allBytes: 32 * 1024 * 1024 }

export const makeCache = (maxAgeMs: number): Cache => {
  const kept = new Map<string, Kept>()
  let bytes = 0
  const forget = (key: string): void => {
    bytes -= kept.get(key)?.body.byteLength ?? 0
    kept.delete(key)
  }
  return {
    keep: (key, { body, headers, status }, now) => {
      if (key === undefined || status !== 200 || body._tag !== "Uint8Array" || body.body.byteLength > most.bytes) return
      forget(key)
      kept.set(key, { body: body.body, contentType: headers["content-type"] ?? body.contentType, at: now })
      bytes += body.body.byteLength
      for (const oldest of kept.keys()) {
        if (kept.size <= most.answers && bytes <= most.allBytes) break
        forget(oldest)
      }
    },
    find: (key, now) => {
      const found = key === undefined ? undefined : kept.get(key)
      if (key === undefined || found === undefined) return undefined
      if (now - found.at > maxAgeMs) {
        forget(key)
        return undefined
      }
      return HttpServerResponse.uint8Array(found.body, {
        contentType: found.contentType,
        headers: { age: String(Math.max(0, Math.floor((now - found.at) / 1000))) }
      })
    }
  }
}
