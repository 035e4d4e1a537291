/**
 * What the simulated model says: a sentence that repeats the question, JSON that
 * fits a schema, or the call of a tool. It depends on the request alone.
 */
import * as Result from "effect/Result"
import * as Input from "./input.ts"
import * as Instance from "./instance.ts"

/** The most of a prompt that the answer repeats, in characters. */
const quoteLimit = 2_000

/** A tool that the caller offers. */
export interface Tool {
  readonly name: string
  readonly parameters: unknown
}

/** What was asked for. */
export interface Wanted {
  readonly prompt: string
  /** What a tool answered, where the conversation ends with that. */
  readonly toolResult: string | undefined
  /** The tool to call; not where one has just answered. */
  readonly tool: Tool | undefined
  /** Whether the text shall be JSON, and by which schema. */
  readonly json: { readonly schema: unknown } | undefined
  readonly maxTokens: number | undefined
}

/** What is said; the tokens in a row are the text, or the arguments. */
export interface Output {
  /** The tool that is called. */
  readonly call: string | undefined
  readonly tokens: ReadonlyArray<string>
  /** Whether it stops at the most tokens that were asked for. */
  readonly isCut: boolean
}

/** The beginning of a text, as much as an answer repeats. */
export const quote = (text: string): string =>
  (text.length <= quoteLimit ? text : `${text.slice(0, quoteLimit)}...`).toWellFormed()

/** The sentence of every answer. */
export const sentence = (said: string): string => `${said} (the Causeway simulator answers; no model is running)`

/** The words of a text, each with the space before it. */
export const words = (text: string): ReadonlyArray<string> => text.match(/\s*\S+/g) ?? []

/** Pieces of a text that is no prose. */
const pieces = (text: string): ReadonlyArray<string> => text.match(/[\s\S]{1,12}/gu) ?? []

/** The answer to a question. */
export const of = ({ json, maxTokens, prompt, tool, toolResult }: Wanted): Output => {
  const result = toolResult === undefined ? "" : `, and the tool answered: "${quote(toolResult)}"`
  const said = sentence(`You said: "${quote(prompt)}"${result}`)
  const whole =
    tool !== undefined
      ? pieces(JSON.stringify(Instance.of(tool.parameters)))
      : json === undefined
        ? words(said)
        : pieces(JSON.stringify(json.schema === undefined ? { answer: said } : Instance.of(json.schema)))
  const tokens = whole.slice(0, maxTokens)
  return { call: tool?.name, tokens, isCut: tokens.length < whole.length }
}

/** The tool to call: the named one, else the first. `functionOf` finds the function in an API's form of a tool. */
export const toolOf = (
  body: Input.Fields,
  functionOf: (value: Input.Fields) => unknown
): Input.Input<Tool | undefined> => {
  const { tool_choice: choice = "auto", tools = null } = body
  if (tools !== null && !Array.isArray(tools)) return Input.mistyped("tools", "an array of tools", tools)
  if (choice === "none") return Result.succeed(undefined)
  const functions = (tools ?? []).flatMap((each: unknown) => {
    const found = Input.isFields(each) ? functionOf(each) : undefined
    return Input.isFields(found) && typeof found["name"] === "string"
      ? [{ name: found["name"], parameters: found["parameters"] }]
      : []
  })
  const named = Input.isFields(choice) ? functionOf(choice) : undefined
  if (!Input.isFields(named)) return Result.succeed(functions[0])
  const tool = functions.find(({ name }) => name === named["name"])
  return tool === undefined
    ? Input.invalid("tool_choice", "Invalid value for 'tool_choice': there is no tool of that name.", "invalid_value")
    : Result.succeed(tool)
}

/** Whether JSON is wanted, by an API's form of it. */
export const jsonOf = (format: unknown, schemaOf: (format: Input.Fields) => unknown): Wanted["json"] => {
  if (!Input.isFields(format)) return undefined
  if (format["type"] === "json_object") return { schema: undefined }
  return format["type"] === "json_schema" ? { schema: schemaOf(format) ?? {} } : undefined
}

/** A message's text: of parts that are no text, their kind. */
export const textOf = (content: unknown): string | undefined => {
  if (typeof content === "string") return content
  if (content === null || content === undefined) return ""
  return Array.isArray(content) ? content.map(partOf).join(" ") : undefined
}

const partOf = (part: unknown): string => {
  if (!Input.isFields(part)) return ""
  const { text, type } = part
  return typeof text === "string" ? text : `[${typeof type === "string" ? type : "part"}]`
}
