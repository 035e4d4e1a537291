/** Bytes as lines of text, none longer than a limit. */

/** Collects bytes. */
export interface Lines {
  /** The lines that are complete with these bytes; `undefined` once one is too long. Empty lines are left out. */
  readonly push: (bytes: Uint8Array) => ReadonlyArray<string> | undefined
  /** What came after the last line's end. */
  readonly rest: () => string
}

/** Collects lines of so many characters at most. */
export const make = (longest: number): Lines => {
  const decoder = new TextDecoder()
  // A long line comes in many pieces, which are put together once.
  let pieces: Array<string> = []
  let length = 0
  const take = (last: string): string => {
    const whole = pieces.length === 0 ? last : pieces.join("") + last
    pieces = []
    length = 0
    return whole
  }
  return {
    push: (bytes) => {
      const text = decoder.decode(bytes, { stream: true })
      const lines: Array<string> = []
      let from = 0
      for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
        if (length + end - from > longest) return undefined
        const whole = take(text.slice(from, end)).trim()
        if (whole !== "") lines.push(whole)
        from = end + 1
      }
      if (from < text.length) {
        pieces.push(text.slice(from))
        length += text.length - from
      }
      return length > longest ? undefined : lines
    },
    rest: () => take(decoder.decode())
  }
}
