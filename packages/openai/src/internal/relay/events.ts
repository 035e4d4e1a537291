/** A relayed call whose answer is a stream of events. */
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { RequestEncoding } from "@causeway/core/UpstreamReason"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Recorder } from "../../Recorder.ts"
import { Recording } from "../../Recording.ts"
import { Events } from "../events.ts"
import { type Call, errorOf } from "../failure.ts"
import { relayedHeaders, upstreamRequestId } from "./headers.ts"
import { outgoing, type RelayRequest, type Target } from "./request.ts"
import { hasChoices, operationOf } from "./routes.ts"

/** What stands before the first events. */
export interface Head {
  readonly status: number
  readonly requestId?: string
  readonly headers: ReadonlyArray<readonly [string, string]>
}

/** Makes one attempt. */
export const events = (
  recorder: Recorder["Service"],
  target: Target,
  request: RelayRequest
): Stream.Stream<Head | string, UpstreamError> =>
  Stream.fromChannel(
    Channel.fromTransform((_upstream: unknown, scope: Scope.Scope) =>
      Effect.withFiber((fiber) => {
        const call: Call = { upstream: target.name, operation: operationOf(request.method, request.path) }
        const recording = new Recording({ stream: true, firstAttempt: fiber.getRef(Upstream.CurrentAttempt)?.number })
        const sent = outgoing(target, request, true, fiber)
        if (sent instanceof RequestEncoding) return Effect.fail(errorOf(call, { reason: sent }, recording))
        let isFirst = true
        const events = new Events<Head | string>({
          call,
          recording,
          hasChoices: hasChoices(request.path),
          emit: ({ text }) => text,
          join: (texts, exchange) => {
            const joined = texts.length === 1 ? texts[0] : texts.join("")
            if (!isFirst) return [joined]
            isFirst = false
            const requestId = upstreamRequestId(exchange)
            const headers = relayedHeaders(exchange)
            return [{ status: exchange.status, headers, ...(requestId !== undefined && { requestId }) }, joined]
          }
        })
        const exchange = recorder.send(sent, recording, events)
        return Effect.as(
          Scope.addFinalizer(
            scope,
            Effect.sync(() => (exchange.status === 0 ? exchange.abort(exchange.givenUp()) : events.close()))
          ),
          events.pull
        )
      })
    )
  )
