/**
 * The configuration is wrong: every setting at fault, where it was set, what it
 * got, and what is allowed. A secret is never shown.
 *
 * **Example** (What is said about two wrong settings)
 *
 * ```ts
 * import { InvalidConfig } from "@causeway/cli/InvalidConfig"
 *
 * const error = new InvalidConfig({
 *   problems: [
 *     { setting: "PORT", actual: '"http"', allowed: "a whole number from 0 to 65535" },
 *     { setting: "CAUSEWAY_WORKERS", actual: '"-1"', allowed: "a whole number from 0 to 64" }
 *   ]
 * })
 *
 * error.message.split("\n")[1] // => '  PORT: got "http", allowed is a whole number from 0 to 65535'
 * ```
 */
import * as Schema from "effect/Schema"

/** One setting at fault. */
export const Problem = Schema.Struct({
  /** A variable, a flag, or a path in the file, such as `PORT`, `--port` or `server.port in causeway.config.ts`. */
  setting: Schema.String,
  /** What it got, as text; never a secret. */
  actual: Schema.String,
  allowed: Schema.String
})

/** One setting at fault. */
export type Problem = typeof Problem.Type

/** The command cannot run with this configuration. */
export class InvalidConfig extends Schema.TaggedError<InvalidConfig>("@causeway/cli/InvalidConfig")("InvalidConfig", {
  problems: Schema.Array(Problem)
}) {
  override get message(): string {
    return [
      "the configuration is wrong:",
      ...this.problems.map(({ actual, allowed, setting }) => `  ${setting}: got ${actual}, allowed is ${allowed}`)
    ].join("\n")
  }
}
