/**
 * How much all bodies together may have that a server is busy with. A limit of each body
 * alone bounds nothing where thousands may come at once.
 */
import type { IncomingMessage } from "node:http"
import { BoundaryError, Overloaded } from "@causeway/core/BoundaryError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import { hasProperty } from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as PublicError from "../PublicError.ts"
import * as Leaving from "./leaving.ts"

type App<E, R> = Effect.Effect<HttpServerResponse, E, R>

/** Serves a request within the budget, or refuses it. */
export type Budget = <E, R>(app: App<E, R>) => App<E, R | HttpServerRequest | Scope.Scope>

/** What is announced of a body counts at once up to here, in bytes; of a larger one what has come: the rest may never. */
const small = 16 * 1024

/** A budget in bytes. A body counts until its request is over, since whoever serves it may keep it until then. */
export const make = (limit: number): Budget => {
  let used = 0
  const take = (bytes: number): boolean => {
    if (used + bytes > limit) return false
    used += bytes
    return true
  }
  const release = (bytes: () => number) =>
    Effect.flatMap(Effect.scope, (scope) =>
      Leaving.whenOver(scope, () => {
        used -= bytes()
      })
    )
  return (app) =>
    Effect.flatMap(HttpServerRequest, ({ headers, source }) => {
      const announced = Number(headers["content-length"] ?? 0)
      if (announced === 0 && headers["transfer-encoding"] === undefined) return app
      const isCounted = isNodeRequest(source)
      if (announced > 0 && (announced <= small || !isCounted)) {
        return take(announced)
          ? Effect.andThen(
              release(() => announced),
              app
            )
          : refused
      }
      if (!isCounted) return app
      const counted = count(source, take)
      const answered = Effect.matchCauseEffect(app, {
        onFailure: (cause) => (counted.isExceeded ? refused : Effect.failCause(cause)),
        // Whoever read it was told that it is too large.
        onSuccess: (response) => (counted.isExceeded ? refused : Effect.succeed(response))
      })
      return Effect.andThen(
        release(() => counted.bytes),
        answered
      )
    })
}

const isNodeRequest = (u: unknown): u is IncomingMessage => hasProperty(u, "rawHeaders") && hasProperty(u, "once")

/** Counts what comes of a body once somebody reads it, and ends it for the reader where it is too much. */
const count = (message: IncomingMessage, take: (bytes: number) => boolean) => {
  const counted = { bytes: 0, isExceeded: false }
  // A listener for data that is there earlier would begin to read.
  message.once("resume", () =>
    message.on("data", (chunk: Uint8Array) => {
      if (counted.isExceeded) return
      if (take(chunk.length)) {
        counted.bytes += chunk.length
        return
      }
      counted.isExceeded = true
      // The one way to stop a reader that leaves the connection open, for an answer: the body passes its own limit.
      message.emit("data", endless)
    })
  )
  return counted
}

const endless = Object.defineProperty(new Uint8Array(), "length", { value: Number.POSITIVE_INFINITY })

const refused = Effect.suspend(() =>
  PublicError.handle(
    Effect.fail(
      new BoundaryError({
        boundary: "server",
        reason: new Overloaded({
          message: "the bodies of all requests together are as large as they may be",
          retryAfter: Duration.seconds(1),
          queued: 0
        })
      })
    )
  )
)
