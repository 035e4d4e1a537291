/**
 * A stream of server-sent events as an answer.
 *
 * Nothing is sent before the first event is there, so that a stream which fails at
 * once is answered with its status. One that fails later ends with an error event
 * and then normally, since breaking the connection would lose that event.
 *
 * On Node the events are written to the `ServerResponse` itself, which takes a tenth
 * less CPU than a body stream does. That happens in a pre-response handler: by then
 * every middleware has had its say on the headers. A client that reads nothing for a
 * minute while events wait for it loses its connection, and the stream is interrupted.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as HttpEffect from "effect/http/HttpEffect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { hasProperty } from "effect/Predicate"
import * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ServerResponse } from "node:http"
import * as PublicError from "../PublicError.ts"

/** The last event of a stream that came to its proper end. */
const done = "data: [DONE]\n\n"

/** The text of events, as many as there are at a time. */
export type Events<E> = Pull.Pull<NonEmptyReadonlyArray<string>, E>

/** Answers with events, each a whole one as text. Fails with what the stream fails with before its first event. */
export const respond = <E, R>(
  events: Stream.Stream<string, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest | Scope.Scope> =>
  Effect.flatMap(Stream.toPull(events), (pull) => Effect.flatMap(first(pull), (events) => respondWith(events, pull)))

/** The first events of a stream; none where it ends without any. */
export const first = <E>(pull: Events<E>): Effect.Effect<ReadonlyArray<string>, E> =>
  Pull.catchDone(pull, () => Effect.succeed([]))

/** As {@link respond}, for a stream whose first events are there, and with headers of its own. */
export const respondWith = <E>(
  first: ReadonlyArray<string>,
  pull: Events<E>,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest> =>
  Effect.map(Effect.context<HttpServerRequest>(), (context) => {
    const response = serverResponseOf(Context.get(context, HttpServerRequest))
    const options = {
      contentType: "text/event-stream; charset=utf-8",
      // Proxies that buffer would turn a stream into one late answer.
      headers: { "cache-control": "no-cache", "x-accel-buffering": "no", ...headers }
    }
    if (response === undefined) return HttpServerResponse.stream(bodyOf(first, pull, context), options)
    HttpEffect.appendPreResponseHandlerUnsafe(context, (_, answer) =>
      Effect.as(Effect.provideContext(send(response, answer, first, pull), context), answer)
    )
    return HttpServerResponse.empty({
      status: 200,
      headers: { ...options.headers, "content-type": options.contentType }
    })
  })

const serverResponseOf = (request: HttpServerRequest): ServerResponse | undefined => {
  const response: unknown = NodeHttpServerRequest.toServerResponse(request)
  return isServerResponse(response) ? response : undefined
}

const isServerResponse = (u: unknown): u is ServerResponse => hasProperty(u, "writeHead") && hasProperty(u, "write")

const send = <E>(
  response: ServerResponse,
  answer: HttpServerResponse.HttpServerResponse,
  first: ReadonlyArray<string>,
  pull: Events<E>
): Effect.Effect<void> => {
  const cookies = Cookies.toSetCookieHeaders(answer.cookies)
  const rest = Effect.forever(
    Effect.flatMap(pull, (events) => write(response, events)),
    { disableYield: true }
  )
  return Effect.suspend(() => {
    response.writeHead(answer.status, { ...answer.headers, ...(cookies.length > 0 && { "set-cookie": cookies }) })
    return first.length === 0 ? rest : Effect.andThen(write(response, first), rest)
  }).pipe(
    Effect.interruptible,
    Effect.catchCause((cause) =>
      response.destroyed ? Effect.void : Effect.map(lastOf(cause), (text) => response.end(text))
    )
  )
}

/** How a stream ends, whether well, by a failure or by the end of the server. */
const lastOf = (cause: Cause.Cause<unknown>): Effect.Effect<string> =>
  Pull.isDoneCause(cause)
    ? Effect.succeed(done)
    : Effect.map(PublicError.reported(cause, { isDeclared: true }), PublicError.toEvent)

const write = (response: ServerResponse, events: ReadonlyArray<string>): Effect.Effect<void> => {
  if (response.destroyed) return Effect.interrupt
  return response.write(events.length === 1 ? events[0] : events.join("")) ? Effect.void : drained(response)
}

/** How long a client may read nothing at all of what waits for it. Idle limits of upstreams are as long. */
const readLimit = "60 seconds"

/** Waits for a client that reads more slowly than the events come, and gives up one that does not read. */
const drained = (response: ServerResponse): Effect.Effect<void> =>
  Effect.timeoutOrElse(resumed(response), {
    duration: readLimit,
    orElse: () =>
      Effect.andThen(
        Effect.sync(() => response.destroy()),
        Effect.interrupt
      )
  })

const resumed = (response: ServerResponse): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const onResumed = () => resume(Effect.void)
    response.once("drain", onResumed)
    response.once("close", onResumed)
    return Effect.sync(() => {
      response.off("drain", onResumed)
      response.off("close", onResumed)
    })
  })

const bodyOf = <E>(
  first: ReadonlyArray<string>,
  pull: Events<E>,
  context: Context.Context<HttpServerRequest>
): Stream.Stream<Uint8Array> =>
  Stream.fromIterable(first).pipe(
    Stream.concat(Stream.fromPull(Effect.succeed(pull))),
    Stream.concat(Stream.succeed(done)),
    Stream.catchCause((cause) => Stream.fromEffect(lastOf(cause))),
    Stream.provideContext(context),
    Stream.encodeText
  )
