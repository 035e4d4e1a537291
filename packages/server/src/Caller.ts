/**
 * Whose key a request has shown: for handlers, limits and logs. `Auth` provides it.
 *
 * **Example** (A handler that knows its caller)
 *
 * ```ts
 * import { Caller } from "@causeway/server/Caller"
 * import * as Effect from "effect/Effect"
 * import * as HttpServerResponse from "effect/http/HttpServerResponse"
 *
 * const whoami = Effect.map(Caller, (caller) => HttpServerResponse.text(caller?.key ?? "nobody"))
 *
 * const response = await Effect.runPromise(whoami)
 * response.status // => 200
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { isObject } from "effect/Predicate"
import { Forbidden, InvalidValue, RequestError } from "./RequestError.ts"

/** Who calls, and what of it is allowed. */
export interface Caller {
  /** The name of its key, never the key. */
  readonly key: string
  /** Whether it may have what is for operators. */
  readonly isOperator: boolean
  /** Whether it may use a model; `undefined`: any. */
  readonly mayUse: ((model: string) => boolean) | undefined
  /** Whether it may call a path; `undefined`: any. */
  readonly mayCall: ((path: string) => boolean) | undefined
}

/** The caller; `undefined` where no key was shown. */
export const Caller = Context.Reference<Caller | undefined>("@causeway/server/Caller", {
  defaultValue: () => undefined
})

/**
 * Refuses a model that the caller may not use. `undefined`: the request does not say it.
 * `body`: what says it. Parsers that take `Model` for `model`, as Go's does, would find
 * another one there, so it is refused to a caller who may not use every model.
 */
export const checkModel = (model: string | undefined, body?: unknown): Effect.Effect<void, RequestError> =>
  Effect.withFiber((fiber) => {
    const caller = fiber.getRef(Caller)
    if (caller?.mayUse === undefined) return Effect.void
    const other = Object.keys(isObject(body) ? body : {}).find(
      (name) => name !== "model" && name.toLowerCase() === "model"
    )
    if (other !== undefined) {
      const issue = "another spelling of model, which this API key may not use"
      return Effect.fail(new RequestError({ reason: new InvalidValue({ path: other, issue }) }))
    }
    if (model !== undefined && caller.mayUse(model)) return Effect.void
    const wanted = model ?? "that the upstream chooses"
    return Effect.fail(new RequestError({ reason: new Forbidden({ key: caller.key, scope: "model", wanted }) }))
  })
