/** The places of a list: one with holes may be longer than memory, and than anybody has time for. */

/** So many holes can a value have that arrives whole or not at all: whoever checks it goes through them one by one. */
export const mostHoles = 1_000_000

/** So many places are looked at one by one; a list with more holes than that is kept sparse by the engine as well. */
const looked = 1_000_000

/** The places that are taken, in order. */
export function* indicesOf(list: ReadonlyArray<unknown>, from: number): Generator<number> {
  const end = Math.min(list.length, from + looked)
  for (let at = from; at < end; at++) if (Object.hasOwn(list, at)) yield at
  if (end === list.length) return
  for (const key of Object.getOwnPropertyNames(list)) if (isIndex(key) && Number(key) >= end) yield Number(key)
}

/** Whether a name is that of a place. */
export const isIndex = (key: string): boolean => {
  const index = Number(key)
  return index >= 0 && index < 4_294_967_295 && String(Math.trunc(index)) === key
}
