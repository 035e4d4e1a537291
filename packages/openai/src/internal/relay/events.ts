/** A relayed call whose answer is a stream of events. */
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Recorder } from "../../Recorder.ts"
import { Events } from "../events.ts"
import type { Exchange } from "../exchange.ts"
import { type Head, headOf } from "./headers.ts"
import { type Attempt, attemptOf, type RelayRequest, type Target } from "./request.ts"

/** Makes one attempt. */
export const events = (
  recorder: Recorder["Service"],
  target: Target,
  request: RelayRequest
): Stream.Stream<Head | string, UpstreamError> =>
  Stream.fromChannel(
    Channel.fromTransform((_upstream: unknown, scope: Scope.Scope) =>
      Effect.withFiber((fiber) => {
        const attempt = attemptOf(target, request, "text/event-stream", fiber)
        if (attempt instanceof UpstreamError) return Effect.fail(attempt)
        const events = eventsOf(attempt)
        const exchange = recorder.send(attempt.sent, attempt.recording, events)
        return Effect.as(closedWith(scope, exchange, events), events.pull)
      })
    )
  )

/** The events of an attempt, behind the head that stands before them. */
export const eventsOf = ({ call, recording, route }: Attempt): Events<Head | string> => {
  let isFirst = true
  return new Events<Head | string>({
    call,
    recording,
    kind: route.kind,
    emit: ({ text }) => text,
    join: (texts, exchange) => {
      const joined = texts.length === 1 ? texts[0] : texts.join("")
      if (!isFirst) return [joined]
      isFirst = false
      return [headOf(exchange), joined]
    }
  })
}

/** Closes the upstream's socket with the end of a scope, unless the answer has come to its end. */
export const closedWith = (
  scope: Scope.Scope,
  exchange: Exchange,
  answer: { readonly close: () => void }
): Effect.Effect<void> =>
  Scope.addFinalizer(
    scope,
    Effect.sync(() => (exchange.status === 0 ? exchange.abort(exchange.givenUp()) : answer.close()))
  )
