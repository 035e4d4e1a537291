/**
 * Lets only those in who have a key: as `authorization: Bearer <key>` or as
 * `x-api-key: <key>`. Keys are compared in constant time. Who has none gets a 401
 * with `www-authenticate`; whose key has not the scope, a 403.
 *
 * A key has a name, by which logs and limits know it, and may be given as its hash
 * alone: `printf %s "$KEY" | sha256sum`. A hash of this kind protects keys that were
 * drawn at random, and not words that can be guessed.
 *
 * **Example** (A router behind a key)
 *
 * ```ts
 * import * as Auth from "@causeway/server/Auth"
 * import * as Redacted from "effect/Redacted"
 *
 * export const auth = Auth.layer({
 *   keys: [
 *     Redacted.make("a-secret"),
 *     {
 *       name: "batch",
 *       hash: "sha256:2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90",
 *       scopes: { routes: ["/v1/embeddings"], models: ["text-embedding-*"] }
 *     }
 *   ]
 * })
 * ```
 */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Redaction from "@causeway/core/Redaction"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Caller } from "./Caller.ts"
import * as Exchange from "./internal/exchange.ts"
import { isHealthRequest } from "./internal/healthRequest.ts"
import * as Keys from "./internal/keys.ts"
import * as PublicError from "./PublicError.ts"
import { Forbidden, RequestError, Unauthenticated } from "./RequestError.ts"

/** What a key may do. What is left out is not limited, save for `operator`. */
export interface Scopes {
  /** Paths, such as `/v1/embeddings`; a `*` at the end stands for anything. */
  readonly routes?: ReadonlyArray<string> | undefined
  /**
   * Models of OpenAI's routes, such as `gpt-5-mini`; a `*` at the end stands for
   * anything. A request that does not say its model in JSON is then refused, also for what
   * was stored before; which models there are is told.
   */
  readonly models?: ReadonlyArray<string> | undefined
  /** What is for operators: `/metrics`, `/info`, `/rpc`. Default: false. */
  readonly operator?: boolean | undefined
}

/** A key with a name. */
export type NamedKey = {
  /** What logs and limits call it; several keys may have the same one, such as an old and a new one. */
  readonly name: string
  /** Default: everything, what is for operators included. */
  readonly scopes?: Scopes | undefined
} & (
  | { readonly key: Redacted.Redacted<string> }
  | {
      /** `sha256:` and 64 hexadecimal digits: of the key's bytes. */
      readonly hash: string
    }
)

/** A key. One without a name is called `default`, and may do everything. */
export type Key = Redacted.Redacted<string> | NamedKey

/** Options of {@link layer}. */
export interface Options {
  /** Any of these opens. Throws a `TypeError` for a hash that is none. */
  readonly keys: NonEmptyReadonlyArray<Key>
  /** Which requests need no key. Default: those of `Health`. */
  readonly except?: ((request: HttpServerRequest) => boolean) | undefined
}

/** The key that a request shows, wherever it shows it. */
const keyOf = (request: HttpServerRequest): Redacted.Redacted<string> | undefined => {
  const [, bearer] = /^bearer +(\S+) *$/i.exec(request.headers["authorization"] ?? "") ?? []
  const key = bearer ?? request.headers["x-api-key"]
  return key === undefined || key === "" ? undefined : Redacted.make(key)
}

const named = (key: Key): NamedKey => (Redacted.isRedacted(key) ? { name: "default", key } : key)

/** Finds the caller of a key. Takes the same time for each key, right or wrong. */
export const matcher = (keys: NonEmptyReadonlyArray<Key>): ((key: Redacted.Redacted<string>) => Caller | undefined) =>
  Keys.finder(keys.map(named).map((key) => [key, callerOf(key)] as const))

const callerOf = ({ name, scopes }: NamedKey): Caller => ({
  key: name,
  isOperator: scopes === undefined || scopes.operator === true,
  mayUse: covers(scopes?.models),
  mayCall: covers(scopes?.routes)
})

/** Whether a name is one of some patterns; all are where there is no list. */
const covers = (patterns: ReadonlyArray<string> | undefined): ((name: string) => boolean) | undefined => {
  if (patterns === undefined) return undefined
  const whole = new Set(patterns.filter((pattern) => !pattern.endsWith("*")))
  const beginnings = patterns.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1))
  return (name) => whole.has(name) || beginnings.some((beginning) => name.startsWith(beginning))
}

/** The middleware, for the whole router. */
export const layer = ({
  except = isHealthRequest,
  keys
}: Options): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const callerOf = matcher(keys)
  // As long as the keys open, they are masked wherever something is rendered.
  const masked = Layer.effectDiscard(
    Effect.forEach(keys.map(named), (key) => ("key" in key ? Redaction.known(key.key) : Effect.void), { discard: true })
  )
  const middleware = HttpRouter.middleware(
    (app) =>
      Effect.withFiber((fiber) =>
        Effect.flatMap(HttpServerRequest, (request) => {
          if (except(request)) return app
          const key = keyOf(request)
          const caller = key === undefined ? undefined : callerOf(key)
          if (caller === undefined) {
            return refuse(new Unauthenticated({ issue: key === undefined ? "missing" : "unknown" }))
          }
          Exchange.note(fiber, { key: caller.key })
          const path = pathOf(request.url)
          if (caller.mayCall?.(path) === false) {
            return refuse(new Forbidden({ key: caller.key, scope: "route", wanted: path }))
          }
          return app.pipe(
            Effect.provideService(Caller, caller),
            Effect.provideService(CallMetadata.KeyName, caller.key)
          )
        })
      ),
    { global: true }
  )
  return Layer.merge(masked, middleware)
}

const refuse = (reason: RequestError["reason"]) => PublicError.handle(Effect.fail(new RequestError({ reason })))

/** The path as routes are found by it: encoded letters decoded, so that no other spelling of it passes. */
const pathOf = (url: string): string => {
  const path = url.replace(/[?#].*$/s, "")
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
