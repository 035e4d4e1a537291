/** Where a text that is no JSON stops being any. */

/** The end of V8's sentences that tell a place. */
const place = / at position (\d{1,15})(?: |$)/

/** What keeps a text from being JSON. */
export type Flaw =
  | { readonly issue: "truncated" | "not-json" }
  /** An object or a list is whole, and `rest` stands behind it. */
  | { readonly issue: "trailing"; readonly rest: string }

const otherText: Flaw = { issue: "not-json" }

/** Tells a beginning of JSON, in which the parser found nothing wrong but its end, and JSON with something behind it, from other texts. */
export const flawOf = (text: string): Flaw => {
  const start = text.search(/[^\s\uFEFF]/)
  const first = text[start]
  // A word or a number that is cut off, or that something follows, is more likely another text.
  if (first === undefined || !'{["'.includes(first)) return otherText
  const body = start === 0 ? text : text.slice(start)
  try {
    JSON.parse(body)
    return otherText
  } catch (error) {
    const message = error instanceof SyntaxError ? error.message : ""
    const at = Number(place.exec(message)?.[1])
    if (/^Unexpected end|^Unterminated string/.test(message) || at >= body.length) return { issue: "truncated" }
    const isFollowed = message.startsWith("Unexpected non-whitespace character after JSON") && first !== '"'
    return isFollowed && Number.isFinite(at) ? { issue: "trailing", rest: body.slice(at) } : otherText
  }
}
