/**
 * An entry cannot be made into a bundle: every reason, where it was found, and what
 * to do about it.
 *
 * **Example** (What is said about a package that is missing)
 *
 * ```ts
 * import { BundleError } from "@causeway/cli/BundleError"
 *
 * const error = new BundleError({
 *   entry: "src/worker.ts",
 *   problems: [{ kind: "unresolved", message: 'Could not resolve "left-pad"', at: "src/words.ts:3:17" }]
 * })
 *
 * error.message.split("\n")[1] // => '  Could not resolve "left-pad" (src/words.ts:3:17)'
 * ```
 */
import * as Schema from "effect/Schema"

/** One thing that is in the way. */
export const Problem = Schema.Struct({
  /**
   * `bundler`: esbuild is not installed. `entry`: the entry is missing, or serves nothing. `output`: the bundle
   * cannot be written there. `unresolved`: an import leads nowhere. `native`: a native addon. `file`: code that looks
   * for a file beside itself. `copies`: a package that has to be there once would be there twice. `start`: the bundle
   * does not start, and the entry does. `code`: anything else that the bundler says.
   */
  kind: Schema.Literals(["bundler", "entry", "output", "unresolved", "native", "file", "copies", "start", "code"]),
  /** What is wrong, and what helps. */
  message: Schema.String,
  /** The file, its line and column where they are known. */
  at: Schema.optionalKey(Schema.String)
})

/** One thing that is in the way. */
export type Problem = typeof Problem.Type

/** There is no bundle: nothing was written, unless the kind is `start`. */
export class BundleError extends Schema.TaggedError<BundleError>("@causeway/cli/BundleError")("BundleError", {
  entry: Schema.String,
  problems: Schema.Array(Problem)
}) {
  override get message(): string {
    return [
      `${this.entry} cannot be bundled:`,
      ...this.problems.map(({ at, message }) => `  ${message}${at === undefined ? "" : ` (${at})`}`)
    ].join("\n")
  }
}
