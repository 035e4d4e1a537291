/**
 * An answer that is sent as it comes. Nothing is sent before its first piece is there,
 * so that what fails at once is answered with its status.
 *
 * On Node the pieces are written to the `ServerResponse` itself, which takes a tenth
 * less CPU than a body stream does. That happens in a pre-response handler: by then
 * every middleware has had its say on the headers. A client that reads nothing for a
 * minute while pieces wait for it loses its connection, and the stream is interrupted.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as HttpEffect from "effect/http/HttpEffect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { hasProperty, isString } from "effect/Predicate"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import type { ServerResponse } from "node:http"
import * as PublicError from "../PublicError.ts"

/** A part of an answer's body. */
export type Piece = string | Uint8Array

/** The body, as many pieces as there are at a time. */
export type Pieces<E> = Pull.Pull<NonEmptyReadonlyArray<Piece>, E>

/** How an answer looks around its pieces. */
export interface Form {
  /** Default: 200. */
  readonly status?: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** What stands behind the last piece. */
  readonly done: string
  /**
   * What stands behind the last piece where the answer failed later; then the body ends
   * normally, since breaking the connection would lose it. Left out where a body has no
   * way to say so: the connection is broken.
   */
  readonly failed?: ((error: PublicError.PublicError) => string) | undefined
}

/** Answers with a body whose first pieces are there. */
export const respond = <E>(
  first: ReadonlyArray<Piece>,
  pull: Pieces<E>,
  form: Form
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest> =>
  Effect.map(Effect.context<HttpServerRequest>(), (context) => {
    const response = serverResponseOf(Context.get(context, HttpServerRequest))
    const { headers } = form
    if (response === undefined) {
      return HttpServerResponse.stream(bodyOf(first, pull, form, context), {
        status: form.status ?? 200,
        headers,
        contentType: headers["content-type"] ?? "application/octet-stream"
      })
    }
    HttpEffect.appendPreResponseHandlerUnsafe(context, (_, answer) =>
      Effect.as(Effect.provideContext(send(response, answer, first, pull, form), context), answer)
    )
    return HttpServerResponse.empty({ status: form.status ?? 200, headers })
  })

const serverResponseOf = (request: HttpServerRequest): ServerResponse | undefined => {
  const response: unknown = NodeHttpServerRequest.toServerResponse(request)
  return isServerResponse(response) ? response : undefined
}

const isServerResponse = (u: unknown): u is ServerResponse => hasProperty(u, "writeHead") && hasProperty(u, "write")

const send = <E>(
  response: ServerResponse,
  answer: HttpServerResponse.HttpServerResponse,
  first: ReadonlyArray<Piece>,
  pull: Pieces<E>,
  form: Form
): Effect.Effect<void> => {
  const cookies = Cookies.toSetCookieHeaders(answer.cookies)
  const rest = Effect.forever(
    Effect.flatMap(pull, (pieces) => write(response, pieces)),
    { disableYield: true }
  )
  return Effect.suspend(() => {
    response.writeHead(answer.status, { ...answer.headers, ...(cookies.length > 0 && { "set-cookie": cookies }) })
    return first.length === 0 ? rest : Effect.andThen(write(response, first), rest)
  }).pipe(
    Effect.interruptible,
    Effect.catchCause((cause) =>
      response.destroyed
        ? Effect.void
        : Effect.map(lastOf(cause, form), (text) => (text === undefined ? breakOff(response) : response.end(text)))
    )
  )
}

/** How an answer ends, whether well, by a failure or by the end of the server; `undefined`: by breaking off. */
const lastOf = (cause: Cause.Cause<unknown>, { done, failed }: Form): Effect.Effect<string | undefined> =>
  Pull.isDoneCause(cause)
    ? Effect.succeed(done)
    : Effect.map(PublicError.reported(cause, { isDeclared: true }), (error) => failed?.(error))

/** A body without chunks, as HTTP/1.0 has it, ends with its connection: only a reset says that it is not whole. */
const breakOff = (response: ServerResponse): void => {
  if (response.chunkedEncoding || response.socket === null) response.destroy()
  else response.socket.resetAndDestroy()
}

const write = (response: ServerResponse, pieces: ReadonlyArray<Piece>): Effect.Effect<void> => {
  if (response.destroyed) return Effect.interrupt
  return response.write(joined(pieces)) ? Effect.void : drained(response)
}

const joined = (pieces: ReadonlyArray<Piece>): Piece => {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return only
  return pieces.every(isString)
    ? pieces.join("")
    : Buffer.concat(pieces.map((piece) => (isString(piece) ? Buffer.from(piece) : piece)))
}

/** How long a client may read nothing at all of what waits for it. Idle limits of upstreams are as long. */
const readLimit = "60 seconds"

/** Waits for a client that reads more slowly than the pieces come, and gives up one that does not read. */
const drained = (response: ServerResponse): Effect.Effect<void> =>
  Effect.timeoutOrElse(resumed(response), {
    duration: readLimit,
    orElse: () =>
      Effect.andThen(
        Effect.sync(() => breakOff(response)),
        Effect.interrupt
      )
  })

const resumed = (response: ServerResponse): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const leave = () => {
      response.off("drain", onResumed)
      response.off("close", onResumed)
    }
    // Else each wait would leave a listener for the end of the answer.
    const onResumed = () => {
      leave()
      resume(Effect.void)
    }
    response.on("drain", onResumed)
    response.on("close", onResumed)
    return Effect.sync(leave)
  })

const bodyOf = <E>(
  first: ReadonlyArray<Piece>,
  pull: Pieces<E>,
  form: Form,
  context: Context.Context<HttpServerRequest>
): Stream.Stream<Uint8Array, Cause.Done | BrokenOff> =>
  Stream.fromIterable(first).pipe(
    Stream.concat(Stream.fromPull(Effect.succeed(pull))),
    Stream.concat(Stream.succeed(form.done)),
    Stream.catchCause((cause) =>
      Stream.fromEffect(
        Effect.flatMap(lastOf(cause, form), (text) =>
          text === undefined
            ? Effect.fail(new BrokenOff({ message: "the answer was broken off" }))
            : Effect.succeed(text)
        )
      )
    ),
    Stream.provideContext(context),
    Stream.map((piece) => (isString(piece) ? encoder.encode(piece) : piece))
  )

const encoder = new TextEncoder()

/** Ends a body that has no other way to say that it failed; what failed was reported before. */
class BrokenOff extends Data.TaggedError("BrokenOff")<{ readonly message: string }> {}
