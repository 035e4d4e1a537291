/**
 * What every reason of an `UpstreamError` says beside its own fields.
 */
import * as Schema from "effect/Schema"

/**
 * Where the failure was seen: before the request left (`request`), in the
 * transport (`socket`), in the status, in the body of an answer that claimed
 * success, or in a stream that had begun.
 */
export const SeenIn = Schema.Literals(["request", "socket", "status", "body", "stream"])
export type SeenIn = typeof SeenIn.Type

/** The fields of every reason. */
export const common = {
  /** One sentence for people, redacted. */
  message: Schema.String,
  seenIn: SeenIn
} as const
