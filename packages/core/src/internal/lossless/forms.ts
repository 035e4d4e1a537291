/**
 * The forms that the last objects of one place had, so that the next one, which
 * nearly always has one of these, need not be looked at key by key. A form is a
 * list of keys.
 */

/** What was found out about objects with certain keys. */
export interface Keyed {
  readonly keys: ReadonlyArray<PropertyKey>
}

/** How many forms are remembered in one place: optional keys make a few. */
const most = 8

/** Of an object with more keys no form is remembered. */
const mostKeys = 256

/** The forms of one place. Another form than the last one is looked for, and else made. */
export class Forms<F extends Keyed> {
  private readonly known: Array<F> = []
  private readonly make: (keys: ReadonlyArray<string>) => F

  constructor(make: (keys: ReadonlyArray<string>) => F) {
    this.make = make
  }

  of(keys: ReadonlyArray<string>): F {
    for (const form of this.known) if (sameKeys(form.keys, keys)) return form
    const form = this.make(keys)
    if (keys.length <= mostKeys && this.known.unshift(form) > most) this.known.pop()
    return form
  }
}

/** Whether two lists of keys are the same. */
export const sameKeys = (one: ReadonlyArray<PropertyKey>, two: ReadonlyArray<PropertyKey>): boolean => {
  if (one.length !== two.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== two[at]) return false
  return true
}
