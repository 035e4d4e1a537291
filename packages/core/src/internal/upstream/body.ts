/** The body of an answer, collected within bounds. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Classification from "../../Classification.ts"
import type { UpstreamError } from "../../UpstreamError.ts"
import type { UpstreamReason } from "../../UpstreamReason.ts"
import { type Call, joined } from "./call.ts"
import type { Incoming } from "./incoming.ts"
import { Thrown } from "./iteration.ts"

/** Of an error's body: what came within this time, and no more bytes than these, is the body. */
const patience = "10 seconds"
const most = 65_536

/** Why a body is not read on. */
class Stopped {
  readonly reason: UpstreamReason
  constructor(reason: UpstreamReason) {
    this.reason = reason
  }
}

/** A piece of a body as bytes: clients that were told a charset give text. */
export const bytesOf = (piece: unknown): Uint8Array | undefined =>
  piece instanceof Uint8Array
    ? piece
    : typeof piece === "string"
      ? new TextEncoder().encode(piece)
      : ArrayBuffer.isView(piece)
        ? new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
        : undefined

export const notBytes = (): UpstreamReason =>
  Classification.malformed("wrong-shape", "", "its body does not come in bytes")

/** The whole body. */
export const collected = (call: Call, answer: Incoming): Effect.Effect<Uint8Array, UpstreamError> => {
  const pieces: Array<Uint8Array> = []
  const { maxBody } = call.settings
  const take = (piece: unknown): Effect.Effect<void, Stopped> =>
    Effect.suspend(() => {
      const bytes = bytesOf(piece)
      if (bytes === undefined) return Effect.fail(new Stopped(notBytes()))
      call.received(bytes)
      if (call.bytes > maxBody) {
        const detail = `more than ${maxBody} bytes`
        return Effect.fail(new Stopped(Classification.malformed("too-large", call.body, detail)))
      }
      pieces.push(bytes)
      return Effect.void
    })
  return Stream.runForEach(answer.body, take).pipe(
    Effect.catch((error) =>
      error instanceof Thrown
        ? isEmptyBody(error.value)
          ? Effect.void
          : Effect.fail(call.errorOf(error.value))
        : call.fail({ reason: error.reason })
    ),
    Effect.andThen(Effect.suspend(() => short(call))),
    Effect.andThen(Effect.sync(() => joined(pieces)))
  )
}

/** How `effect/http` says that there is no body. */
const isEmptyBody = (error: unknown): boolean => {
  try {
    const reason: unknown = Reflect.get(Object(error), "reason")
    return Reflect.get(Object(reason), "_tag") === "EmptyBodyError"
  } catch {
    return false
  }
}

/** Clients check a body's length; what stands in for one in a test, or in front of one, need not. */
export const short = (call: Call): Effect.Effect<void, UpstreamError> => {
  const length = call.header("content-length")
  if (length === undefined || !/^\d{1,15}$/.test(length) || call.header("content-encoding") !== undefined) {
    return Effect.void
  }
  return call.bytes < Number(length) && !isBodyless(call)
    ? Effect.suspend(() => Effect.fail(call.errorOf(new TypeError("terminated"))))
    : Effect.void
}

/** An answer to HEAD tells the length of the body that it leaves out. */
const isBodyless = (call: Call): boolean => call.request?.method?.toUpperCase() === "HEAD"

/** Reads the beginning of an error's body. One that stalls, or breaks, ends where it stopped. */
export const beginning = (call: Call, answer: Incoming): Effect.Effect<void> =>
  answer.isRead
    ? Effect.void
    : Stream.runForEachWhile(answer.body, (piece) =>
        Effect.sync(() => {
          const bytes = bytesOf(piece)
          if (bytes !== undefined) call.received(bytes)
          return bytes !== undefined && call.bytes < most
        })
      ).pipe(Effect.timeoutOption(patience), Effect.ignore)
