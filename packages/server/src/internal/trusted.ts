/**
 * Who may have what is not for the public: whoever showed an operator's key, or where there
 * are no keys, programs on this machine.
 */
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import { Caller } from "../Caller.ts"
import { isLoopback } from "../Loopback.ts"
import { Forbidden, RequestError, Unauthenticated } from "../RequestError.ts"

/** Refuses a request of anybody else: with 401, or with 403 where its key is no operator's. */
export const check: Effect.Effect<void, RequestError, HttpServerRequest> = Effect.withFiber((fiber) =>
  Effect.flatMap(HttpServerRequest, (request) => {
    const caller = fiber.getRef(Caller)
    if (caller?.isOperator === true || (caller === undefined && isOfThisMachine(request))) return Effect.void
    const reason =
      caller === undefined
        ? new Unauthenticated({ issue: "missing" })
        : new Forbidden({ key: caller.key, scope: "operator", wanted: request.url.replace(/[?#].*$/s, "") })
    return Effect.fail(new RequestError({ reason }))
  })
)

/**
 * Whether a program on this machine sent a request itself. Not so where a proxy on
 * this machine passed it on, nor where it was meant for another host's name: a page
 * in a browser here can send requests to any name that leads here.
 */
const isOfThisMachine = ({ headers, remoteAddress }: HttpServerRequest): boolean =>
  Option.exists(remoteAddress, isOwn) &&
  isOwn((headers["host"] ?? "").replace(/:\d+$/, "")) &&
  passedOn.every((name) => headers[name] === undefined)

const passedOn = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] as const

/** Over IPv6 an address of IPv4 is mapped. */
const isOwn = (host: string): boolean => isLoopback(host.replace(/^::ffff:(?=127\.)/i, ""))
