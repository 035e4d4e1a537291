/** What an upstream over raw sockets does wrong, and what each must become with every client. */
import type * as Net from "node:net"

/** A fault: what is done to a request's socket, and what is known of the failure. */
export interface Fault {
  readonly answer: (socket: Net.Socket) => void
  readonly reason: Readonly<Record<string, unknown>>
  /** Of the evidence: the status, where there was an answer. */
  readonly status?: number
  /** Whether the upstream falls silent, so that only a limit ends the call. */
  readonly stalls?: true
}

const head = (status: number, headers: Readonly<Record<string, string | number>>): string =>
  `HTTP/1.1 ${status} X\r\n${Object.entries({ connection: "close", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`

const whole =
  (status: number, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}) =>
  (socket: Net.Socket): void => {
    const bytes = Buffer.from(body)
    socket.write(head(status, { "content-type": "application/json", "content-length": bytes.length, ...headers }))
    socket.end(bytes)
  }

const malformed = (issue: string, status = 200) => ({
  reason: { _tag: "MalformedResponse", issue, seenIn: "body" },
  status
})

export const faults: Readonly<Record<string, Fault>> = {
  "reset before an answer": {
    answer: (socket) => void socket.resetAndDestroy(),
    reason: { _tag: "ConnectionLost", phase: "headers", seenIn: "socket" }
  },
  "closed before an answer": {
    answer: (socket) => void socket.end(),
    reason: { _tag: "ConnectionLost", phase: "headers" }
  },
  "not HTTP": {
    answer: (socket) => void socket.end("SSH-2.0-OpenSSH_9.6\r\n"),
    reason: { _tag: "Protocol", seenIn: "socket" }
  },
  "no answer": {
    answer: () => undefined,
    reason: { _tag: "Timeout", phase: "headers" },
    stalls: true
  },
  "a stalled body": {
    answer: (socket) => void socket.write(`${head(200, { "content-length": 100 })}{"a":`),
    reason: { _tag: "Timeout", phase: "body" },
    status: 200,
    stalls: true
  },
  "a stalled body of an error": {
    answer: (socket) => void socket.write(`${head(429, { "content-length": 100, "retry-after": 3 })}{"error":`),
    reason: { _tag: "RateLimited", seenIn: "status" },
    status: 429,
    stalls: true
  },
  "reset in the body": {
    answer: (socket) =>
      void socket.write(`${head(200, { "content-length": 100 })}{"a":`, () =>
        setImmediate(() => socket.resetAndDestroy())
      ),
    reason: { _tag: "ConnectionLost", phase: "body" },
    status: 200
  },
  "a body shorter than promised": {
    answer: (socket) => void socket.end(`${head(200, { "content-length": 100 })}{"a":`),
    reason: { _tag: "ConnectionLost", phase: "body", bytesPromised: 100, bytesReceived: 5 },
    status: 200
  },
  "an empty body": { answer: whole(200, ""), ...malformed("empty") },
  "no content": { answer: (socket) => void socket.end(head(204, {})), ...malformed("empty", 204) },
  "a page": {
    answer: whole(200, "<!doctype html><title>Log in</title>", { "content-type": "text/html" }),
    ...malformed("not-json")
  },
  "a page that claims to be JSON": { answer: whole(200, "<html><body>Log in</body></html>"), ...malformed("not-json") },
  "a text": { answer: whole(200, '"hello"', { "content-type": "application/xml" }), ...malformed("not-json") },
  "truncated JSON": { answer: whole(200, '{"a":[1,2'), ...malformed("truncated") },
  "JSON that breaks in its middle": { answer: whole(200, '{"a":1,,"b":2}'), ...malformed("not-json") },
  "two answers": { answer: whole(200, "{}{}"), ...malformed("trailing") },
  "bytes that are not UTF-8": { answer: whole(200, Uint8Array.of(0x22, 0xff, 0xfe, 0x22)), ...malformed("encoding") },
  "an unknown charset": {
    answer: whole(200, "{}", { "content-type": "application/json; charset=klingon" }),
    ...malformed("encoding")
  },
  "a body that is not compressed as it claims": {
    answer: whole(200, Uint8Array.of(0xff, 0xfe, 0xfd, 0xfc), { "content-encoding": "gzip" }),
    ...malformed("encoding")
  },
  "too large": { answer: whole(200, JSON.stringify("x".repeat(200_000))), ...malformed("too-large") },
  "an error inside a success": {
    answer: whole(200, '{"error":{"code":"internal_server_error","message":"it broke"}}'),
    reason: { _tag: "ProviderFault", seenIn: "body", message: "it broke" },
    status: 200
  },
  "a redirect to nowhere": {
    answer: (socket) => void socket.end(head(304, {})),
    reason: { _tag: "Configuration", seenIn: "status" },
    status: 304
  },
  "a bad request": {
    answer: whole(400, '{"message":"no such field","code":"E1"}'),
    reason: { _tag: "InvalidRequest", message: "no such field", code: "E1", seenIn: "status" },
    status: 400
  },
  "too many requests": {
    answer: whole(429, '{"detail":"slow down"}', { "retry-after": "7" }),
    reason: { _tag: "RateLimited", message: "slow down" },
    status: 429
  },
  "a gateway's page": {
    answer: whole(503, "no healthy upstream", { server: "envoy", "content-type": "text/plain" }),
    reason: { _tag: "Gateway", gateway: "envoy", flag: "no-healthy-upstream" },
    status: 503
  }
}
