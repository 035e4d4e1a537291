/**
 * Node's HTTP server, as a `Server` wants it.
 */
import type * as Http from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as RequestId from "../RequestId.ts"

/** The CommonJS module: importing `node:http` as ESM evaluates its lazy exports, and with them all of undici. */
const http: typeof Http = process.getBuiltinModule("node:http")

export interface Options {
  /** How long a client may take for a request's headers. */
  readonly headersTimeout: Duration.Duration
  /** How long a client may take for a whole request. */
  readonly requestTimeout: Duration.Duration
  /** How long an idle connection is kept. */
  readonly keepAlive: Duration.Duration
  /** How long a client may take nothing at all of what waits for it. Default: 60 seconds, as it is of streams. */
  readonly readLimit?: Duration.Duration | undefined
  /** The most that a request's line and headers may have, in bytes. Default: 16 KiB, as Node has it. */
  readonly maxHeaders?: number | undefined
  /** How many connections may be open. Default: 10,000. */
  readonly maxConnections?: number | undefined
}

/** A server that answers even what is not HTTP in the form of all its errors. */
export const make = (options: Options): Http.Server => {
  const limits = limitsOf(options)
  const server = http.createServer({
    ...limits,
    // Node looks only now and then, every 30 seconds by default.
    connectionsCheckingInterval: Math.min(limits.headersTimeout || 5000, limits.requestTimeout || 5000, 5000),
    // Node would refuse what has no host with an empty body.
    requireHostHeader: false,
    // All of Node's limits end with an upgrade, so only who can have one gets it; others are served as ever.
    shouldUpgradeCallback: isHandshake,
    maxHeaderSize: options.maxHeaders ?? 16 * 1024
  })
  limitConnections(server, options.maxConnections ?? 10_000)
  server.on("clientError", refuse)
  server.on("upgrade", (_, socket) => socket.once("finish", () => linger(socket)))
  server.setTimeout(Duration.toMillis(options.readLimit ?? "60 seconds"), endUnread)
  // Nothing but `100-continue` can be expected; who expects more is served as ever (RFC 9110, section 10.1.1).
  server.on("checkExpectation", (request, response) => server.emit("request", request, response))
  return server
}

type Limits = Pick<Options, "headersTimeout" | "keepAlive" | "requestTimeout">

/** What can be changed while it serves. */
export const configure = (server: Http.Server, limits: Limits): void => void Object.assign(server, limitsOf(limits))

/** As Node takes them: headers are a part of the request, so they have no longer than it has. */
const limitsOf = ({ headersTimeout, keepAlive, requestTimeout }: Limits) => ({
  headersTimeout: millisOf(Duration.min(headersTimeout, requestTimeout)),
  requestTimeout: millisOf(requestTimeout),
  keepAliveTimeout: millisOf(keepAlive)
})

/** Node counts in whole milliseconds, and 0 is without a limit. */
const millisOf = (duration: Duration.Duration): number =>
  Duration.isFinite(duration) ? Math.ceil(Duration.toMillis(duration)) : 0

/** Without a body, since Node would leave that to whoever upgrades (RFC 6455, section 4.1). */
const isHandshake = ({ headers, method }: Http.IncomingMessage): boolean =>
  method === "GET" &&
  headers["transfer-encoding"] === undefined &&
  (headers["content-length"] === undefined || headers["content-length"] === "0")

/**
 * A connection on which nothing moves may wait for an answer; one that has an answer for
 * its client may not. Who reads on all the same shall not take what it finds for the whole.
 */
const endUnread = (socket: Socket): void => {
  if (socket.writableLength > 0) socket.resetAndDestroy()
}

/**
 * A client that does not close its side either would keep the connection open for
 * ever. It has a moment, since closing at once takes away what it has not read yet.
 */
const linger = (socket: Duplex): void => {
  socket.resume()
  setTimeout(() => socket.destroy(), 1000).unref()
}

/**
 * Answers what comes over the limit with 503, before any of it is read. Those answers
 * take room too: past {@link refusalsAtOnce} of them a connection is closed unanswered.
 */
const limitConnections = (server: Http.Server, limit: number): void => {
  const accept = server.listeners("connection")
  let open = 0
  server.removeAllListeners("connection")
  server.on("connection", (socket: Socket) => {
    if (open >= limit) return refuseConnection(socket)
    open++
    socket.once("close", () => open--)
    for (const listener of accept) Reflect.apply(listener, server, [socket])
  })
  server.maxConnections = limit + refusalsAtOnce
}

const refusalsAtOnce = 256

const refuseConnection = (socket: Socket): void => {
  // Gone already, as a rule: who was refused need not stay.
  socket.on("error", () => {})
  const message = "this server has as many connections as it takes"
  socket.end(
    answer("503 Service Unavailable", "service_unavailable_error", "too_many_connections", message, [
      "x-should-retry: true",
      "retry-after: 1"
    ]),
    () => linger(socket)
  )
}

const refuse = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  // A connection that is gone, or whose answer has begun, takes no other answer.
  if (error.code === "ECONNRESET" || !socket.writable || hasAnswered(socket)) {
    socket.destroy()
    return
  }
  const [status, code, message] = problems[error.code ?? ""] ?? malformed
  socket.end(answer(status, "invalid_request_error", code, message, ["x-should-retry: false"]), () => linger(socket))
}

/** A whole answer, behind which the connection ends. */
const answer = (
  status: string,
  type: string,
  code: string,
  message: string,
  headers: ReadonlyArray<string>
): string => {
  const body = JSON.stringify({ error: { message, type, param: null, code } })
  const head = [
    `HTTP/1.1 ${status}`,
    "connection: close",
    "content-type: application/json",
    ...headers,
    `x-request-id: ${RequestId.make()}`,
    `content-length: ${Buffer.byteLength(body)}`
  ]
  return `${head.join("\r\n")}\r\n\r\n${body}`
}

const malformed = ["400 Bad Request", "malformed_request", "the request is not valid HTTP"] as const

const problems: Readonly<Record<string, readonly [string, string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "headers_too_large",
    "the request's headers are larger than is allowed"
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "request_timeout", "the request did not arrive in time"]
}

/** Node keeps the answer that a socket is busy with in a field of its own. */
const hasAnswered = (socket: Duplex): boolean => {
  const message: unknown = "_httpMessage" in socket ? socket._httpMessage : undefined
  return typeof message === "object" && message !== null && "headersSent" in message && message.headersSent === true
}

/** Takes no new connections, and closes the idle ones. */
export const stopListening = (server: Http.Server): Effect.Effect<void> =>
  Effect.sync(() => {
    if (server.listening) server.close()
    server.closeIdleConnections()
  })

/** Ends every connection: those that still send a last answer get a moment for it. */
export const endConnections = (server: Http.Server): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    server.closeIdleConnections()
    server.getConnections((_, count) => {
      if (count === 0) resume(Effect.void)
      else server.once("close", () => resume(Effect.void))
    })
  }).pipe(
    Effect.timeoutOrElse({ duration: lastAnswer, orElse: () => Effect.void }),
    Effect.andThen(Effect.sync(() => server.closeAllConnections()))
  )

const lastAnswer = Duration.millis(500)
