/**
 * A schema's issue as an error about the request, with the path to the value.
 */
import * as SchemaIssue from "effect/SchemaIssue"
import { InvalidValue, RequestError } from "../RequestError.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => (issue._tag === "MissingKey" ? "is missing" : SchemaIssue.defaultLeafHook(issue))
})

/** The first issue, since the others often follow from it. */
export const invalidValue = (issue: SchemaIssue.Issue): RequestError => {
  const [first] = format(issue).issues
  return new RequestError({
    reason: new InvalidValue({
      path: pathOf((first?.path ?? []).map((part) => (typeof part === "object" ? part.key : part))),
      issue: first === undefined ? "not what the schema allows" : bounded(first.message)
    })
  })
}

/** `["messages", 0, "content"]` → `messages[0].content`. */
const pathOf = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`
    const name = String(key).slice(0, 100)
    return text === "" ? name : `${text}.${name}`
  }, "")

/** An issue quotes the value, which may be as large as the body. */
const bounded = (message: string): string => (message.length <= 300 ? message : `${message.slice(0, 297)}...`)
