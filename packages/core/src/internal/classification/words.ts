/**
 * What a message says in its own words. Errors quote: the caller's value, the
 * caller's prompt, another upstream's error. A rule that reads sentences must see
 * none of that, or a prompt on rate limits becomes a rate limit.
 */

/** Marks of quotation, each with the one that closes it. */
const closing: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "`": "`",
  "\u201c": "\u201d",
  "\u2018": "\u2019"
}

/** Whether a mark is also an apostrophe: within a word it quotes nothing. */
const isApostrophe = (mark: string): boolean => mark === "'" || mark === "\u2019" || mark === "\u2018"

const isWord = (character: string | undefined): boolean => character !== undefined && /\w/.test(character)

/** A text, each quotation in it shortened to `…` between its marks. One pass, however hostile the text. */
export const withoutQuotations = (text: string): string => {
  const open = new Set<string>()
  let own = ""
  let taken = 0
  for (let at = 0; at < text.length; at++) {
    const mark = text.charAt(at)
    const close = closing[mark]
    // A mark that was not closed once is not closed later either.
    if (close === undefined || open.has(mark) || (isApostrophe(mark) && isWord(text[at - 1]))) continue
    const end = endOf(text, at + 1, close)
    if (end === -1) {
      open.add(mark)
      continue
    }
    own += `${text.slice(taken, at + 1)}…`
    taken = end
    at = end
  }
  return own + text.slice(taken)
}

const endOf = (text: string, start: number, close: string): number => {
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === close && !(isApostrophe(close) && isWord(text[at + 1]))) return at
  }
  return -1
}

/**
 * What Python's proxies put before an error that they hand on: LiteLLM's
 * `litellm.BadRequestError: OpenAIException - …`, the SDK's `Error code: 400 - …`.
 */
const prefix =
  /^(?:(?:litellm\.)?\w{0,60}(?:Error|Exception|Timeout): ){0,4}(?:\w{1,60}(?:Error|Exception)(?: \w{1,60}(?:Error|Exception))? - )?(?:Error code: \d{3} - )?/

/** A message taken apart. */
export interface Handed {
  /** LiteLLM's classes of errors, by which it tells what kind of error it hands on. */
  readonly classes: ReadonlyArray<string>
  /** The message without its prefix; empty where it is an object. */
  readonly message: string
  /** The object that a message hands on, as text: JSON, or how Python prints it. */
  readonly object: string | undefined
}

/** Takes a message apart. */
export const handedOn = (message: string): Handed => {
  const before = prefix.exec(message)?.[0] ?? ""
  const classes = Array.from(before.matchAll(/litellm\.(\w+)/g), ([, name = ""]) => name)
  const rest = message.slice(before.length)
  const start = /^\s{0,9}(?:b['"])?\s{0,9}(?=[{[])/.exec(rest)
  const end = Math.max(rest.lastIndexOf("}"), rest.lastIndexOf("]")) + 1
  // An object of which the message says something is the caller's, not another error.
  return start === null || !behind.test(rest.slice(end))
    ? { classes, message: rest, object: undefined }
    : { classes, message: "", object: rest.slice(start[0].length, end) }
}

/** What may stand behind an object that is handed on: nothing, or what LiteLLM adds on its own models. */
const behind = /^['"]?[.\s]{0,9}(?:$|(?:received|available|litellm|no|handle)\b)/i

/** A member of an object that Python printed, if it is a text. */
export const printedMember = (object: string, name: string): string | undefined => {
  const found = new RegExp(
    String.raw`['"]${name}['"]: ?(?:"((?:[^"\\]|\\.){1,4000})"|'((?:[^'\\]|\\.){1,4000})')`
  ).exec(object)
  return (found?.[1] ?? found?.[2])?.replaceAll(/\\(['"])/g, "$1")
}
