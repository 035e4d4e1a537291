/**
 * What the calls of contracts are served as by a router. Several contracts can stand at
 * one path, and whoever describes the server finds all of them here.
 */
import type * as Effect from "effect/Effect"
import type { HttpRouter } from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"
import type { Call } from "./calls.ts"

/** A call of a contract, served. */
export interface Endpoint {
  /** The contract's key. */
  readonly contract: string
  readonly call: Call
  /** Whether it is made under a policy, which may fail by itself. */
  readonly hasPolicy: boolean
  /** The headers of the request that its handler gets. */
  readonly headers: ReadonlyArray<string>
  readonly handler: Effect.Effect<HttpServerResponse, never, HttpServerRequest | Scope.Scope>
}

/** The calls at a path, by their tags. */
export type Mount = Map<string, Endpoint>

const ofRouter = new WeakMap<HttpRouter, Map<string, Mount>>()

/** Every path of a router at which there are calls. They are added while the routes are built. */
export const mounts = (router: HttpRouter): Map<string, Mount> => {
  const known = ofRouter.get(router)
  if (known !== undefined) return known
  const mounts = new Map<string, Mount>()
  ofRouter.set(router, mounts)
  return mounts
}

/** Adds calls to those at a path. Throws for one whose place is taken. */
export const add = (mount: Mount, path: string, endpoints: ReadonlyArray<Endpoint>): void => {
  for (const endpoint of endpoints) {
    const { call, contract } = endpoint
    const other = mount.get(call.tag)
    if (other !== undefined) {
      const place = `${path}/${call.tag}`
      throw new TypeError(`${contract}/${call.tag} cannot be served at ${place}: ${other.contract}/${call.tag} is`)
    }
    mount.set(call.tag, endpoint)
  }
}

/** What is served at the path itself: the first call, where one contract is all that stands there. */
export const first = (mount: Mount): Endpoint | undefined => {
  const endpoints = Array.from(mount.values())
  return endpoints.every(({ contract }) => contract === endpoints[0]?.contract) ? endpoints[0] : undefined
}
