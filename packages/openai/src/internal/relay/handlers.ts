/** The handlers of `Relay`. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Recorder from "../../Recorder.ts"
import { Relay } from "../../Relay.ts"
import type { Upstreams } from "../../UpstreamConfig.ts"
import { ready, table } from "../upstreams.ts"
import { complete } from "./complete.ts"
import { events } from "./events.ts"
import { type Target, targetOf } from "./request.ts"
import { transfer } from "./transfer.ts"

/** For these upstreams. Fails where their configuration is wrong or a key is missing. */
export const make = Effect.fnUntraced(function* (upstreams: Upstreams, options: Recorder.Options) {
  const recorder = yield* Recorder.make(options)
  const targets = yield* table(upstreams, (name, config) => Effect.map(ready(name, config), targetOf))
  const chosen = <A>(
    operation: string,
    run: (target: Target) => Stream.Stream<A, UpstreamError>
  ): Stream.Stream<A, UpstreamError> =>
    Stream.unwrap(Effect.withFiber((fiber) => Effect.map(targets.chosen(fiber, operation), run)))
  return Relay.group.of({
    complete: (request) =>
      Effect.withFiber((fiber) =>
        Effect.flatMap(targets.chosen(fiber, "relay.complete"), (target) => complete(recorder, target, request))
      ),
    events: (request) => chosen("relay.events", (target) => events(recorder, target, request)),
    transfer: (request) => chosen("relay.transfer", (target) => transfer(recorder, target, request))
  })
})
