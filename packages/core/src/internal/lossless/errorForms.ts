/** The own keys of an error, sorted out once for all errors that have the same ones. */
import { type Keyed, sameKeys } from "./forms.ts"
import { hiddenNames, plainArgs, read } from "./wire.ts"

/** The own keys of an error. */
export interface ErrorForm extends Keyed {
  /** The enumerable names. */
  readonly keys: ReadonlyArray<string>
  readonly own: ReadonlyArray<PropertyKey>
  /** The hidden names that have one of ours on the wire, in the order in which they are written. */
  readonly parts: ReadonlyArray<string>
  /** The other hidden names. */
  readonly hidden: ReadonlyArray<string>
  readonly symbols: ReadonlyArray<symbol>
  readonly hasMessage: boolean
  readonly hasTag: boolean
  readonly hasHiddenStack: boolean
  /** The names of the arguments that the error has if nothing is said of them. */
  readonly args: ReadonlyArray<string>
  /** Whether these are names of declared fields. */
  readonly isDeclared: boolean
  /** Whether arguments of these names are the error's own properties. */
  isOwn: (args: object, error: object) => boolean
  uses: number
}

/** How many forms of one class are remembered: a cause, a code and a status make a few. */
const most = 4

/** The form of an error of a class with these declared fields, out of those that were seen last. */
export const errorForm = (
  forms: Array<ErrorForm>,
  error: object,
  fields: ReadonlyArray<string> | undefined
): ErrorForm => {
  const keys = Object.keys(error)
  const own = Reflect.ownKeys(error)
  for (const known of forms) if (sameKeys(known.own, own) && sameKeys(known.keys, keys)) return known
  const form = sort(own, keys, fields)
  if (forms.unshift(form) > most) forms.pop()
  return form
}

/** The enumerable keys come in the same order as all of them. */
const sort = (
  own: ReadonlyArray<PropertyKey>,
  keys: ReadonlyArray<string>,
  fields: ReadonlyArray<string> | undefined
): ErrorForm => {
  const hidden = new Set<string>()
  const symbols: Array<symbol> = []
  let at = 0
  for (const key of own) {
    if (key === keys[at]) at++
    else if (typeof key === "symbol") {
      if (key !== plainArgs) symbols.push(key)
    } else hidden.add(String(key))
  }
  const args = defaultArgs(
    own.filter((key) => typeof key === "string"),
    fields
  )
  return {
    own,
    keys,
    parts: [...hiddenNames.keys()].filter((name) => hidden.has(name)),
    hidden: [...hidden].filter((name) => name !== "stack" && !hiddenNames.has(name)),
    symbols,
    hasMessage: own.includes("message"),
    hasTag: own.includes("_tag"),
    hasHiddenStack: hidden.has("stack"),
    args,
    isDeclared: fields !== undefined,
    isOwn: (given, error) => args.every((name) => Object.is(read(given, name), read(error, name))),
    uses: 0
  }
}

/** Of an error with these names: the declared fields, and else all but the tag and the stack. */
export const defaultArgs = (
  names: ReadonlyArray<string>,
  fields: ReadonlyArray<string> | undefined
): ReadonlyArray<string> =>
  fields === undefined
    ? names.filter((name) => name !== "_tag" && name !== "stack")
    : fields.filter((name) => names.includes(name))
