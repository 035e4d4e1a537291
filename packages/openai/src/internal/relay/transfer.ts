/** A relayed call whose request or answer may be other than JSON: forms, audio, images, files. */
import * as Classification from "@causeway/core/Classification"
import { UpstreamError } from "@causeway/core/UpstreamError"
import type { UpstreamReason } from "@causeway/core/UpstreamReason"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Recorder } from "../../Recorder.ts"
import { beginsAsText } from "../beginning.ts"
import type { Exchange, Sink } from "../exchange.ts"
import { classified, errorOf } from "../failure.ts"
import { Pending } from "../pending.ts"
import { closedWith, eventsOf } from "./events.ts"
import { type Head, headOf } from "./headers.ts"
import { Pieces } from "./pieces.ts"
import { type Attempt, attemptOf, type RelayRequest, type Target } from "./request.ts"
import { asksForEvents, judgeFor } from "./routes.ts"
import { Whole } from "./whole.ts"

type Element = Head | string | Uint8Array

type Elements = Pull.Pull<NonEmptyReadonlyArray<Element>, UpstreamError>

/** Makes one attempt. */
export const transfer = (
  recorder: Recorder["Service"],
  target: Target,
  request: RelayRequest
): Stream.Stream<Element, UpstreamError> =>
  Stream.fromChannel(
    Channel.fromTransform((_upstream: unknown, scope: Scope.Scope) =>
      Effect.withFiber((fiber) => {
        const attempt = attemptOf(target, request, "*/*", fiber)
        if (attempt instanceof UpstreamError) return Effect.fail(attempt)
        const answer = new Answer(attempt)
        const exchange = recorder.send(attempt.sent, attempt.recording, answer)
        return Effect.as(closedWith(scope, exchange, answer), answer.pull)
      })
    )
  )

/** A part of an answer's way: a sink, and what comes out of it. */
interface Part extends Sink {
  readonly pull: Elements
  readonly close: () => void
}

/** An answer of which only its head, or its first bytes, tell what it is. */
class Answer implements Sink {
  readonly #attempt: Attempt
  #exchange: Exchange | undefined
  #part: Part | undefined
  #chosen: (() => void) | undefined

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  head(exchange: Exchange): void {
    this.#exchange = exchange
    const { request, route } = this.#attempt
    const { content } = route
    const type = exchange.header("content-type") ?? ""
    if (exchange.status >= 300) this.#choose(new Judged(this.#attempt))
    else if (content === "any") this.#choose(new Pieces(this.#attempt))
    else if (
      /event-stream/i.test(type) &&
      route.isForeign !== true &&
      asksForEvents(route, request.body, request.contentType)
    )
      this.#choose(eventsOf(this.#attempt))
    else if (type !== "") this.#choose(content?.(type) === true ? new Pieces(this.#attempt) : new Judged(this.#attempt))
  }

  data(chunk: Uint8Array): void {
    if (this.#part === undefined) this.#sniff(chunk)
    this.#part?.data(chunk)
  }

  end(): void {
    if (this.#part === undefined) this.#choose(new Judged(this.#attempt))
    this.#part?.end()
  }

  fail(reason: UpstreamReason, cause: unknown): void {
    if (this.#part === undefined) this.#choose(new Judged(this.#attempt))
    this.#part?.fail(reason, cause)
  }

  close(): void {
    if (this.#part === undefined) this.#exchange?.abort(this.#exchange.givenUp())
    else this.#part.close()
  }

  readonly pull: Elements = Effect.suspend(
    () =>
      this.#part?.pull ??
      Effect.callback<NonEmptyReadonlyArray<Element>, UpstreamError | Cause.Done>((resume) => {
        this.#chosen = () => resume(this.pull)
        return Effect.sync(() => {
          this.#chosen = undefined
        })
      })
  )

  /** Of an answer without a content type, the first bytes tell. */
  #sniff(chunk: Uint8Array): void {
    const isJudged = this.#attempt.route.content === undefined || beginsAsText(chunk)
    this.#choose(isJudged ? new Judged(this.#attempt) : new Pieces(this.#attempt))
  }

  #choose(part: Part): void {
    this.#part = part
    if (this.#exchange !== undefined) part.head(this.#exchange)
    this.#chosen?.()
  }
}

/** An answer in JSON, and everything that is no answer. */
class Judged extends Whole implements Part {
  readonly #pending = new Pending<Element>((elements) => elements)

  constructor({ call, recording, request, route }: Attempt) {
    super(
      (outcome) => {
        if (!("body" in outcome)) return this.#pending.settle(() => errorOf(call, outcome, recording))
        this.#pending.push(headOf(outcome.exchange), 0)
        this.#pending.push(outcome.body, outcome.body.length)
        this.#pending.settle("done")
      },
      (exchange, body, isText) => {
        const type = exchange.header("content-type") ?? ""
        if (route.content === undefined || type === "" || /json/i.test(type)) {
          return isText ? judgeFor(route, request.body, exchange, body) : undefined
        }
        // A page of HTML, say, where audio was asked for.
        const issue = body.trim() === "" ? "empty" : "wrong-shape"
        return classified(exchange, body, "body") ?? { reason: Classification.malformed(issue, body, `it is ${type}`) }
      }
    )
  }

  get pull(): Elements {
    return this.#pending.pull
  }
}
