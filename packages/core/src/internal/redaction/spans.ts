/** The places of a text that are to be masked: `[start, end, start, end, …]`, in any order, possibly overlapping. */
export type Spans = Array<number>

/** What stands in the place of a secret. */
export const mask = "<redacted>"

/** The text with every span replaced by the mask; spans that overlap or touch become one. */
export const cut = (text: string, spans: Spans): string => {
  if (spans.length === 0) return text
  const pairs: Array<readonly [start: number, end: number]> = []
  for (let index = 0; index < spans.length; index += 2) pairs.push([spans[index]!, spans[index + 1]!])
  pairs.sort(([a], [b]) => a - b)
  let out = ""
  let done = 0
  let [start, end] = pairs[0]!
  for (const [nextStart, nextEnd] of pairs) {
    if (nextStart <= end) {
      if (nextEnd > end) end = nextEnd
      continue
    }
    out += text.slice(done, start) + mask
    done = end
    start = nextStart
    end = nextEnd
  }
  return out + text.slice(done, start) + mask + text.slice(end)
}
