/** The Responses API, carried by what models say to a conversation. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Fields } from "../answer.ts"
import { type Call, unusable } from "./failure.ts"
import type { Check } from "./format.ts"
import { type Calling, Choice, type Piece, usageOf } from "./output.ts"

/** An item of the output, with its place in it. */
type Item =
  | { readonly kind: "message"; readonly id: string; readonly place: number }
  | { readonly kind: "call"; readonly id: string; readonly place: number; readonly calling: Calling }

/** One response, as it comes about. */
class Response {
  readonly #call: Call
  readonly #id: string
  readonly #body: Fields
  readonly #check: Check
  readonly #choice = new Choice()
  readonly #items: Array<Item> = []
  #events = 0

  constructor(call: Call, id: string, body: Fields, check: Check) {
    this.#call = call
    this.#id = id
    this.#body = body
    this.#check = check
  }

  begin(): string {
    const response = this.#response("in_progress", [])
    return this.#event("response.created", { response }) + this.#event("response.in_progress", { response })
  }

  take({ delta }: Piece): string {
    if (delta === undefined) return ""
    const called = this.#choice.take(delta)
    let events = ""
    for (const [part, text] of [
      ["output_text", delta.content],
      ["refusal", delta.refusal]
    ] as const) {
      if (text === undefined || text === "") continue
      events += this.#message(part)
      const { id, place } = this.#items.find(({ kind }) => kind === "message") ?? { id: "", place: 0 }
      events += this.#event(`response.${part}.delta`, {
        item_id: id,
        output_index: place,
        content_index: this.#indexOf(part),
        delta: text,
        ...(part === "output_text" && { logprobs: [] })
      })
    }
    if (called === undefined) return events
    const { calling, isNew } = called
    if (isNew) {
      const item: Item = { kind: "call", id: `fc_${this.#id}_${calling.index}`, place: this.#items.length, calling }
      this.#items.push(item)
      events += this.#event("response.output_item.added", {
        output_index: item.place,
        item: { ...this.#itemOf(item, "in_progress"), arguments: "" }
      })
    }
    const item = this.#items.find((each) => each.kind === "call" && each.calling === calling)
    const more = delta.toolCall?.arguments ?? ""
    return item === undefined || more === ""
      ? events
      : events +
          this.#event("response.function_call_arguments.delta", {
            item_id: item.id,
            output_index: item.place,
            delta: more
          })
  }

  /** The last events, or why there is no response. */
  end(seenIn: "body" | "stream"): Result.Result<string, UpstreamError> {
    const { calls, content, finish, isWholeText, refusal } = this.#choice
    const problem = isWholeText ? this.#check(content) : undefined
    if (problem !== undefined) return Result.fail(unusable(this.#call, content, problem, seenIn))
    // A model that says nothing says an empty text.
    let events = content === "" && refusal === "" && calls.size === 0 ? this.#message("output_text") : ""
    for (const item of this.#items) {
      const at = { item_id: item.id, output_index: item.place }
      if (item.kind === "message") {
        for (const [index, part] of this.#parts.entries()) {
          const text = part === "refusal" ? { refusal } : { text: content, logprobs: [] }
          events += this.#event(`response.${part}.done`, { ...at, content_index: index, ...text })
          events += this.#event("response.content_part.done", { ...at, content_index: index, part: this.#partOf(part) })
        }
      } else {
        events += this.#event("response.function_call_arguments.done", {
          ...at,
          name: item.calling.name,
          arguments: item.calling.arguments
        })
      }
      events += this.#event("response.output_item.done", {
        output_index: item.place,
        item: this.#itemOf(item, "completed")
      })
    }
    const response = this.#whole()
    const type = finish === "length" || finish === "content_filter" ? "incomplete" : "completed"
    return Result.succeed(events + this.#event(`response.${type}`, { response }))
  }

  /** The whole response, once it is at its end. */
  get json(): string {
    return JSON.stringify(this.#whole())
  }

  readonly #parts: Array<"output_text" | "refusal"> = []

  #indexOf(part: "output_text" | "refusal"): number {
    return this.#parts.indexOf(part)
  }

  /** The beginning of the message, and of a part of it, where they have not begun. */
  #message(part: "output_text" | "refusal"): string {
    let events = ""
    let item = this.#items.find(({ kind }) => kind === "message")
    if (item === undefined) {
      item = { kind: "message", id: `msg_${this.#id}`, place: this.#items.length }
      this.#items.push(item)
      events += this.#event("response.output_item.added", {
        output_index: item.place,
        item: { ...this.#itemOf(item, "in_progress"), content: [] }
      })
    }
    if (this.#parts.includes(part)) return events
    this.#parts.push(part)
    return (
      events +
      this.#event("response.content_part.added", {
        item_id: item.id,
        output_index: item.place,
        content_index: this.#parts.length - 1,
        part: part === "refusal" ? { type: part, refusal: "" } : { type: part, text: "", annotations: [], logprobs: [] }
      })
    )
  }

  #partOf(part: "output_text" | "refusal"): object {
    const { content, refusal } = this.#choice
    return part === "refusal" ? { type: part, refusal } : { type: part, text: content, annotations: [], logprobs: [] }
  }

  #itemOf(item: Item, status: "in_progress" | "completed"): object {
    return item.kind === "message"
      ? {
          id: item.id,
          type: "message",
          status,
          role: "assistant",
          content: this.#parts.map((part) => this.#partOf(part))
        }
      : {
          id: item.id,
          type: "function_call",
          status,
          call_id: item.calling.id,
          name: item.calling.name,
          arguments: item.calling.arguments
        }
  }

  #whole(): object {
    const { finish } = this.#choice
    const reason = finish === "length" ? "max_output_tokens" : finish === "content_filter" ? finish : undefined
    const output = this.#items.map((item) => this.#itemOf(item, "completed"))
    return {
      ...this.#response(reason === undefined ? "completed" : "incomplete", output),
      incomplete_details: reason === undefined ? null : { reason }
    }
  }

  #response(status: string, output: ReadonlyArray<object>): object {
    const body = this.#body
    const usage = usageOf([this.#choice])
    return {
      id: `resp_${this.#id}`,
      object: "response",
      created_at: Math.floor(this.#call.startedAt / 1_000),
      status,
      error: null,
      incomplete_details: null,
      instructions: body["instructions"] ?? null,
      max_output_tokens: body["max_output_tokens"] ?? null,
      metadata: body["metadata"] ?? {},
      model: this.#call.model,
      output,
      parallel_tool_calls: body["parallel_tool_calls"] ?? true,
      previous_response_id: null,
      store: false,
      temperature: body["temperature"] ?? null,
      text: body["text"] ?? { format: { type: "text" } },
      tool_choice: body["tool_choice"] ?? "auto",
      tools: body["tools"] ?? [],
      top_p: body["top_p"] ?? null,
      ...(usage !== undefined && {
        usage: {
          input_tokens: usage.input,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: usage.output,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: usage.input + usage.output
        }
      })
    }
  }

  #event(type: string, parts: object): string {
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#events++, ...parts })}\n\n`
  }
}

