/** Structured outputs: an answer that is what its schema says, or why it is of no use. */
import * as Redaction from "@causeway/core/Redaction"
import { OutputUnusable } from "@causeway/core/UpstreamReason"
import type { ChatCompletion } from "openai/resources/chat/completions"
import type { Response } from "openai/resources/responses/responses"
import type { Verdict } from "../failure.ts"
import type { Accept } from "./accept.ts"

/** How much of an output an error keeps, in UTF-16 code units. */
const outputLimit = 16_384

const unusable = (issue: OutputUnusable["issue"], output: unknown, message: string, cause?: unknown): Verdict => ({
  reason: new OutputUnusable({
    message,
    seenIn: "body",
    issue,
    output: Redaction.text(typeof output === "string" ? output : "").slice(0, outputLimit)
  }),
  ...(cause !== undefined && { cause })
})

const length = "the output was cut at its length, before its end"
const empty = "the output is empty"
const filtered = "a content filter withheld the output"

/** Why a completion cannot be parsed; `undefined` where its output is there. */
export const completionUnusable = ({ choices }: ChatCompletion): Verdict | undefined => {
  for (const { finish_reason: finish, message } of choices) {
    const { content, refusal } = message
    if (typeof refusal === "string" && refusal !== "") return unusable("refusal", refusal, "the model refused")
    if (finish === "length") return unusable("length", content, length)
    if (finish === "content_filter") return unusable("filtered", content, filtered)
    const hasCalls = (message.tool_calls?.length ?? 0) > 0
    if (!hasCalls && (content === null || content === undefined || content === "")) {
      return unusable("unparsable", "", empty)
    }
  }
  return undefined
}

/** Why a response cannot be parsed; `undefined` where its output is there, or is not yet due. */
export const responseUnusable = ({
  incomplete_details: details,
  output,
  output_text: text,
  status
}: Response): Verdict | undefined => {
  if (status === "incomplete") {
    return details?.reason === "content_filter"
      ? unusable("filtered", text, filtered)
      : unusable("length", text, length)
  }
  let isEmpty = true
  for (const item of output) {
    if (item.type === "message" && Array.isArray(item.content)) {
      for (const part of item.content) {
        if (part.type === "refusal") return unusable("refusal", part.refusal, "the model refused")
        if (part.type === "output_text" && part.text !== "") isEmpty = false
      }
    } else if (item.type !== "reasoning") isEmpty = false
  }
  return isEmpty && status === "completed" ? unusable("unparsable", "", empty) : undefined
}

/** An answer with the SDK's module that parses it, which is loaded when it is first wanted. */
export interface Loaded<Parser> {
  readonly parser: Parser
  readonly answer: unknown
}

/** How an answer that shall be parsed is checked. */
export interface Parsing<A, Parser, B> {
  readonly answer: Accept<A>
  /** Why there is nothing to parse. */
  readonly unusable: (answer: A) => Verdict | undefined
  readonly output: (answer: A) => unknown
  /** A parser is the caller's: whatever it throws means that the output does not fit. */
  readonly parse: (parser: Parser, answer: A) => B
}

/** Checks an answer that was {@link Loaded}, and parses it. */
export const parsed = <A, Parser, B>({ answer, output, parse, unusable: found }: Parsing<A, Parser, B>): Accept<B> => ({
  problem: answer.problem,
  accept: (value, received) => {
    // What `send` has made: the SDK's value stands in it.
    const loaded = value as Loaded<Parser>
    const accepted = answer.accept(loaded.answer, received)
    if (!("value" in accepted)) return accepted
    const verdict = found(accepted.value)
    if (verdict !== undefined) return verdict
    try {
      return { value: parse(loaded.parser, accepted.value) }
    } catch (error) {
      const why = Redaction.text(error instanceof Error ? error.message : String(error)).slice(0, 500)
      return unusable("unparsable", output(accepted.value), `the output does not fit its schema: ${why}`, error)
    }
  }
})
