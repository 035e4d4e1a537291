/** The routes of REST APIs behind policies, and the checks of what is behind them. */
import * as Local from "@causeway/core/Local"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { HttpRelay, type Options as HttpRelayOptions } from "@causeway/openai/HttpRelay"
import * as Known from "@causeway/resilience/Upstreams"
import type * as Health from "@causeway/server/Health"
import * as HttpApi from "@causeway/server/HttpApi"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { all, type Mount } from "./http.ts"

/** What is served below their paths. */
export interface Mounted {
  readonly routes: Layer.Layer<never, never, HttpRouter.HttpRouter>
  readonly checks: ReadonlyArray<Health.Check>
}

/** Makes routes, and a check for each path, of at least one mount: they share a client. */
export const make = Effect.fnUntraced(function* (
  mounts: ReadonlyArray<Mount>,
  required: boolean
): Effect.fn.Return<Mounted, UpstreamError, Scope.Scope> {
  const relay = yield* Layer.build(client(mounts))
  const checks = yield* Effect.forEach(mounts, ({ path, upstreams }) =>
    HttpApi.check(upstreams, { name: path, required })
  ).pipe(Effect.provideContext(relay))
  return { routes: Layer.provide(routes(mounts), Layer.succeedContext(relay)), checks }
})

/** The client of all their upstreams. */
export const client = (
  mounts: ReadonlyArray<Mount>,
  { deadline, recorder }: Local.Options & Pick<HttpRelayOptions, "recorder"> = {}
): Layer.Layer<HttpRelay, UpstreamError> => {
  const rules = mounts.flatMap(({ rules, upstreams }) => Object.keys(upstreams).map((name) => [name, rules] as const))
  const options = { rules: Object.fromEntries(rules), recorder }
  return Local.layer(HttpRelay, HttpRelay.layer(all(mounts), options), { deadline })
}

const routes = (mounts: ReadonlyArray<Mount>): Layer.Layer<never, never, HttpRouter.HttpRouter | HttpRelay> => {
  const routes = mounts
    .map(({ forward, path, policy, replay, upstreams }) =>
      HttpApi.layer({ path, policy, replay, forward, upstream: Object.keys(upstreams)[0] })
    )
    .reduce<Layer.Layer<never, never, HttpRouter.HttpRouter | HttpRelay>>(
      (merged, one) => Layer.merge(merged, one),
      Layer.empty
    )
  // What is known of them is no matter of OpenAI's routes, which would ask them too.
  const known = Known.layerNamed(Object.fromEntries(Object.keys(all(mounts)).map((name) => [name, {}])))
  return Layer.provide(routes, known)
}
