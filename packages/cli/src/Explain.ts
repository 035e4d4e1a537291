/**
 * `causeway explain`: a failure that was written down, as a report for people, with
 * what to do about it. Needs none of its classes. It reads
 *
 * - what `Lossless` wrote, such as a message of a queue,
 * - entries of the server's log, as the command prints them or as JSON,
 * - error answers in OpenAI's shape and problems (RFC 9457), and with their head (`curl -i`) those of any API,
 * - answers of a contract over HTTP (`/rpc`), and any other JSON.
 *
 * **Example** (A message of a queue)
 *
 * ```ts
 * import * as Explain from "@causeway/cli/Explain"
 * import * as Lossless from "@causeway/core/Lossless"
 * import * as Result from "effect/Result"
 *
 * const error = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") })
 * const message = JSON.stringify(Lossless.toWire(error, { stack: "drop" }))
 *
 * Result.getOrThrow(Explain.explain(message)) // => "TypeError: fetch failed\n  cause: Error: connect ECONNREFUSED"
 * ```
 */
import { readFile } from "node:fs/promises"
import { text as readAll } from "node:stream/consumers"
import * as Redaction from "@causeway/core/Redaction"
import * as Report from "@causeway/core/Report"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Answer from "./internal/explain/answer.ts"
import { isRecord } from "./internal/explain/lines.ts"
import * as LogEntry from "./internal/explain/logEntry.ts"
import * as Wire from "./internal/explain/wire.ts"
import * as Logfmt from "./internal/logfmt.ts"

/** There is nothing that can be explained. */
export class ExplainError extends Schema.TaggedError<ExplainError>("@causeway/cli/ExplainError")("ExplainError", {
  message: Schema.String
}) {}

/**
 * The reports of a text: one of it as a whole, or one of each line that tells of a
 * failure. A line that cannot be read is named in its place; where no line can, there
 * is nothing to explain. Redacted once more, since the text may come from a writer
 * that did not; characters that a terminal obeys are made visible.
 */
export const explain = (text: string): Result.Result<string, ExplainError> =>
  Result.map(read(text), (report) => Report.visible(Redaction.text(report)))

/** The reports of what a file holds; `-` is the standard input. */
export const run = (file: string): Effect.Effect<string, ExplainError> =>
  Effect.flatMap(
    Effect.tryPromise({
      try: () => (file === "-" ? readAll(process.stdin) : readFile(file, "utf8")),
      catch: (cause) => new ExplainError({ message: cause instanceof Error ? cause.message : String(cause) })
    }),
    (text) => Effect.fromResult(explain(text))
  )

const read = (text: string): Result.Result<string, ExplainError> => {
  const answer = Answer.split(text)
  if (answer !== undefined) return Result.succeed(ofAnswer(answer))
  const whole = parse(text)
  if (Result.isSuccess(whole)) return Result.succeed(ofJson(whole.success))
  const lines = text
    .split("\n")
    .flatMap((line, at): ReadonlyArray<Line> =>
      line.trim() === "" ? [] : [{ number: at + 1, line, read: ofLine(line) }]
    )
  return lines.some(({ read }) => Result.isSuccess(read))
    ? Result.succeed(ofLines(lines))
    : Result.fail(new ExplainError({ message: `${unread}: ${whole.failure}` }))
}

/** A log on a terminal is a report already, and is not read again. */
const unread =
  "that is none of what is explained, which is JSON, an answer of curl -i, or a log of causeway serve" +
  " (JSON or logfmt, as where the standard error is no terminal)"

/** A line, and its report: `undefined` for an entry of a log that tells of no failure. */
interface Line {
  readonly number: number
  readonly line: string
  readonly read: Result.Result<string | undefined, string>
}

/** So many lines that cannot be read are named. */
const mostUnread = 10

const ofLines = (lines: ReadonlyArray<Line>): string => {
  let unread = 0
  let quiet = 0
  const reports = lines.flatMap(({ line, number, read }) => {
    if (Result.isSuccess(read)) {
      if (read.success === undefined) quiet++
      return read.success ?? []
    }
    unread++
    const begin = JSON.stringify(Redaction.text(line).slice(0, 60))
    return unread > mostUnread ? [] : `line ${number} was not read: ${read.failure}, it begins ${begin}`
  })
  if (unread > mostUnread) reports.push(`${unread - mostUnread} more lines were not read`)
  if (quiet > 0) reports.push(`${quiet} ${quiet === 1 ? "line tells" : "lines tell"} of no failure`)
  return reports.join("\n\n")
}

const parse = (text: string): Result.Result<unknown, string> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) =>
      text.trim() === "" ? "it is empty" : Report.visible(Redaction.text(String(cause)).replaceAll(/\s+/g, " "))
  })

const ofAnswer = ({ body, head }: Answer.Whole): string => {
  const error = Answer.errorIn(Result.getOrUndefined(parse(body)))
  // An answer of a contract is a success over HTTP, however its call ended.
  const inside = error === undefined && head.status < 400 ? Result.getOrUndefined(read(body)) : undefined
  return inside ?? Answer.explain(error, body, head)
}

const ofJson = (value: unknown): string => {
  const entry = isRecord(value) ? LogEntry.read(value) : undefined
  if (entry?.failure !== undefined) return entry.failure
  const error = Answer.errorIn(value)
  return error === undefined ? Wire.explain(value) : Answer.explain(error, "")
}

const ofLine = (line: string): Line["read"] => {
  const json = parse(line)
  const pairs = Result.isSuccess(json) ? json.success : Logfmt.parse(line)
  const entry = isRecord(pairs) ? LogEntry.read(pairs) : undefined
  if (entry !== undefined) return Result.succeed(entry.failure)
  return Result.isSuccess(json)
    ? Result.succeed(ofJson(json.success))
    : Result.fail("it is neither JSON nor an entry of a log")
}
