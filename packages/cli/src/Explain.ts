/**
 * `causeway explain`: a failure that was written as JSON, such as a line of a log
 * or a message of a queue, as a report for people. Needs none of its classes.
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
import * as Lossless from "@causeway/core/Lossless"
import * as Redaction from "@causeway/core/Redaction"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { visible } from "./internal/visible.ts"

/** There is nothing that can be explained. */
export class ExplainError extends Schema.TaggedError<ExplainError>("@causeway/cli/ExplainError")("ExplainError", {
  message: Schema.String
}) {}

/**
 * The reports of a text: one of a JSON value, or one of each line where every line
 * that is not empty holds a JSON value of its own. Redacted once more, since the
 * text may come from a writer that did not; control characters are made visible.
 */
export const explain = (text: string): Result.Result<string, ExplainError> => {
  const whole = parse(text)
  if (Result.isSuccess(whole)) return Result.succeed(report(whole.success))
  const lines = text.split("\n").filter((line) => line.trim() !== "")
  const values = Result.all(lines.map(parse))
  if (lines.length > 1 && Result.isSuccess(values)) return Result.succeed(values.success.map(report).join("\n\n"))
  return Result.fail(new ExplainError({ message: `that is no JSON: ${whole.failure}` }))
}

/** The reports of what a file holds; `-` is the standard input. */
export const run = (file: string): Effect.Effect<string, ExplainError> =>
  Effect.flatMap(
    Effect.tryPromise({
      try: () => (file === "-" ? readAll(process.stdin) : readFile(file, "utf8")),
      catch: (cause) => new ExplainError({ message: cause instanceof Error ? cause.message : String(cause) })
    }),
    (text) => Effect.fromResult(explain(text))
  )

const parse = (text: string): Result.Result<unknown, string> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) => (text.trim() === "" ? "it is empty" : Redaction.text(String(cause)).replaceAll(/\s+/g, " "))
  })

const report = (wire: unknown): string => visible(Redaction.text(Lossless.render(wire)))
