/** Successes that are none: bodies that are not what was asked for. */
import { gzipSync } from "node:zlib"
import * as Reply from "../../Reply.ts"
import {
  always,
  beginning,
  bytesOf,
  type Fault,
  filler,
  page,
  type Parameter,
  serverError,
  table,
  withBody
} from "./fault.ts"

const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`

/** Levels of lists; V8 reads far more of them than most other parsers. */
const levels: Parameter = { description: "levels of lists", default: 50_000, min: 1, max: 1_000_000 }

/** Bytes that are no UTF-8, inside a text. */
const spoilt = (piece: string | Uint8Array): Uint8Array =>
  Buffer.from(
    Buffer.from(piece)
      .toString("latin1")
      .replace(/simulator/, "simul\u00ff\u00fetor"),
    "latin1"
  )

/** A body of white space that does not seem to end. */
const endless = (status: number, contentType: string, bytes: number): Reply.Reply => ({
  head: { status, headers: { "content-type": contentType } },
  body: filler(" ", bytes),
  ending: "end"
})

export const bodies: ReadonlyArray<Fault> = table("body", [
  always("empty", "200 with an empty body", Reply.text(200, "application/json", "")),
  always("blank", "200 with a body of white space", Reply.text(200, "application/json", " \n\n")),
  always("no-content", "204 where a body was asked for", {
    head: { status: 204, headers: {} },
    body: [""],
    ending: "end"
  }),
  always(
    "html",
    "200 with the HTML page of a captive portal",
    Reply.text(200, "text/html; charset=utf-8", page("Sign in", "Accept the terms to use this network."))
  ),
  always("text", "200 with a sentence in plain text", Reply.text(200, "text/plain; charset=utf-8", "Service is up.\n")),
  always("null", "200 whose JSON is null", Reply.json(200, null)),
  always("wrong-shape", "200 whose JSON is not an answer, also where a stream was asked for", Reply.json(200, [null])),
  always("empty-object", "200 whose JSON is an object without members", Reply.json(200, {})),
  always(
    "no-choices",
    "200 whose JSON is an answer without a choice, an item or a vector",
    Reply.json(200, { id: "simulated", object: "list", choices: [], data: [], output: [], results: [] })
  ),
  always(
    "error-in-200",
    "200 whose JSON is an error, also where a stream was asked for",
    Reply.problem(200, serverError)
  ),
  always("error-text-in-200", "200 whose JSON is an error that is only a text", Reply.json(200, { error: "boom" })),
  {
    name: "truncated-json",
    description: "200 whose JSON stops in the middle, although the body ends correctly",
    kinds: ["json", "stream"],
    reply: (right) =>
      right.kind === "stream"
        ? { ...right.reply, body: [...beginning(right), 'data: {"id":"chatcmpl-sim"'] }
        : withBody(right, Buffer.concat(beginning(right).map((piece) => Buffer.from(piece))))
  },
  {
    name: "trailing-text",
    description: "200 whose JSON is followed by other text",
    kinds: ["json"],
    reply: (right) => withBody(right, Buffer.concat([bytesOf(right), Buffer.from("\nwarning: out of memory\n")]))
  },
  {
    name: "two-answers",
    description: "200 with two JSON values in a row",
    kinds: ["json"],
    reply: (right) => withBody(right, Buffer.concat([bytesOf(right), bytesOf(right)]))
  },
  {
    name: "utf-16",
    description: "200 whose JSON is in UTF-16",
    kinds: ["json"],
    reply: (right) =>
      withBody(right, Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(bytesOf(right).toString(), "utf16le")]))
  },
  {
    name: "invalid-utf8",
    description: "200 with bytes that are no UTF-8, inside a text of the answer; of a stream, inside an event",
    kinds: ["json", "stream"],
    reply: (right) =>
      right.kind === "stream"
        ? { ...right.reply, body: right.reply.body.map(spoilt) }
        : withBody(right, spoilt(bytesOf(right)))
  },
  {
    name: "no-content-type",
    description: "200 with the right body and no content type",
    kinds: ["json"],
    reply: (right) => ({
      ...right.reply,
      head: { status: 200, headers: { "content-length": String(bytesOf(right).length) } }
    })
  },
  {
    name: "wrong-content-type",
    description: "200 with the right body in the name of HTML; of a stream in the name of JSON",
    reply: ({ kind, reply }) => ({
      ...reply,
      head: {
        status: reply.head?.status ?? 200,
        headers: { ...reply.head?.headers, "content-type": kind === "stream" ? "application/json" : "text/html" }
      }
    })
  },
  always(
    "broken-gzip",
    "200 that says it is compressed and is not",
    Reply.text(200, "application/json", "{}", { "content-encoding": "gzip" })
  ),
  {
    name: "cut-gzip",
    description: "200 whose compressed body stops in the middle, although the message ends correctly",
    reply: (right) => {
      const bytes = gzipSync(bytesOf(right))
      return withBody(right, bytes.subarray(0, bytes.length / 2), { "content-encoding": "gzip" })
    }
  },
  always(
    "unknown-encoding",
    "200 in a compression that nobody knows",
    Reply.text(200, "application/json", Uint8Array.of(0xf0, 0x28, 0x8c, 0x28, 0x00, 0xff, 0x0a), {
      "content-encoding": "x-simulated"
    })
  ),
  {
    name: "gzip-bomb",
    description: "200 whose small compressed body becomes a very large one",
    parameters: {
      bytes: { description: "the size behind the compression", default: 134_217_728, min: 1, max: 268_435_456 }
    },
    reply: (_, { value }) =>
      Reply.text(200, "application/json", gzipSync(Buffer.alloc(value("bytes"), 0x20)), { "content-encoding": "gzip" })
  },
  {
    name: "oversized",
    description: "200 with a body that does not seem to end, of white space",
    parameters: {
      bytes: { description: "the size of the body", default: 268_435_456, min: 1, max: 17_179_869_184 }
    },
    reply: (_, { value }) => endless(200, "application/json", value("bytes"))
  },
  {
    name: "oversized-error",
    description: "500 with a body that does not seem to end",
    parameters: {
      bytes: { description: "the size of the body", default: 67_108_864, min: 1, max: 17_179_869_184 }
    },
    reply: (_, { value }) => endless(500, "text/plain", value("bytes"))
  },
  {
    name: "deep",
    description: "200 whose JSON is lists in lists in lists",
    parameters: { levels },
    reply: (_, { value }) => Reply.text(200, "application/json", deep(value("levels")))
  },
  {
    name: "deep-error",
    description: "500 whose error holds lists in lists in lists",
    parameters: { levels },
    reply: (_, { value }) =>
      Reply.text(
        500,
        "application/json",
        `{"error":{"message":"The server failed.","type":"server_error","details":${deep(value("levels"))}}}`
      )
  },
  {
    name: "json-for-stream",
    description: "200 with one whole JSON answer where a stream was asked for",
    kinds: ["stream"],
    reply: () =>
      Reply.json(200, {
        id: "chatcmpl-sim",
        object: "chat.completion",
        choices: [{ index: 0, message: { role: "assistant", content: "whole" }, finish_reason: "stop" }]
      })
  },
  {
    name: "stream-for-json",
    description: "200 with an event stream where one JSON answer was asked for",
    kinds: ["json", "binary"],
    reply: () => Reply.events([Reply.event({ id: "simulated", choices: [] }), Reply.event("[DONE]")])
  }
])
