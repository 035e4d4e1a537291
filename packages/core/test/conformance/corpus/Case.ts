/**
 * One value of the corpus and what must arrive of it. Made anew in each thread, so
 * that the receiver can compare what it got with what its own code would make.
 */
import type * as Lossless from "@causeway/core/Lossless"
import type * as Difference from "@causeway/testing/Difference"

export interface Case {
  readonly name: string
  readonly make: () => unknown
  /** What must arrive, where that is not the value itself. */
  readonly arrives?: (sent: unknown) => unknown
  /** Asserts what else must hold of what arrived, in either thread. */
  readonly holds?: (arrived: unknown) => void
  /** Texts that must not be in the bytes, in clear or encoded. */
  readonly never?: ReadonlyArray<string>
  /** Texts that must be in the bytes. */
  readonly ever?: ReadonlyArray<string>
  /** The most bytes that it may take on the way. */
  readonly most?: number
  readonly options?: Lossless.Options
  /** Paths that do not count, with the reason in the case's name. */
  readonly ignore?: Difference.Options["ignore"]
}

/** Cases whose value arrives as it was. */
export const whole = (cases: Readonly<Record<string, () => unknown>>): ReadonlyArray<Case> =>
  Object.entries(cases).map(([name, make]) => ({ name, make }))

/** The value after an edit, for making one in a single expression. */
export const edited = <A>(value: A, edit: (value: A) => unknown): A => {
  edit(value)
  return value
}

/** What a thunk throws. */
export const thrownBy = (thunk: () => unknown): unknown => {
  try {
    thunk()
  } catch (thrown) {
    return thrown
  }
  throw new Error("it does not throw")
}
