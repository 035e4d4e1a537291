/** Oddities that are no fault: what a client must take as the success that it is. */
import { brotliCompressSync, gzipSync } from "node:zlib"
import type { Answer } from "../../Answer.ts"
import { bytesOf, type Fault, ofStreams, raw, table, withBody } from "./fault.ts"

/** The bytes of an event with another one of several bytes in a comment, cut inside of that character. */
const split = (text: string): ReadonlyArray<Uint8Array> => {
  const bytes = Buffer.from(text)
  const middle = bytes.findIndex((byte) => byte >= 0x80) + 1
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

const withoutLength = ({ "content-length": _, ...headers }: Readonly<Record<string, string>>) => headers

/** A chunk with an extension, as RFC 9112 allows. */
const chunk = (part: Uint8Array): ReadonlyArray<string | Uint8Array> => [
  `${part.length.toString(16)};simulated=1\r\n`,
  part,
  "\r\n"
]

const headOf = (right: Answer, ...more: ReadonlyArray<string>): string => {
  const headers = Object.entries(withoutLength(right.reply.head?.headers ?? {}))
  return [
    `HTTP/1.1 ${right.reply.head?.status ?? 200} OK`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...more,
    "connection: close",
    "",
    ""
  ].join("\r\n")
}

export const harmless: ReadonlyArray<Fault> = table("harmless", [
  {
    name: "slow",
    description: "the right answer, late: 3 seconds unless told otherwise",
    parameters: {
      millis: { description: "the wait before the answer, in milliseconds", default: 3_000, min: 0, max: 3_600_000 }
    },
    reply: ({ reply }, { value }) => ({ ...reply, wait: value("millis") })
  },
  {
    name: "slow-drip",
    description: "the right answer in 20 pieces, with a wait before each",
    parameters: {
      every: { description: "the wait between two pieces, in milliseconds", default: 50, min: 0, max: 60_000 }
    },
    reply: (right, { value }) => {
      const bytes = bytesOf(right)
      const length = Math.max(1, Math.ceil(bytes.length / 20))
      const count = Math.ceil(bytes.length / length)
      return {
        ...right.reply,
        body: Array.from({ length: count }, (_, index) => bytes.subarray(index * length, (index + 1) * length)),
        pace: value("every")
      }
    }
  },
  {
    name: "byte-by-byte",
    description: "the right answer, each of its first 300 bytes in a write of its own",
    reply: (right) => {
      const bytes = bytesOf(right)
      const single = Array.from(bytes.subarray(0, 300), (byte) => Uint8Array.of(byte))
      return { ...right.reply, body: bytes.length > 300 ? [...single, bytes.subarray(300)] : single }
    }
  },
  {
    name: "bom",
    description: "the right answer behind a byte order mark",
    kinds: ["json", "stream"],
    reply: (right) =>
      right.kind === "stream"
        ? { ...right.reply, body: ["\uFEFF", ...right.reply.body] }
        : withBody(right, Buffer.concat([Buffer.from("\uFEFF"), bytesOf(right)]))
  },
  {
    name: "white-space",
    description: "the right answer between line breaks, as some servers keep a connection alive",
    kinds: ["json"],
    reply: (right) => withBody(right, Buffer.concat([Buffer.from("\n\n\n"), bytesOf(right), Buffer.from("\n")]))
  },
  {
    name: "unknown-member",
    description: "the right answer with a member that nobody knows",
    kinds: ["json"],
    reply: (right) => withBody(right, bytesOf(right).toString().replace(/^\{/, '{"x_simulated":{"deep":[1,[2,[3]]]},'))
  },
  {
    name: "chunked",
    description: "the right answer in chunks, without a length",
    reply: (right) => {
      const bytes = bytesOf(right)
      const half = Math.ceil(bytes.length / 2)
      const chunks = [...chunk(bytes.subarray(0, half)), ...chunk(bytes.subarray(half))]
      return raw([headOf(right, "transfer-encoding: chunked"), ...chunks, "0\r\nx-trailer: simulated\r\n\r\n"])
    }
  },
  {
    name: "until-close",
    description: "the right answer without a length, ended by the close of the connection",
    reply: (right) => raw([headOf(right), bytesOf(right)])
  },
  {
    name: "early-hints",
    description: "the right answer behind a 103 that announces it",
    reply: (right) =>
      raw([
        "HTTP/1.1 103 Early Hints\r\nlink: </simulated>; rel=preload\r\n\r\n",
        headOf(right, `content-length: ${bytesOf(right).length}`),
        bytesOf(right)
      ])
  },
  {
    name: "gzip",
    description: "the right answer, compressed with gzip whether that was asked for or not",
    reply: (right) => withBody(right, gzipSync(bytesOf(right)), { "content-encoding": "gzip" })
  },
  {
    name: "brotli",
    description: "the right answer, compressed with brotli whether that was asked for or not",
    reply: (right) => withBody(right, brotliCompressSync(bytesOf(right)), { "content-encoding": "br" })
  },
  {
    name: "one-write",
    description: "a right stream whose events come all at once",
    kinds: ["stream"],
    reply: (right) => ({ ...right.reply, body: [bytesOf(right)] })
  },
  ofStreams("crlf", "a right stream whose lines end in CR and LF", (pieces) =>
    pieces.map((piece) => piece.replaceAll("\n", "\r\n"))
  ),
  // A parser may wait for what follows a CR, which could be LF: behind the last event there is a comment.
  ofStreams("cr", "a right stream whose lines end in CR", (pieces) =>
    [...pieces, ": end\n\n"].map((piece) => piece.replaceAll("\n", "\r"))
  ),
  ofStreams("comments", "a right stream with comments and pings between its events", (pieces) =>
    pieces.flatMap((piece) => [": SIMULATOR PROCESSING\n\n", piece])
  ),
  ofStreams("split-characters", "a right stream that is cut inside of characters", (pieces) =>
    pieces.flatMap((piece) => split(`: \u2713\n${piece}`))
  ),
  ofStreams("no-space", "a right stream without the space behind each colon", (pieces) =>
    pieces.map((piece) => piece.replace(/^(data|event): /gm, "$1:"))
  ),
  ofStreams("many-lines", "a right stream whose events' data takes several lines", (pieces) =>
    pieces.map((piece) => piece.replace(/^data: \{/m, "data: {\ndata: "))
  ),
  ofStreams("extra-fields", "a right stream with the fields id and retry, and a field that nobody knows", (pieces) =>
    pieces.map((piece, index) => `id: ${index}\nretry: 1000\nx-simulated: 1\n${piece}`)
  ),
  ofStreams("odd-framing", "a right stream with CRLF, comments and split characters", (pieces) =>
    pieces.flatMap((piece) => split(`${piece.trimEnd().replaceAll("\n", "\r\n")}\r\n: \u2713\r\n\r\n`))
  )
])
