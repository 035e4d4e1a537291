/**
 * The services of a command that is given none: a calculation, and a call of an
 * upstream by the OpenAI SDK inside a worker.
 *
 * - `square`: `{ "x": 3 }` → `{ "y": 9 }`
 * - `answer`: `{ "prompt": "…", "model": "…" }` → `{ "text": "…" }`; the model may be
 *   left out
 *
 * **Example** (The calls, in process)
 *
 * ```ts
 * import { DefaultServices } from "@causeway/cli/DefaultServices"
 *
 * Array.from(DefaultServices.group.requests.keys()) // => ["square", "answer"]
 * ```
 */
import * as Contract from "@causeway/core/Contract"
import { Evidence } from "@causeway/core/Evidence"
import * as Redaction from "@causeway/core/Redaction"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { OutputUnusable } from "@causeway/core/UpstreamReason"
import { OpenAiClient } from "@causeway/openai/OpenAiClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import type { ChatCompletion } from "openai/resources/chat/completions"
import * as Service from "./Service.ts"

/** The model that is asked where the caller names none. */
export const defaultModel = "gpt-5-mini"

/** The contract. */
export class DefaultServices extends Contract.Service<DefaultServices>()(
  "causeway/DefaultServices",
  Rpc.make("square", {
    payload: { x: Schema.Finite.check(Schema.isBetween({ minimum: -1e150, maximum: 1e150 })) },
    success: Schema.Struct({ y: Schema.Finite })
  }).annotate(Contract.Replay, "safe"),
  Rpc.make("answer", {
    payload: { prompt: Schema.String, model: Schema.optional(Schema.NonEmptyString) },
    success: Schema.Struct({ text: Schema.String }),
    error: UpstreamError
  }).annotate(Contract.Replay, "safe")
) {}

/** The handlers: one attempt each. */
export const handlers = DefaultServices.toLayer(
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

export default Service.make(DefaultServices, handlers)
