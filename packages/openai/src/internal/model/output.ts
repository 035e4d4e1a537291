/** What models say, as pieces of the choices that they are of. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Delta, FinishReason, Output, TokenLogprob, Usage } from "../../ModelServer.ts"
import { type Call, failureOf } from "./failure.ts"

/** A piece of a choice; one without a delta is its end. */
export interface Piece {
  readonly index: number
  readonly delta?: Delta
}

/** The pieces of all choices as they come, each choice with its end. */
export const piecesOf = <R>(
  call: Call,
  seenIn: "body" | "stream",
  outputs: ReadonlyArray<() => Output<unknown, R>>
): Stream.Stream<Piece, UpstreamError, R> =>
  Stream.mergeAll(
    outputs.map((output, index) =>
      Stream.suspend(() => deltasOf(output(), (error) => failureOf(call, error, seenIn))).pipe(
        Stream.map((delta): Piece => ({ index, delta })),
        Stream.concat(Stream.succeed({ index }))
      )
    ),
    { concurrency: "unbounded" }
  )

const deltasOf = <R>(
  output: Output<unknown, R>,
  failure: (error: unknown) => UpstreamError
): Stream.Stream<Delta, UpstreamError, R> =>
  isStreamed(output)
    ? output.pipe(Stream.mapError(failure), Stream.map(deltaOf))
    : Stream.unwrap(
        // What a model fails with is whatever its author says.
        // @effect-diagnostics-next-line anyUnknownInErrorContext:off
        Effect.mapBoth(output, {
          onFailure: failure,
          onSuccess: (said) => (isList(said) ? Stream.fromIterable(said) : Stream.succeed(deltaOf(said)))
        })
      )

const isStreamed = <R>(output: Output<unknown, R>): output is Stream.Stream<string | Delta, unknown, R> =>
  Stream.isStream(output)

const isList = (said: string | Delta | ReadonlyArray<Delta>): said is ReadonlyArray<Delta> => Array.isArray(said)

const deltaOf = (said: string | Delta): Delta => (typeof said === "string" ? { content: said } : said)

/** A call of a function, as far as it has come. */
export interface Calling {
  readonly index: number
  readonly id: string
  readonly name: string
  arguments: string
}

/** One choice, as far as it has come. */
export class Choice {
  content = ""
  reasoning = ""
  refusal = ""
  readonly calls = new Map<string, Calling>()
  readonly logprobs: Array<TokenLogprob> = []
  usage: Usage | undefined
  #finish: FinishReason | undefined

  /** Gives the call that a piece belongs to, where it belongs to one, and whether it begins with it. */
  take({
    content,
    finishReason,
    logprobs,
    reasoning,
    refusal,
    toolCall,
    usage
  }: Delta): { readonly calling: Calling; readonly isNew: boolean } | undefined {
    if (content !== undefined) this.content += content
    if (reasoning !== undefined) this.reasoning += reasoning
    if (refusal !== undefined) this.refusal += refusal
    if (logprobs !== undefined) this.logprobs.push(...logprobs)
    if (finishReason !== undefined) this.#finish = finishReason
    if (usage !== undefined) this.usage = usage
    if (toolCall === undefined) return undefined
    const { arguments: more = "", id, name } = toolCall
    const before = this.calls.get(id)
    const calling = before ?? { index: this.calls.size, id, name: name ?? "", arguments: "" }
    if (calling.name === "") throw new TypeError(`the tool call ${id} begins without the name of its function`)
    calling.arguments += more
    this.calls.set(id, calling)
    return { calling, isNew: before === undefined }
  }

  get finish(): FinishReason {
    return this.#finish ?? (this.calls.size > 0 ? "tool_calls" : "stop")
  }

  /** Whether its text is all that was to be said. */
  get isWholeText(): boolean {
    return this.finish === "stop" && this.calls.size === 0 && this.refusal === ""
  }
}

/** What several choices of one input cost together; `undefined` where no model told. */
export const usageOf = (
  choices: ReadonlyArray<Choice>
): { readonly input: number; readonly output: number } | undefined => {
  const known = choices.flatMap(({ usage }) => (usage === undefined ? [] : [usage]))
  return known.length === 0
    ? undefined
    : {
        input: Math.max(...known.map(({ inputTokens }) => inputTokens)),
        output: known.reduce((sum, { outputTokens = 0 }) => sum + outputTokens, 0)
      }
}
