/**
 * One call over HTTP: encoded, sent, and its answer read as it comes. Whatever stands
 * in for an answer ends as a `BoundaryError`, and within the time that the server may
 * be silent.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpClient from "effect/http/HttpClient"
import { type HttpClientError, isHttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import { hasProperty } from "effect/Predicate"
import * as Pull from "effect/Pull"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { BoundaryError } from "../../BoundaryError.ts"
import * as RemoteProtocol from "../../RemoteProtocol.ts"
import * as failures from "./failures.ts"
import * as Lines from "./lines.ts"

/** The way to a server. */
export interface Way {
  readonly boundary: string
  readonly http: HttpClient.HttpClient
  readonly url: string
  readonly token: Redacted.Redacted<string> | undefined
  readonly silence: Duration.Duration
  /** In characters. */
  readonly longest: number
}

/** Who takes what comes. */
export interface Sink {
  /** Waits until there is room. */
  readonly chunk: (values: NonEmptyReadonlyArray<unknown>) => Effect.Effect<void>
  readonly exit: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

/** Makes a call. */
export const exchange = (
  way: Way,
  codecs: RemoteProtocol.Codecs,
  request: RemoteProtocol.Request,
  sink: Sink
): Effect.Effect<void, BoundaryError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const payload = yield* Effect.mapError(codecs.encodePayload(request.payload), (issue) =>
        failures.undecodable(way.boundary, "request", issue)
      )
      const body = yield* bodyOf(way, { ...request, payload })
      const response = yield* withinSilence(way, send(way, body))
      if (response.status !== 200 || !isOfContract(response)) {
        return yield* Effect.flatMap(beginningOf(way, response), (text) =>
          Effect.fail(
            failures.ofAnswer(way.boundary, { ...answerOf(response), text, hasToken: way.token !== undefined })
          )
        )
      }
      yield* sink.exit(yield* receive(way, codecs, request, response, sink))
    })
  )

const bodyOf = ({ boundary }: Way, message: RemoteProtocol.Request): Effect.Effect<string, BoundaryError> => {
  try {
    return Effect.succeed(RemoteProtocol.line(message))
  } catch {
    return Effect.fail(failures.undecodable(boundary, "request", "it is nested too deeply"))
  }
}

const send = (way: Way, body: string): Effect.Effect<HttpClientResponse, BoundaryError> => {
  const request = HttpClientRequest.post(way.url, { headers: { accept: RemoteProtocol.contentType } }).pipe(
    HttpClientRequest.bodyText(body, RemoteProtocol.contentType),
    (plain) => (way.token === undefined ? plain : HttpClientRequest.bearerToken(plain, Redacted.value(way.token)))
  )
  return Effect.mapError(way.http.execute(request), lost(way, false))
}

const lost =
  ({ boundary }: Way, hasBegun: boolean) =>
  (error: HttpClientError): BoundaryError =>
    failures.ofTransport(boundary, "cause" in error.reason ? error.reason.cause : error, hasBegun)

const withinSilence = <A, E, R>(way: Way, self: Effect.Effect<A, E, R>): Effect.Effect<A, E | BoundaryError, R> =>
  Effect.timeoutOrElse(self, {
    duration: way.silence,
    orElse: () => Effect.fail(failures.unresponsive(way.boundary, way.silence))
  })

const isOfContract = ({ headers }: HttpClientResponse): boolean =>
  /^application\/(?:x-)?ndjson\b/i.test(headers["content-type"] ?? "")

const answerOf = ({ headers, status }: HttpClientResponse) => ({ headers, status })

const looked = 8192

/** Enough of a body to tell whose it is; what cannot be read of it is not. */
const beginningOf = (way: Way, response: HttpClientResponse): Effect.Effect<string> =>
  response.stream.pipe(
    Stream.decodeText,
    Stream.scan(
      () => "",
      (text: string, more: string) => text + more
    ),
    Stream.takeUntil((text) => text.length >= looked),
    Stream.runLast,
    Effect.timeout(way.silence),
    Effect.match({
      onFailure: () => "",
      onSuccess: (last) => (last._tag === "Some" ? last.value.slice(0, looked) : "")
    })
  )

type Bytes = Effect.Effect<ReadonlyArray<Uint8Array> | undefined, BoundaryError>

/** Reads an answer to its end, and gives what the call ended with. */
const receive = (
  way: Way,
  codecs: RemoteProtocol.Codecs,
  request: RemoteProtocol.Request,
  response: HttpClientResponse,
  sink: Sink
): Effect.Effect<Exit.Exit<unknown, unknown>, BoundaryError, Scope.Scope> =>
  Effect.gen(function* () {
    const pull = yield* Stream.toPull(response.stream)
    const next: Bytes = withinSilence(
      way,
      Pull.catchDone(Effect.mapError(pull, orDone(lost(way, true))), () => Effect.undefined)
    )
    const lines = Lines.make(way.longest)
    for (;;) {
      const bytes = yield* next
      if (bytes === undefined) return yield* Effect.fail(endOf(way, lines.rest()))
      for (const part of bytes) {
        const whole = lines.push(part)
        if (whole === undefined) return yield* tooLong(way)
        for (const text of whole) {
          const message = yield* messageOf(way, text)
          if (message._tag === "Exit") {
            const exit = yield* isAcknowledged(request, message)
              ? Exit.succeed(Exit.void)
              : orUndecodable(way, codecs.decodeExit(message.exit), message.exit)
            yield* finish(next)
            return exit
          }
          yield* Effect.flatMap(orUndecodable(way, codecs.decodeChunk(message.values), message.values), sink.chunk)
        }
      }
    }
  })

/** The success of a call whose result nobody wants has no value. */
const isAcknowledged = ({ discard }: RemoteProtocol.Request, { exit }: RemoteProtocol.Exit): boolean =>
  discard === true && hasProperty(exit, "_tag") && exit._tag === "Success"

/** A pull that is done fails with a value that is no error. */
const orDone =
  (map: (error: HttpClientError) => BoundaryError) =>
  <E>(error: HttpClientError | E): BoundaryError | E =>
    isHttpClientError(error) ? map(error) : error

/** A connection whose answer was read to its end can be used again. */
const finish = (next: Bytes): Effect.Effect<void> =>
  Effect.ignore(Effect.timeout(Effect.repeat(next, { until: (bytes) => bytes === undefined }), "1 second"))

const tooLong = (way: Way): Effect.Effect<never, BoundaryError> =>
  Effect.fail(failures.undecodable(way.boundary, "response", `a message is longer than ${way.longest} characters`))

const endOf = (way: Way, rest: string): BoundaryError =>
  rest.trim() === "" || rest.startsWith('{"_tag":')
    ? failures.cutOff(way.boundary)
    : failures.undecodable(way.boundary, "response", "the answer is not of a contract", rest.slice(0, looked))

const messageOf = (way: Way, text: string): Effect.Effect<RemoteProtocol.Response, BoundaryError> => {
  const message = parsed(text)
  return RemoteProtocol.isResponse(message)
    ? Effect.succeed(message)
    : Effect.fail(
        failures.undecodable(way.boundary, "response", "a line that is no message of a contract", text.slice(0, looked))
      )
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const orUndecodable = <A>(way: Way, self: Effect.Effect<A, string>, raw: unknown): Effect.Effect<A, BoundaryError> =>
  Effect.mapError(self, (issue) => failures.undecodable(way.boundary, "response", issue, raw))
