/**
 * The handlers of a service, or models of one's own, could not be built: their program
 * failed before the first call.
 *
 * **Example** (Which service it was)
 *
 * ```ts
 * import { ServiceError } from "@causeway/cli/ServiceError"
 *
 * const error = new ServiceError({ contract: "app/Words", cause: new Error("there is no dictionary") })
 *
 * error.message // => "the handlers of app/Words could not be built: there is no dictionary"
 * ```
 */
import * as Redaction from "@causeway/core/Redaction"
import * as Schema from "effect/Schema"

/** The handlers of a service could not be built. */
export class ServiceError extends Schema.TaggedError<ServiceError>("@causeway/cli/ServiceError")("ServiceError", {
  /** The key of the service's contract; that of models is `causeway/Relay`. */
  contract: Schema.String,
  /** What the layer of its handlers failed with, or threw. */
  cause: Schema.Defect()
}) {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message || this.cause.name : String(this.cause)
    return `the handlers of ${this.contract} could not be built: ${Redaction.text(why)}`
  }
}
