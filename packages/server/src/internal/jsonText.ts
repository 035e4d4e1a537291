/** Valid JSON as it is written. Nothing here is recursive: it may be nested deeply. */

/** Where the string ends that starts there. */
export const endOf = (text: string, start: number): number => {
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

/** Where something stands, from there on. */
export const afterSpace = (text: string, from: number): number => {
  let at = from
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/**
 * An object with another text in the place of one that it has, and all else as it is written: a number may have more
 * digits than are read. The object itself where it has no text of that name.
 */
export const withText = (object: string, name: string, value: string): string => {
  const marks = /["{}[\]]/g
  let depth = 0
  for (let mark = marks.exec(object); mark !== null; mark = marks.exec(object)) {
    if (mark[0] === "{" || mark[0] === "[") depth++
    else if (mark[0] !== '"') depth--
    else {
      const end = endOf(object, mark.index) + 1
      marks.lastIndex = end
      const colon = afterSpace(object, end)
      if (depth !== 1 || object[colon] !== ":" || JSON.parse(object.slice(mark.index, end)) !== name) continue
      const start = afterSpace(object, colon + 1)
      if (object[start] !== '"') return object
      return object.slice(0, start) + JSON.stringify(value) + object.slice(endOf(object, start) + 1)
    }
  }
  return object
}
