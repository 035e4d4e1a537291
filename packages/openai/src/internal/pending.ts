/**
 * What has come from an upstream and waits for its consumer: what came in one turn
 * is one chunk, and whoever is slow slows the upstream down.
 */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { isArrayNonEmpty, type NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import type { Exchange } from "./exchange.ts"

/** How much waits, in UTF-16 code units or bytes, before the upstream is told to. */
const window = 256 * 1024

/** Elements on their way from an exchange to whoever pulls them. */
export class Pending<A> {
  readonly #join: (elements: NonEmptyReadonlyArray<A>) => NonEmptyReadonlyArray<A>
  readonly #resumed: () => void
  #exchange: Exchange | undefined
  #elements: Array<A> = []
  #size = 0
  #isPaused = false
  #outcome: "open" | "done" | (() => UpstreamError) = "open"
  #wake: (() => void) | undefined
  #isWaking = false

  /** `join`: what a chunk becomes. `resumed`: called when a consumer that was waited for has come. */
  constructor(join: (elements: NonEmptyReadonlyArray<A>) => NonEmptyReadonlyArray<A>, resumed: () => void = () => {}) {
    this.#join = join
    this.#resumed = resumed
  }

  /** Whose reading is bounded. */
  set exchange(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** Whether the upstream is made to wait. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Whether there is an end, whichever; elements may wait before it. */
  get isOver(): boolean {
    return this.#outcome !== "open"
  }

  /** The error with which it all began, where there is nothing before it. */
  get failure(): UpstreamError | undefined {
    return this.#elements.length === 0 && typeof this.#outcome === "function" ? this.#outcome() : undefined
  }

  push(element: A, size: number): void {
    this.#elements.push(element)
    this.#size += size
    this.#notify()
  }

  /** Makes the upstream wait if too much does already. */
  bound(): void {
    if (this.#size <= window || this.#isPaused) return
    this.#isPaused = true
    this.#exchange?.pause()
  }

  /** The end: nothing is pushed any more. An error is made when it is asked for. */
  settle(outcome: "done" | (() => UpstreamError)): void {
    this.#outcome = outcome
    this.#notify()
    if (outcome === "done" && this.#isPaused && this.#exchange?.settled === false) this.#exchange.resume()
  }

  /** Calls back as soon as there is something to pull, be it the end. */
  whenReady(then: () => void): void {
    if (this.#elements.length > 0 || this.isOver) then()
    else this.#wake = then
  }

  /** The next elements. */
  readonly pull: Pull.Pull<NonEmptyReadonlyArray<A>, UpstreamError> = Effect.suspend(() => {
    const now = this.#take()
    return now !== undefined
      ? now
      : Effect.callback<NonEmptyReadonlyArray<A>, UpstreamError | Cause.Done>((resume) => {
          this.#wake = () => resume(this.#take() ?? this.pull)
          return Effect.sync(() => {
            this.#wake = undefined
          })
        })
  })

  #take(): Pull.Pull<NonEmptyReadonlyArray<A>, UpstreamError> | undefined {
    const elements = this.#elements
    if (isArrayNonEmpty(elements)) {
      const chunk = this.#join(elements)
      this.#elements = []
      this.#size = 0
      if (this.#isPaused) {
        this.#isPaused = false
        this.#resumed()
        this.#exchange?.resume()
      }
      return Effect.succeed(chunk)
    }
    if (this.#outcome === "open") return undefined
    return this.#outcome === "done" ? Cause.done() : Effect.fail(this.#outcome())
  }

  /** Wakes the consumer once in this turn, however much it brings. */
  #notify(): void {
    if (this.#wake === undefined || this.#isWaking) return
    this.#isWaking = true
    queueMicrotask(() => {
      this.#isWaking = false
      const wake = this.#wake
      this.#wake = undefined
      wake?.()
    })
  }
}
