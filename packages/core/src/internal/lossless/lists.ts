/** The places of a list: one with holes may be longer than memory, and than anybody has time for. */

/** So many holes can a value have that arrives whole or not at all: whoever checks it goes through them one by one. */
export const mostHoles = 1_000_000

/** So many holes are looked at for nothing; of a list with more of them the engine is asked for all names at once. */
const looked = 1_000

/** Whether a value is a list with more holes than anybody goes through one by one. */
export const isMostlyHoles = (value: unknown): boolean => {
  if (!Array.isArray(value) || value.length <= mostHoles) return false
  let holes = 0
  for (let at = 0; at < value.length && holes <= mostHoles; at++) if (!Object.hasOwn(value, at)) holes++
  return holes > mostHoles
}

/** The places that are taken, in order. */
export function* indicesOf(list: ReadonlyArray<unknown>, from: number): Generator<number> {
  let at = from
  for (let holes = 0; at < list.length && holes < looked; at++) {
    if (Object.hasOwn(list, at)) yield at
    else holes++
  }
  if (at >= list.length) return
  const end = at
  for (const key of Object.getOwnPropertyNames(list)) if (isIndex(key) && Number(key) >= end) yield Number(key)
}

/** Whether a name is that of a place. */
export const isIndex = (key: string): boolean => {
  const index = Number(key)
  return index >= 0 && index < 4_294_967_295 && String(Math.trunc(index)) === key
}
