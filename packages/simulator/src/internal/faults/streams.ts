/** Event streams that are not what their protocol says. */
import * as Reply from "../../Reply.ts"
import { broken, type Fault, failure, filler, midway, ofStreams, type Parameter, serverError, table } from "./fault.ts"

const size: Parameter = { description: "the size of the event", default: 67_108_864, min: 1, max: 1_073_741_824 }

/** An event of so many bytes, in pieces. */
const huge = (bytes: number, ending: string): ReadonlyArray<string> => [
  'data: {"padding":"',
  ...filler("x", bytes),
  ending
]

const isDone = (piece: string): boolean => piece === Reply.event("[DONE]")

export const streams: ReadonlyArray<Fault> = table("stream", [
  {
    name: "cut-stream",
    description: "a stream that ends early and cleanly, without its end; any other body shorter than promised",
    reply: (right) => broken(right, right.kind === "stream" ? "end" : "cut")
  },
  {
    name: "stream-error",
    description: "an error event after some tokens; any other call gets 500",
    reply: (right) =>
      right.kind === "stream" ? broken(right, "end", [failure(right, 3)]) : Reply.problem(500, serverError)
  },
  {
    name: "stream-reset",
    description: "resets the connection inside an event; inside the body of any other answer",
    reply: (right) => broken(right, "reset", right.kind === "stream" ? ['data: {"id":'] : [])
  },
  {
    name: "error-first",
    description: "a stream whose first event is an error; any other call gets 500",
    reply: (right) =>
      right.kind === "stream" ? { ...right.reply, body: [failure(right, 0)] } : Reply.problem(500, serverError)
  },
  ofStreams("empty-stream", "a stream without any event", () => [""]),
  ofStreams("comments-only", "a stream of comments alone", () => [": waiting\n\n", ": waiting\n\n"]),
  ofStreams("done-only", "a stream that says [DONE] and nothing else", () => [Reply.event("[DONE]")]),
  midway("cut-event", "a stream that ends cleanly, but inside an event", ([next = ""]) => [next.slice(0, 24)]),
  midway("cut-character", "a stream that ends cleanly, but inside a character", () => [
    'data: {"id":"',
    Buffer.from("\u2713").subarray(0, 2)
  ]),
  midway("malformed-event", "a stream with an event that is not JSON", (rest) => ['data: {"id":\n\n', ...rest]),
  midway("wrong-event", "a stream with an event whose JSON is no event", (rest) => ["data: [null]\n\n", ...rest]),
  midway("text-event", "a stream with an event that is a sentence", (rest) => [
    "data: Internal Server Error\n\n",
    ...rest
  ]),
  midway("html-event", "a stream that turns into the page of a proxy", () => [
    "<html>\n<head><title>504 Gateway Time-out</title></head>\n<body></body>\n</html>\n"
  ]),
  ofStreams(
    "no-finish",
    "a stream to its end, but without a finish reason or the event that says it is complete",
    (pieces, right) => pieces.filter((piece) => right.events?.isFinal(piece) !== true)
  ),
  ofStreams("no-done", "a stream with its finish reason, but without [DONE] where there has to be one", (pieces) =>
    pieces.filter((piece) => !isDone(piece))
  ),
  ofStreams("after-done", "a stream that goes on behind its end", (pieces) => [
    ...pieces,
    pieces[0] ?? "",
    pieces.at(-1) ?? ""
  ]),
  ofStreams("error-before-done", "a whole stream with an error event before its end", (pieces, right) => {
    const at = pieces.findLastIndex((piece) => right.events?.isFinal(piece) === true)
    return [...pieces.slice(0, at), failure(right, at), ...pieces.slice(at)]
  }),
  midway("rate-limited-event", "a stream that ends in an event that says the rate limit is reached", (rest, right) => [
    failure(right, right.reply.body.length - rest.length, {
      type: "requests",
      code: "rate_limit_exceeded",
      message: "Rate limit reached on requests per min."
    })
  ]),
  midway("overloaded-event", "a stream that ends in Anthropic's event of being overloaded", () => [
    Reply.event({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "error")
  ]),
  {
    ...midway("huge-event", "a stream with an event larger than anybody can need", (rest, _, { value }) => [
      ...huge(value("bytes"), '"}\n\n'),
      ...rest
    ]),
    parameters: { bytes: size }
  },
  {
    ...midway("endless-line", "a stream with a line that does not end", (_, __, { value }) => huge(value("bytes"), "")),
    parameters: { bytes: size }
  },
  {
    ...midway(
      "stall-comments",
      "some events, and then only comments that keep the connection alive",
      (_, __, { value }) => Array.from({ length: value("comments") }, () => ": still there\n\n"),
      "stall"
    ),
    parameters: { comments: { description: "how many comments come", default: 3, min: 0, max: 100_000 } }
  }
])