/** The whole response as JSON. */
export const answer = <R>(
  call: Call,
  id: string,
  body: Fields,
  check: Check,
  pieces: Stream.Stream<Piece, UpstreamError, R>
): Effect.Effect<string, UpstreamError, R> =>
  Effect.suspend(() => {
    const response = new Response(call, id, body, check)
    return Stream.runForEach(pieces, (piece) => Effect.sync(() => response.take(piece))).pipe(
      Effect.flatMap(() => Effect.fromResult(response.end("body"))),
      Effect.map(() => response.json)
    )
  })

/** The response as events. */
export const events = <R>(
  call: Call,
  id: string,
  body: Fields,
  check: Check,
  pieces: Stream.Stream<Piece, UpstreamError, R>
): Stream.Stream<string, UpstreamError, R> =>
  Stream.suspend(() => {
    const response = new Response(call, id, body, check)
    let isFirst = true
    const next = (piece: Piece): Effect.Effect<string, UpstreamError> =>
      Effect.suspend(() => {
        // What fails before its first piece has not begun.
        const before = isFirst ? response.begin() : ""
        isFirst = false
        if (piece.delta !== undefined) return Effect.succeed(before + response.take(piece))
        return Effect.map(Effect.fromResult(response.end("stream")), (last) => before + last)
      })
    return Stream.filter(Stream.mapEffect(pieces, next), (text) => text !== "")
  })
