/** Where a text that is no JSON stops being any. */

/** The end of V8's sentences that tell a place. */
const place = / at position (\d{1,15})(?: |$)/

/** Whether a text is the beginning of JSON that goes on: the parser found nothing wrong but its end. */
export const isCutOff = (text: string): boolean => {
  const start = text.search(/[^\s\uFEFF]/)
  // A word that is cut off is more likely another text.
  if (start === -1 || !'{["'.includes(text[start]!)) return false
  const body = start === 0 ? text : text.slice(start)
  try {
    JSON.parse(body)
    return false
  } catch (error) {
    const message = error instanceof SyntaxError ? error.message : ""
    return /^Unexpected end|^Unterminated string/.test(message) || Number(place.exec(message)?.[1]) >= body.length
  }
}

/** What stands behind an object or a list that is whole; `undefined` where nothing does, or before it is another text. */
export const behindJson = (text: string): string | undefined => {
  const start = text.search(/[^\s\uFEFF]/)
  // A text that begins with a number, say, is another text.
  if (start === -1 || !"{[".includes(text[start]!)) return undefined
  const body = start === 0 ? text : text.slice(start)
  try {
    JSON.parse(body)
    return undefined
  } catch (error) {
    const message = error instanceof SyntaxError ? error.message : ""
    const at = message.startsWith("Unexpected non-whitespace character after JSON")
      ? place.exec(message)?.[1]
      : undefined
    return at === undefined ? undefined : body.slice(Number(at))
  }
}
