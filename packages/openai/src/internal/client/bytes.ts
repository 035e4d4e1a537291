/** An answer that is bytes: audio, or a file's content. */
import * as Classification from "@causeway/core/Classification"
import type { UpstreamReason } from "@causeway/core/UpstreamReason"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { Recording } from "../../Recording.ts"
import { problems } from "../answer.ts"
import { Beginning, beginsAsText, isText, undecodable } from "../beginning.ts"
import type { Exchange } from "../exchange.ts"
import { type Call, classified, errorOf, type Head, ofStatus, type Verdict } from "../failure.ts"
import { Pending } from "../pending.ts"
import type { Accept } from "./accept.ts"
import type { Pieces, Source } from "./stream.ts"

/** What the bytes shall be: `audio`, or anything that somebody once stored. */
export type Content = "audio" | "any"

const notAudio = (head: Head, text: string): Verdict => {
  const said = classified(head, text, "body")
  if (said !== undefined) return said
  if (text.trim() === "") return { reason: Classification.malformed("empty", text) }
  const isJson = /^\uFEFF?\s*[{[]/.test(text)
  const what = `it is ${isJson ? "JSON" : "text"}, and audio was asked for`
  return { reason: Classification.malformed("wrong-shape", text, what) }
}

/** A whole answer that is bytes. */
export const bytes = (content: Content): Accept<Uint8Array> => ({
  problem: problems.anything,
  accept: (value, { attempt, text }) => {
    const body = value instanceof Uint8Array ? value : new Uint8Array()
    if (content === "any") return { value: body }
    const type = attempt.header("content-type") ?? ""
    const isWrong = body.length === 0 || isText(type) || (type === "" && beginsAsText(body))
    if (!isWrong) return { value: body }
    const reason = undecodable(type, body)
    return reason === undefined ? notAudio(attempt, text()) : { reason }
  }
})

/** Takes an answer that is bytes, as they come. */
export class Bytes implements Source<Uint8Array> {
  readonly #call: Call
  readonly #recording: Recording
  readonly #content: Content
  readonly #onPiece: () => void
  readonly #pending = new Pending<Uint8Array>((pieces) => pieces)
  #exchange: Exchange | undefined
  /** The answer where it is none of the bytes that were asked for. */
  #body: Beginning | undefined
  #isKnown = false

  constructor(call: Call, recording: Recording, content: Content, onPiece: () => void) {
    this.#call = call
    this.#recording = recording
    this.#content = content
    this.#onPiece = onPiece
  }

  get pull(): Pieces<Uint8Array> {
    return this.#pending.pull
  }

  get isOver(): boolean {
    return this.#pending.isOver
  }

  get failure(): UpstreamError | undefined {
    return this.#pending.failure
  }

  whenReady(then: () => void): void {
    this.#pending.whenReady(then)
  }

  head(exchange: Exchange): void {
    this.#exchange = exchange
    this.#pending.exchange = exchange
    const type = exchange.header("content-type") ?? ""
    if (exchange.status >= 300 || (this.#content === "audio" && isText(type))) this.#body = new Beginning()
    else this.#isKnown = this.#content === "any" || type !== ""
  }

  data(chunk: Uint8Array): void {
    if (this.isOver) return
    if (this.#body === undefined && !this.#isKnown) this.#sniff(chunk)
    if (this.#body === undefined) {
      this.#onPiece()
      this.#pending.push(chunk, chunk.length)
      return this.#pending.bound()
    }
    const exchange = this.#exchange
    if (exchange === undefined || !this.#body.add(chunk, exchange)) return
    this.end()
    exchange.abort(exchange.givenUp())
  }

  end(): void {
    const exchange = this.#exchange
    if (this.isOver || exchange === undefined) return
    if (this.#body !== undefined) {
      const { text } = this.#body
      if (exchange.status >= 300) return this.#fail(ofStatus(exchange, text))
      const reason = this.#body.undecodable(exchange)
      return this.#fail(reason === undefined ? notAudio(exchange, text) : { reason })
    }
    if (exchange.bytes === 0 && this.#content !== "any")
      return this.#fail({ reason: Classification.malformed("empty", "") })
    this.#pending.settle("done")
  }

  fail(reason: UpstreamReason, cause: unknown): void {
    if (!this.isOver) this.#fail(cause === undefined ? { reason } : { reason, cause })
  }

  /** Of an answer without a content type, the first bytes tell. */
  #sniff(chunk: Uint8Array): void {
    if (beginsAsText(chunk)) this.#body = new Beginning()
    else this.#isKnown = true
  }

  #fail(verdict: Verdict): void {
    this.#pending.settle(() => errorOf(this.#call, verdict, this.#recording))
  }
}
