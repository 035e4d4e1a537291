/** Collects a relayed answer and judges it. */
import * as Classification from "@causeway/core/Classification"
import { MalformedResponse, type UpstreamReason } from "@causeway/core/UpstreamReason"
import { isUtf8 } from "node:buffer"
import type { Exchange, Sink } from "../exchange.ts"
import { ofStatus, type Verdict } from "../failure.ts"

/** What an answer came to: its body as text, or why it is none. */
export type Outcome = { readonly exchange: Exchange; readonly body: string } | Verdict

/** Why an answer of success is none. `isText`: its bytes are UTF-8; others are no answer, whatever is said here. */
export type Judge = (exchange: Exchange, body: string, isText: boolean) => Verdict | undefined

export class Whole implements Sink {
  readonly #then: (outcome: Outcome) => void
  readonly #judge: Judge
  #exchange: Exchange | undefined
  readonly #chunks: Array<Uint8Array> = []
  #size = 0

  constructor(then: (outcome: Outcome) => void, judge: Judge) {
    this.#then = then
    this.#judge = judge
  }

  head(exchange: Exchange): void {
    this.#exchange = exchange
  }

  data(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const exchange = this.#exchange
    if (exchange !== undefined && this.#size > exchange.limits.body) {
      exchange.abort(
        new MalformedResponse({
          message: `the answer is larger than ${exchange.limits.body} bytes`,
          seenIn: "body",
          issue: "too-large",
          excerpt: ""
        })
      )
    }
  }

  end(): void {
    const exchange = this.#exchange
    if (exchange !== undefined) this.#then(this.#judged(exchange))
  }

  /** Nobody wants the rest. */
  close(): void {
    this.#exchange?.abort(this.#exchange.givenUp())
  }

  fail(reason: UpstreamReason, cause: unknown): void {
    this.#then(cause === undefined ? { reason } : { reason, cause })
  }

  #judged(exchange: Exchange): Outcome {
    const whole = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength)
    // A byte order mark is no part of JSON.
    const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    const body = bytes.toString("utf8", start)
    if (exchange.status >= 300) return ofStatus(exchange, body)
    const isText = isUtf8(bytes)
    const wrong = this.#judge(exchange, body, isText)
    if (wrong !== undefined) return wrong
    return isText ? { exchange, body } : { reason: Classification.malformed("encoding", body, "they are not UTF-8") }
  }
}
