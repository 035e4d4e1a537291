/**
 * Who may have what is not for the public: whoever showed a key, or where there are
 * no keys, programs on this machine.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import { RequestError, Unauthenticated } from "../RequestError.ts"

/** Whether a request showed a key that is known: `Auth` says so to what it lets in. */
export const Keyed = Context.Reference<boolean>("@causeway/server/internal/trusted/Keyed", {
  defaultValue: () => false
})

/** Refuses a request of anybody else with 401. */
export const check: Effect.Effect<void, RequestError, HttpServerRequest> = Effect.withFiber((fiber) =>
  Effect.flatMap(HttpServerRequest, (request) =>
    fiber.getRef(Keyed) || isOfThisMachine(request)
      ? Effect.void
      : Effect.fail(new RequestError({ reason: new Unauthenticated({ issue: "missing" }) }))
  )
)

/**
 * Whether a program on this machine sent a request itself. Not so where a proxy on
 * this machine passed it on, nor where it was meant for another host's name: a page
 * in a browser here can send requests to any name that leads here.
 */
const isOfThisMachine = ({ headers, remoteAddress }: HttpServerRequest): boolean =>
  Option.exists(remoteAddress, isLoopback) &&
  isLoopback((headers["host"] ?? "").replace(/:\d+$/, "")) &&
  passedOn.every((name) => headers[name] === undefined)

const passedOn = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] as const

const isLoopback = (host: string): boolean => /^(?:localhost|(?:::ffff:)?127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)
