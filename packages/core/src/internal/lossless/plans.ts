/**
 * What was found out about the form of a class's last instances, so that the next
 * one, which nearly always has one of these forms, need not be looked at name by
 * name. A form is the list of own keys.
 */
import { hiddenNames } from "./wire.ts"

/** The own keys of an error, sorted out. */
export interface Form {
  readonly own: ReadonlyArray<PropertyKey>
  /** The enumerable names. */
  readonly keys: ReadonlyArray<string>
  /** The hidden names that have one of ours on the wire, in the order in which they are written. */
  readonly parts: ReadonlyArray<string>
  /** The other hidden names. */
  readonly hidden: ReadonlyArray<string>
  readonly symbols: ReadonlyArray<symbol>
  readonly hasMessage: boolean
  readonly hasTag: boolean
  readonly hasHiddenStack: boolean
}

/** Sorts out own keys; the enumerable ones come in the same order. */
export const formOf = (own: ReadonlyArray<PropertyKey>, keys: ReadonlyArray<string>, skipped: symbol): Form => {
  const hidden = new Set<string>()
  const symbols: Array<symbol> = []
  let at = 0
  for (const key of own) {
    if (key === keys[at]) at++
    else if (typeof key === "symbol") {
      if (key !== skipped) symbols.push(key)
    } else hidden.add(String(key))
  }
  return {
    own,
    keys,
    parts: [...hiddenNames.keys()].filter((name) => hidden.has(name)),
    hidden: [...hidden].filter((name) => name !== "stack" && !hiddenNames.has(name)),
    symbols,
    hasMessage: own.includes("message"),
    hasTag: own.includes("_tag"),
    hasHiddenStack: hidden.has("stack")
  }
}

/** How nodes with these keys are made. */
export interface DecodePlan {
  readonly keys: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Step>
}

/** A property that can be assigned, one that has to be defined, one whose name was escaped, or a key of ours. */
export type Step = "assign" | "define" | "escaped" | "special"

/** Whether two lists of keys are the same. */
export const sameKeys = (one: ReadonlyArray<PropertyKey>, two: ReadonlyArray<PropertyKey>): boolean => {
  if (one.length !== two.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== two[at]) return false
  return true
}
