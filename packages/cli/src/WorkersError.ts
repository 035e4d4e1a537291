/**
 * No worker of a new configuration got ready, so that it is not used.
 *
 * **Example** (What is said)
 *
 * ```ts
 * import { WorkersError } from "@causeway/cli/WorkersError"
 *
 * const error = new WorkersError({ reason: "worker 1 exited with code 1" })
 *
 * error.message // => "no worker got ready: worker 1 exited with code 1"
 * ```
 */
import * as Schema from "effect/Schema"

/** No worker got ready. */
export class WorkersError extends Schema.TaggedError<WorkersError>("@causeway/cli/WorkersError")("WorkersError", {
  /** What the pool says of it. */
  reason: Schema.String
}) {
  override get message(): string {
    return `no worker got ready: ${this.reason}`
  }
}
