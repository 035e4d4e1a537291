/** The handlers of the default services. */
import { Evidence } from "@causeway/core/Evidence"
import * as Redaction from "@causeway/core/Redaction"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { OutputUnusable } from "@causeway/core/UpstreamReason"
import { OpenAiClient } from "@causeway/openai/OpenAiClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ChatCompletion } from "openai/resources/chat/completions"
import { DefaultServices, defaultModel } from "../DefaultServices.ts"

/** One attempt each. */
export const layer = DefaultServices.toLayer(
  Effect.gen(function* () {
    const openai = yield* OpenAiClient
    return {
      square: ({ x }) => Effect.succeed({ y: x * x }),
      answer: Effect.fnUntraced(function* ({ model = defaultModel, prompt }) {
        const startedAt = yield* Clock.currentTimeMillis
        const { data, response } = yield* openai.chat.completions.create.withResponse({
          model,
          messages: [{ role: "user", content: prompt }]
        })
        const [choice] = data.choices
        const issue = issueOf(choice)
        const text = choice?.message.content ?? choice?.message.refusal ?? ""
        if (issue === undefined) return { text }
        return yield* new UpstreamError({
          upstream: response.upstream,
          operation: "chat.completions.create",
          reason: new OutputUnusable({ ...issue, seenIn: "body", output: Redaction.text(text) }),
          evidence: new Evidence({
            attempt: response.attempt,
            timing: { startedAt, totalMs: (yield* Clock.currentTimeMillis) - startedAt },
            ...(response.requestId !== undefined && { requestId: response.requestId })
          })
        })
      })
    }
  })
)

/** Why a whole answer is none to this question. */
const issueOf = (choice: ChatCompletion.Choice | undefined): Pick<OutputUnusable, "issue" | "message"> | undefined => {
  if (typeof choice?.message.refusal === "string") return { issue: "refusal", message: "the model refused" }
  if (choice?.finish_reason === "content_filter") return { issue: "filtered", message: "a filter cut the answer" }
  if (choice?.finish_reason === "length") return { issue: "length", message: "the answer was cut at its longest" }
  return typeof choice?.message.content === "string" ? undefined : { issue: "unparsable", message: "there is no text" }
}
