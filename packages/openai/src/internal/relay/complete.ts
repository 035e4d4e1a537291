/** A relayed call with a plain answer. */
import * as Classification from "@causeway/core/Classification"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { MalformedResponse, RequestEncoding, type UpstreamReason } from "@causeway/core/UpstreamReason"
import * as Effect from "effect/Effect"
import { isUtf8 } from "node:buffer"
import type { Recorder } from "../../Recorder.ts"
import { Recording } from "../../Recording.ts"
import { judge } from "../answer.ts"
import type { Exchange, Sink } from "../exchange.ts"
import { type Call, errorOf, ofStatus, type Verdict } from "../failure.ts"
import { relayedHeaders } from "./headers.ts"
import { outgoing, type RelayRequest, type Target } from "./request.ts"
import { operationOf, problemOf } from "./routes.ts"

/** An answer as it came. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: ReadonlyArray<readonly [string, string]>
}

/** Makes one attempt. */
export const complete = (
  recorder: Recorder["Service"],
  target: Target,
  request: RelayRequest
): Effect.Effect<Answer, UpstreamError> =>
  Effect.withFiber((fiber) => {
    const call: Call = { upstream: target.name, operation: operationOf(request.method, request.path) }
    const recording = new Recording({ firstAttempt: fiber.getRef(Upstream.CurrentAttempt)?.number })
    const sent = outgoing(target, request, false, fiber)
    if (sent instanceof RequestEncoding) return Effect.fail(errorOf(call, { reason: sent }, recording))
    return Effect.callback((resume) => {
      const exchange = recorder.send(
        sent,
        recording,
        new Whole(
          (outcome) =>
            resume("body" in outcome ? Effect.succeed(outcome) : Effect.fail(errorOf(call, outcome, recording))),
          request
        )
      )
      return Effect.sync(() => exchange.abort(exchange.givenUp()))
    })
  })

/** Collects an answer and judges it. */
class Whole implements Sink {
  readonly #then: (outcome: Answer | Verdict) => void
  readonly #request: RelayRequest
  #exchange: Exchange | undefined
  readonly #chunks: Array<Uint8Array> = []
  #size = 0

  constructor(then: (outcome: Answer | Verdict) => void, request: RelayRequest) {
    this.#then = then
    this.#request = request
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

  fail(reason: UpstreamReason, cause: unknown): void {
    this.#then(cause === undefined ? { reason } : { reason, cause })
  }

  #judged(exchange: Exchange): Answer | Verdict {
    const { status } = exchange
    const whole = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength)
    // A byte order mark is no part of JSON.
    const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    const body = bytes.toString("utf8", start)
    if (status >= 300) return ofStatus(exchange, body)
    if (!isUtf8(bytes)) return { reason: Classification.malformed("encoding", body, "they are not UTF-8") }
    const { body: sent, path } = this.#request
    return judge(exchange, body, problemOf(path, sent)) ?? { status, body, headers: relayedHeaders(exchange) }
  }
}
