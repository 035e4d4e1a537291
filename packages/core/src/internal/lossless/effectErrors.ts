/** Effect's own error classes. */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"

type Constructor = abstract new (...args: never) => object

/** What `Data.Error`, and with it every error of a Schema, derives from. */
export const Base: Constructor = Object.getPrototypeOf(Data.TaggedError("").prototype).constructor

/** Those that every program of Effect can fail with, by id. */
export const classes: ReadonlyArray<readonly [id: string, constructor: Constructor]> = [
  ["effect/Cause/NoSuchElementError", Cause.NoSuchElementError],
  ["effect/Cause/TimeoutError", Cause.TimeoutError],
  ["effect/Cause/IllegalArgumentError", Cause.IllegalArgumentError],
  ["effect/Cause/ExceededCapacityError", Cause.ExceededCapacityError],
  ["effect/Cause/AsyncFiberError", Cause.AsyncFiberError],
  ["effect/Cause/UnknownError", Cause.UnknownError]
]
