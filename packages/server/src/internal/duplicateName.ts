import { afterSpace, endOf } from "./jsonText.ts"

/**
 * Whether an object of a JSON text has a name twice. Parsers differ in which of the two
 * values they take, and this server and the one behind it shall read the same.
 */
export const hasDuplicateName = (text: string, value: unknown): boolean => namesIn(text) !== namesOf(value)

/** How many names a valid JSON text has: the strings with a colon behind them. */
const namesIn = (text: string): number => {
  let names = 0
  for (let start = text.indexOf('"'); start !== -1;) {
    const next = afterSpace(text, endOf(text, start) + 1)
    if (text[next] === ":") names++
    start = text.indexOf('"', next)
  }
  return names
}

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
