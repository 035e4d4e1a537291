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
import { BoundaryError, BoundaryReason } from "./BoundaryError.ts"
import { PolicyError, PolicyReason } from "./PolicyError.ts"
import * as Reason from "./Reason.ts"
import { UpstreamError } from "./UpstreamError.ts"
import { UpstreamReason } from "./UpstreamReason.ts"

/**
 * The errors of this model, for `Lossless` where they cross by hand: with them a reader
 * gets instances, their reasons and evidence included. A contract that declares them
 * knows them by itself.
 *
 * **Example** (A failure from a queue)
 *
 * ```ts
 * import { BoundaryError, Draining } from "@causeway/core/BoundaryError"
 * import * as Catalogue from "@causeway/core/Catalogue"
 * import * as Lossless from "@causeway/core/Lossless"
 *
 * const sent = new BoundaryError({ boundary: "app/Squares pool", reason: new Draining({ message: "bye" }) })
 * const text = JSON.stringify(Lossless.toWire(sent))
 * const received = Lossless.fromWire(JSON.parse(text), { classes: Catalogue.classes })
 *
 * received instanceof BoundaryError && received.reason instanceof Draining // => true
 * ```
 */
export const classes = [UpstreamError, BoundaryError, PolicyError] as const

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
