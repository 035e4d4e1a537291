/** A request as answers of last resort look at it. */
import { createHash } from "node:crypto"
import { isObject } from "effect/Predicate"
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import { Caller } from "../Caller.ts"
import type { RequestError } from "../RequestError.ts"
import * as Body from "./body.ts"
import * as JsonText from "./jsonText.ts"

export interface Asked {
  /** Below `/v1`, or as a whole. */
  readonly path: string
  /** Its body, where that is an object in JSON. */
  readonly value: Readonly<Record<string, unknown>> | undefined
  readonly model: string | undefined
  /** Its body with another model, and all else as it is written. */
  readonly withModel: (model: string) => string
  /** Whether its caller may use a model. */
  readonly mayUse: (model: string) => boolean
  /** What a whole answer to it is found by; `undefined` where an answer must not be given again. */
  readonly cacheKey: string | undefined
}

/** Routes whose answers are as good for whoever asks the same thing once more. */
const cacheable = {
  GET: /^\/models(?:\/|$)/,
  POST: /^\/(?:chat\/completions|completions|embeddings|moderations)$/
}

/** Headers that go on to an upstream and may change its answer. */
const telling = ["openai-organization", "openai-project", "openai-beta"]

/** Headers by which a service's answer may differ: its form, and who asks. */
const tellingServices = ["accept", "content-type", "authorization", "x-api-key"]

/** `headers`: further ones by which answers may differ. */
export const asked = (
  api: "openai" | "predict",
  headers: ReadonlyArray<string>
): Effect.Effect<Asked, RequestError, HttpServerRequest> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest
    const caller = yield* Caller
    const [url = ""] = request.url.split("?", 1)
    const path = api === "openai" ? url.slice(Math.max(0, url.indexOf("/v1/") + 3)) : url
    const isForm = /^multipart\//i.test(request.headers["content-type"] ?? "")
    const bytes = request.method === "GET" ? new Uint8Array() : yield* Body.bytes
    const value = isForm ? undefined : objectOf(bytes)
    const { model, stream } = value ?? {}
    const isCacheable =
      api === "predict"
        ? request.method === "POST"
        : cacheable[request.method === "POST" ? "POST" : "GET"].test(path) && stream !== true
    const varying = [...(api === "predict" ? tellingServices : telling), ...headers]
    return {
      path,
      value,
      model: typeof model === "string" ? model : undefined,
      withModel: (model) => JsonText.withText(decoder.decode(bytes), "model", model),
      mayUse: (model) => caller?.mayUse?.(model) !== false,
      cacheKey: isCacheable
        ? keyOf([request.method, request.url, ...varying.map((name) => request.headers[name] ?? ""), bytes])
        : undefined
    }
  })

const objectOf = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = bytes.length === 0 ? undefined : JSON.parse(decoder.decode(bytes))
    return isObject(value) && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true })

/** Its length does not depend on the body, which may be large. */
const keyOf = (parts: ReadonlyArray<string | Uint8Array>): string => {
  const hash = createHash("sha256")
  for (const part of parts) {
    hash.update(`${typeof part === "string" ? Buffer.byteLength(part) : part.byteLength}:`).update(part)
  }
  return hash.digest("base64")
}
