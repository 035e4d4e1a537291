/** What the simulator says of itself in its answers. */

/** Its name: `server`, `owned_by`, `system_fingerprint`. */
export const identity = "causeway-simulator"

/** The moment in every answer's `created`, the same always, so that an answer depends on its request alone. */
export const created = 1_767_225_600

/** The number of words in all of them. */
export const totalTokens = (texts: ReadonlyArray<string>): number =>
  texts.reduce((total, text) => total + countTokens(text), 0)

/** The number of words, which stand for tokens. Counted without making a list of them: a prompt may be long. */
export const countTokens = (text: string): number => {
  let count = 0
  let inWord = false
  for (let index = 0; index < text.length; index++) {
    const isSpace = text.charCodeAt(index) <= 0x20
    if (!isSpace && !inWord) count++
    inWord = !isSpace
  }
  return count
}
