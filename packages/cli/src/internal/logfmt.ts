/** Lines of `key=value`, as https://brandur.org/logfmt describes them: written, and read again. */

/** A name and its value. */
export type Pair = readonly [name: string, value: unknown]

/** Pairs as a line. A value that holds a space, a quote or an equals sign is quoted as JSON quotes it. */
export const format = (pairs: ReadonlyArray<Pair>): string =>
  pairs.map(([name, value]) => `${name.replaceAll(/[\s"=]+/g, "_")}=${valueOf(value)}`).join(" ")

const valueOf = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value))
  return /^[^\s"=\\]+$/.test(text) ? text : JSON.stringify(text)
}

const pair = /([^\s"=]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?:\s+|$)/y

/** The pairs of a line, or `undefined` where anything in it is no pair. Of a name that comes twice the last value counts. */
export const parse = (line: string): Readonly<Record<string, string>> | undefined => {
  const text = line.trim()
  const pairs: Record<string, string> = Object.create(null)
  let at = 0
  while (at < text.length) {
    pair.lastIndex = at
    const [whole, name, quoted, bare] = pair.exec(text) ?? []
    if (whole === undefined || name === undefined) return undefined
    pairs[name] = quoted === undefined ? (bare ?? "") : unquoted(quoted)
    at += whole.length
  }
  return at === 0 ? undefined : pairs
}

const unquoted = (quoted: string): string => {
  try {
    return String(JSON.parse(`"${quoted}"`))
  } catch {
    // Not quoted as JSON quotes; as it stands it says more than nothing.
    return quoted
  }
}
