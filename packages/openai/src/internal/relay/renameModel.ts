/** Another model in a request's body, whose every other byte stays as it was. */
import { jsonOf } from "../answer.ts"

const quote = 34
const backslash = 92

/** Where a string that starts at `at` ends, past its closing quote. */
const endOfString = (text: string, at: number): number => {
  for (let next = at + 1; next < text.length; next++) {
    const code = text.charCodeAt(next)
    if (code === backslash) next++
    else if (code === quote) return next + 1
  }
  return text.length
}

const skipSpace = (text: string, at: number): number => {
  let next = at
  while (next < text.length && text.charCodeAt(next) <= 32) next++
  return next
}

const decoded = (literal: string): string | undefined => {
  const value = jsonOf(literal)
  return typeof value === "string" ? value : undefined
}

/**
 * Replaces the value of the top level's `model` by the name that the upstream has
 * for it. What is no JSON object, or names no such model, stays as it is.
 */
export const renameModel = (body: string, models: ReadonlyMap<string, string>): string => {
  if (models.size === 0) return body
  let result = ""
  let copied = 0
  let depth = 0
  for (let at = 0; at < body.length; at++) {
    const character = body[at]
    if (character === "{" || character === "[") depth++
    else if (character === "}" || character === "]") depth--
    if (character !== '"') continue
    const end = endOfString(body, at)
    const literal = body.slice(at, end)
    const colon = skipSpace(body, end)
    const isKey = depth === 1 && body[colon] === ":"
    at = end - 1
    if (!isKey || (literal !== '"model"' && !(literal.includes("\\") && decoded(literal) === "model"))) continue
    const start = skipSpace(body, colon + 1)
    if (body[start] !== '"') continue
    const stop = endOfString(body, start)
    const name = models.get(decoded(body.slice(start, stop)) ?? "")
    if (name !== undefined) {
      result += body.slice(copied, start) + JSON.stringify(name)
      copied = stop
    }
    at = stop - 1
  }
  return copied === 0 ? body : result + body.slice(copied)
}
