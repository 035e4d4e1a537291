/**
 * The answer of HTTP that a client made an error of: axios, got, ky, superagent,
 * Octokit, the clients of OpenAI, Anthropic and AWS, and whoever does as they do.
 */
import type { Answer } from "../classification/seen.ts"
import { read } from "../systemError.ts"
import { bodyOf, headersOf } from "./parts.ts"

/** The first answer within a chain of errors. */
export const answerWithin = (errors: ReadonlyArray<object>): Answer | undefined => {
  for (const error of errors) {
    const response = objectOf(read(error, "response"))
    const metadata = objectOf(read(error, "$metadata"))
    const status =
      statusOf(response, "status", "statusCode") ??
      statusOf(error, "status", "statusCode") ??
      statusOf(metadata, "httpStatusCode")
    if (status === undefined) continue
    return {
      status,
      headers: headersOf(read(response, "headers") ?? read(error, "headers")),
      body: [
        () => read(response, "data"),
        () => read(response, "body"),
        () => read(error, "body"),
        () => read(error, "data"),
        () => wrapped(read(error, "error"))
      ].reduce((body, part) => (body === "" ? bodyOf(part()) : body), ""),
      seenIn: "status"
    }
  }
  return undefined
}

const nothing = Object.freeze({})

const objectOf = (u: unknown): object => (typeof u === "object" && u !== null ? u : nothing)

/** The error of which a client kept no more than its inside. */
const wrapped = (error: unknown): unknown =>
  typeof error === "object" && error !== null && read(error, "error") === undefined ? { error } : error

const statusOf = (object: object, ...names: ReadonlyArray<string>): number | undefined =>
  names
    .map((name) => read(object, name))
    .find((status) => typeof status === "number" && Number.isInteger(status) && status >= 300 && status < 600) as
    | number
    | undefined
