/**
 * Whether an object of a JSON text has a name twice. Parsers differ in which of the two
 * values they take, and this server and the one behind it shall read the same.
 */
export const hasDuplicateName = (text: string, value: unknown): boolean => namesIn(text) !== namesOf(value)

const colon = 58

/** How many names a valid JSON text has: the strings with a colon behind them. */
const namesIn = (text: string): number => {
  let names = 0
  for (let start = text.indexOf('"'); start !== -1;) {
    let next = endOf(text, start) + 1
    while (isSpace(text.charCodeAt(next))) next++
    if (text.charCodeAt(next) === colon) names++
    start = text.indexOf('"', next)
  }
  return names
}

/** Where the string ends that starts there. */
const endOf = (text: string, start: number): number => {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

const backslash = 92

const isEscaped = (text: string, at: number): boolean => {
  let before = at
  while (text.charCodeAt(before - 1) === backslash) before--
  return (at - before) % 2 === 1
}

const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** How many names its value has. Without recursion: it may be nested deeply. */
const namesOf = (value: unknown): number => {
  if (!isNested(value)) return 0
  let names = 0
  const rest: Array<object> = [value]
  for (let one = rest.pop(); one !== undefined; one = rest.pop()) {
    const children: ReadonlyArray<unknown> = Array.isArray(one) ? one : Object.values(one)
    if (children !== one) names += children.length
    for (const child of children) if (isNested(child)) rest.push(child)
  }
  return names
}

const isNested = (value: unknown): value is object => typeof value === "object" && value !== null
