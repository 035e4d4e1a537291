/** What happens to a connection: refused in words that are not HTTP, broken, or silent. */
import type { Answer } from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import { always, broken, bytesOf, type Fault, page, raw, table, withBody } from "./fault.ts"

const lines = (...lines: ReadonlyArray<string>): string => `${lines.join("\r\n")}\r\n`

/** A body whose length the head states wrongly by so many bytes. */
const misstated = (difference: number, name: string, description: string) => ({
  name,
  description,
  kinds: ["json", "binary"] as const,
  reply: (right: Answer): Reply.Reply => ({
    ...withBody(right, bytesOf(right), { "content-length": String(bytesOf(right).length + difference) }),
    ending: "cut"
  })
})

export const connections: ReadonlyArray<Fault> = table("connection", [
  always("stall", "accepts the request and never answers", Reply.silence),
  {
    name: "stall-body",
    description: "headers and a part of the body, then silence",
    reply: (right) => broken(right, "stall")
  },
  always(
    "stall-headers",
    "a part of the headers, then silence",
    raw(["HTTP/1.1 200 OK\r\ncontent-type: applica"], "stall")
  ),
  always("stall-error-body", "500 with a part of its body, then silence", {
    head: { status: 500, headers: { "content-type": "application/json" } },
    body: ['{"error":{"message":"The server'],
    ending: "stall"
  }),
  always("stall-after-head", "the headers of a success, then silence", {
    head: { status: 200, headers: { "content-type": "application/json" } },
    body: [],
    ending: "stall"
  }),
  always("reset", "resets the connection before any answer", Reply.reset),
  always("close", "closes the connection before any answer", raw([])),
  always(
    "half-close",
    "closes its direction of the connection before any answer, and goes on listening",
    raw([], "half-close")
  ),
  always(
    "reset-headers",
    "resets the connection in the middle of the headers",
    raw(["HTTP/1.1 200 OK\r\ncont"], "reset")
  ),
  {
    name: "reset-body",
    description: "resets the connection in the middle of the body; of a stream between two events",
    reply: (right) => broken(right, "reset")
  },
  {
    name: "close-body",
    description: "closes the connection in the middle of the body; of a stream between two events",
    reply: (right) => broken(right, "cut")
  },
  {
    name: "half-close-body",
    description: "closes its direction of the connection in the middle of the body, and goes on listening",
    reply: (right) => broken(right, "half-close")
  },
  always("reset-error-body", "500 whose connection is reset in the middle of its body", {
    head: { status: 500, headers: { "content-type": "application/json", "content-length": "4096" } },
    body: ['{"error":{"message":"The server failed while'],
    ending: "reset"
  }),
  misstated(100, "length-too-long", "200 that promises 100 bytes more than come before the connection is closed"),
  misstated(-10, "length-too-short", "200 that promises 10 bytes less than come"),
  always("not-http", "answers with something that is not HTTP", raw(["SSH-2.0-OpenSSH_9.9\r\n"])),
  always("no-head", "answers with a page and no head, as HTTP/0.9 did", raw([page("It works", "Welcome.")])),
  always(
    "tls-on-plain",
    "answers with the alert of a TLS server",
    raw([Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0a])])
  ),
  always("bad-status-line", "a status that is no number", raw([lines("HTTP/1.1 OK 200", "content-length: 0", "")])),
  always(
    "bad-header",
    "a header with a control character in its name",
    raw([lines("HTTP/1.1 200 OK", "content-\u0001type: application/json", "content-length: 2", "", "{}")])
  ),
  always(
    "two-lengths",
    "two lengths that contradict each other",
    raw([lines("HTTP/1.1 200 OK", "content-length: 2", "content-length: 20", "", "{}")])
  ),
  {
    name: "bad-chunk",
    description: "a chunk whose size is no number, in the middle of the body",
    reply: (right) => {
      const piece = Buffer.from(right.reply.body[0] ?? "").subarray(0, 64)
      const type = right.reply.head?.headers["content-type"] ?? "application/json"
      const head = lines("HTTP/1.1 200 OK", `content-type: ${type}`, "transfer-encoding: chunked", "")
      return raw([head, `${piece.length.toString(16)}\r\n`, piece, "\r\nnonsense\r\nmore\r\n"])
    }
  },
  {
    name: "huge-headers",
    description: "headers larger than clients take",
    parameters: { bytes: { description: "the size of the header", default: 262_144, min: 1, max: 16_777_216 } },
    reply: (_, { value }) =>
      raw([lines("HTTP/1.1 200 OK", `x-simulated: ${"x".repeat(value("bytes"))}`, "content-length: 2", "", "{}")])
  },
  {
    name: "redirect-loop",
    description: "307 that leads to the same address, for ever",
    reply: (_, { url }) => ({
      head: { status: 307, headers: { location: url, "content-length": "0" } },
      body: [""],
      ending: "end"
    })
  },
  {
    name: "redirect",
    description: "308 to another address, which is not there",
    reply: (_, { url }) => ({
      head: { status: 308, headers: { location: `${url}/moved`, "content-length": "0" } },
      body: [""],
      ending: "end"
    })
  },
  always(
    "upgrade",
    "101 to another protocol, which nobody asked for",
    raw([lines("HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: upgrade", "")])
  )
])
