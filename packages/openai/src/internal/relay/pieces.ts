/** A relayed answer that is passed on as the bytes that it is. */
import * as Classification from "@causeway/core/Classification"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { UpstreamReason } from "@causeway/core/UpstreamReason"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Pull from "effect/Pull"
import type { Exchange, Sink } from "../exchange.ts"
import { errorOf, type Verdict } from "../failure.ts"
import { Pending } from "../pending.ts"
import { type Head, headOf } from "./headers.ts"
import type { Attempt } from "./request.ts"

export class Pieces implements Sink {
  readonly #attempt: Attempt
  readonly #pending = new Pending<Head | Uint8Array>((elements) => elements)
  #exchange: Exchange | undefined

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  head(exchange: Exchange): void {
    this.#exchange = exchange
    this.#pending.exchange = exchange
  }

  data(chunk: Uint8Array): void {
    this.#begin()
    this.#pending.push(chunk, chunk.length)
    this.#pending.bound()
  }

  end(): void {
    const { content, isEmptyDone = false } = this.#attempt.route
    if (this.#exchange?.bytes === 0 && content !== "any" && !isEmptyDone) {
      return this.#fail({ reason: Classification.malformed("empty", "") })
    }
    this.#begin()
    this.#pending.settle("done")
  }

  fail(reason: UpstreamReason, cause: unknown): void {
    this.#fail(cause === undefined ? { reason } : { reason, cause })
  }

  get pull(): Pull.Pull<NonEmptyReadonlyArray<Head | Uint8Array>, UpstreamError> {
    return this.#pending.pull
  }

  close(): void {
    this.#exchange?.abort(this.#exchange.givenUp())
  }

  /** The head goes with the first bytes: what fails before them has not begun. */
  #begin(): void {
    if (this.#hasBegun || this.#exchange === undefined) return
    this.#hasBegun = true
    this.#pending.push(headOf(this.#exchange), 0)
  }
  #hasBegun = false

  #fail(verdict: Verdict): void {
    this.#pending.settle(() => errorOf(this.#attempt.call, verdict, this.#attempt.recording))
  }
}
