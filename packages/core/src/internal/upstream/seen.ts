/** What was thrown, as rules look at it. */
import { type Answer, look, type Seen } from "../classification/seen.ts"
import { read, chainOf } from "../systemError.ts"

/** More is not looked at: an error is said in a few sentences. */
const textLimit = 16_384

/** Where drivers and clients put their codes: Node, PostgreSQL, MySQL, SQL Server, SQLite, MongoDB, gRPC. */
const codeKeys = ["code", "sqlState", "sqlstate", "codeName", "errno", "errcode", "number", "type", "name", "_tag"]

/** Anything thrown, with its chain of errors and the answer that one of them holds. */
export const seenIn = (thrown: unknown, errors: ReadonlyArray<object>, answer: Answer | undefined): Seen => {
  const base = answer === undefined ? unanswered : look(answer)
  const said = errors.length === 0 ? [wordOf(thrown)] : chainOf(thrown).map(({ message }) => message)
  const messages = said.filter((message) => message !== "")
  const codes = errors.flatMap((error) => codeKeys.flatMap((key) => codeOf(read(error, key)) ?? []))
  const message = base.message ?? messages[0]
  const code = base.code ?? codes[0]
  return {
    ...base,
    ...(message !== undefined && { message }),
    ...(code !== undefined && { code }),
    stated: base.stated || answer === undefined,
    codes: [...new Set([...base.codes, ...codes.map((each) => each.toLowerCase())])],
    text: [base.text, ...messages].join("\n").trim().slice(0, textLimit).toLowerCase(),
    ...(answer !== undefined && { json: jsonOf(answer.body) }),
    thrown
  }
}

/** What a text says in JSON; `undefined` where it is none. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const unanswered: Seen = {
  error: {},
  stated: true,
  codes: [],
  text: "",
  page: "",
  status: undefined,
  success: false,
  seenIn: "socket",
  headers: new Map(),
  now: undefined
}

const codeOf = (u: unknown): string | undefined =>
  typeof u === "string" && u !== "" && u.length <= 200 ? u : typeof u === "number" ? String(u) : undefined

/** What was thrown without being an object. A function says nothing. */
const wordOf = (thrown: unknown): string =>
  typeof thrown === "string" ? thrown : typeof thrown === "function" || thrown == null ? "" : safeString(thrown)

const safeString = (value: unknown): string => {
  try {
    return String(value)
  } catch {
    return ""
  }
}
