/** A relayed call with a plain answer. */
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import type { Recorder } from "../../Recorder.ts"
import { errorOf } from "../failure.ts"
import { type Head, headOf } from "./headers.ts"
import { attemptOf, type RelayRequest, type Target } from "./request.ts"
import { judgeFor } from "./routes.ts"
import { Whole } from "./whole.ts"

/** An answer as it came. */
export interface Answer extends Head {
  readonly body: string
}

/** Makes one attempt. */
export const complete = (
  recorder: Recorder["Service"],
  target: Target,
  request: RelayRequest
): Effect.Effect<Answer, UpstreamError> =>
  Effect.withFiber((fiber) => {
    const attempt = attemptOf(target, request, "application/json", fiber)
    if (attempt instanceof UpstreamError) return Effect.fail(attempt)
    const { call, recording, route, sent } = attempt
    return Effect.callback((resume) => {
      const sink = new Whole(
        (outcome) =>
          resume(
            "body" in outcome
              ? Effect.succeed({ ...headOf(outcome.exchange), body: outcome.body })
              : Effect.fail(errorOf(call, outcome, recording))
          ),
        (exchange, body, isText) => (isText ? judgeFor(route, request.body, exchange, body) : undefined)
      )
      const exchange = recorder.send(sent, recording, sink)
      return Effect.sync(() => exchange.abort(exchange.givenUp()))
    })
  })
