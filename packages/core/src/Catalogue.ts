/**
 * Every reason of this model, with what its class says of itself. `docs/errors.md`,
 * reports and `causeway explain` read it.
 *
 * **Example** (What to do about a reason that a log names)
 *
 * ```ts
 * import * as Catalogue from "@causeway/core/Catalogue"
 *
 * Catalogue.find("BoundaryError", "Draining")?.toDo // => "Send the call to another instance."
 * ```
 */
import type * as Schema from "effect/Schema"
import { BoundaryReason } from "./BoundaryError.ts"
import { PolicyReason } from "./PolicyError.ts"
import * as Reason from "./Reason.ts"
import { UpstreamReason } from "./UpstreamReason.ts"

/** The errors that have reasons. */
export type ErrorTag = "UpstreamError" | "BoundaryError" | "PolicyError"

/** A reason, as people read of it. */
export interface Entry extends Reason.Facts {
  readonly error: ErrorTag
  /** The reason's `_tag`. */
  readonly tag: string
  /** Unlike a tag it never repeats. */
  readonly identifier: string
  readonly fields: Schema.Struct.Fields
}

const unions = { UpstreamError: UpstreamReason, BoundaryError: BoundaryReason, PolicyError: PolicyReason } as const

let all: ReadonlyArray<Entry> | undefined

/** Every reason, in the order of its union. */
export const entries = (): ReadonlyArray<Entry> =>
  (all ??= (Object.keys(unions) as ReadonlyArray<ErrorTag>).flatMap((error) =>
    unions[error].members.map((member): Entry => {
      const { fields, identifier } = member
      return { error, tag: fields._tag.schema.literal, identifier, fields, ...Reason.factsOf(member) }
    })
  ))

/** The reason of an error, by their tags; `undefined` for one that is not of this model. */
export const find = (error: string, tag: string): Entry | undefined =>
  entries().find((entry) => entry.error === error && entry.tag === tag)
