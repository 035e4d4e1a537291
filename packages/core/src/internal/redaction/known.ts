/** Secrets that the program itself knows: the one redaction that does not depend on how a secret looks. */

/** Shorter ones are masked only where they stand as a word: `EMPTY` or `none` as a key must not tear texts apart. */
const shortest = 8

const counts = new Map<string, number>()
let pattern: RegExp | undefined

/** While it is added, a secret is masked. As many {@link remove}s as adds end that. */
export const add = (secret: string): void => {
  if (secret === "") return
  counts.set(secret, (counts.get(secret) ?? 0) + 1)
  pattern = compile()
}

export const remove = (secret: string): void => {
  const count = counts.get(secret)
  if (count === undefined) return
  if (count > 1) counts.set(secret, count - 1)
  else counts.delete(secret)
  pattern = compile()
}

/** One pattern for all known secrets in all their forms, or `undefined` where there is none. */
export const current = (): RegExp | undefined => pattern

const escape = (literal: string): string => literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)

const compile = (): RegExp | undefined => patternOf([...counts.keys()])

/** One pattern for some secrets in all their forms, or `undefined` where there is none. */
export const patternOf = (secrets: ReadonlyArray<string>): RegExp | undefined => {
  if (secrets.length === 0) return undefined
  const forms = new Set(secrets.flatMap(formsOf))
  // The longest first, so that a secret that begins another one does not leave the other's rest behind.
  const sources = [...forms].toSorted((a, b) => b.length - a.length).map(sourceOf)
  return new RegExp(sources.join("|"), "g")
}

const sourceOf = (form: string): string =>
  form.length >= shortest ? escape(form) : `(?<![A-Za-z0-9_])${escape(form)}(?![A-Za-z0-9_])`

const formsOf = (secret: string): ReadonlyArray<string> => {
  const inJson = JSON.stringify(secret).slice(1, -1)
  const percent = percentEncoded(secret)
  return [
    secret,
    inJson,
    percent,
    percent.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    percent.replaceAll("%20", "+"),
    ...(secret.length >= shortest ? base64(secret) : [])
  ]
}

const percentEncoded = (secret: string): string => {
  try {
    return encodeURIComponent(secret)
  } catch {
    return secret
  }
}

/**
 * What a secret looks like within base64, as in `Basic` credentials: at each of
 * the three places where it can begin within a group of four characters, without
 * the characters that depend on its neighbours.
 */
const base64 = (secret: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(secret)
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replaceAll("=", "")
    const whole = Math.floor(((before + bytes.length) * 8) / 6)
    const own = text.slice([0, 2, 3][before], whole)
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")]
  })
}
