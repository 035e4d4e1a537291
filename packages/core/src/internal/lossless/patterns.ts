/** Regular expressions of a wire: the engine looks up the properties of characters that one names when it is made. */

/** So many properties are looked up for one wire: each takes up to a tenth of a millisecond. */
export const mostProperties = 400

const property = /\\p\{(RGI_|Basic_Emoji|Emoji_Keycap)?/gi

/** How many properties a pattern names. Those of whole sequences take twenty times as long. */
export const propertiesIn = (source: string, flags: string): number => {
  if (!/[uv]/.test(flags)) return 0
  let count = 0
  for (const [, sequences] of source.matchAll(property)) count += sequences === undefined ? 1 : 20
  return count
}
