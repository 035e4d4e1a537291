/** A policy's upstreams on real sockets: a simulator for each, and the SDK in front of it. */
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { type Options, Simulator } from "@causeway/simulator/Simulator"
import * as Upstream from "@causeway/core/Upstream"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** How one upstream behaves, and what makes it preferred. */
export interface Setup extends Options, Upstreams.Options {}

/** Starts an upstream for each name. The first one is preferred. */
export const world = Effect.fnUntraced(function* <Name extends string>(setups: Readonly<Record<Name, Setup>>) {
  const simulators = new Map<string, Simulator["Service"]>()
  const definitions: Record<string, Upstreams.Definition<OpenAiClient.OpenAiClient>> = {}
  for (const [name, setup] of Object.entries<Setup>(setups)) {
    const { cost, credential, models, priority, weight, without, ...behaviour } = setup
    const simulator = yield* Simulator.make(behaviour)
    simulators.set(name, simulator)
    definitions[name] = {
      client: Layer.orDie(OpenAiClient.layer({ name, baseUrl: simulator.url })),
      cost,
      credential,
      models,
      priority,
      weight,
      without
    }
  }
  const upstreams = yield* Layer.build(Upstreams.layer(definitions))
  const simulatorOf = (name: Name) => Effect.fromNullishOr(simulators.get(name)).pipe(Effect.orDie)
  return {
    simulator: simulatorOf,
    /** How many requests each upstream got, in their order. */
    requests: Effect.suspend(() => Effect.forEach([...simulators.values()], ({ requestCount }) => requestCount)),
    /** A question under a policy: the name of the upstream that answered. */
    ask: (policy: Policy.Policy) => Effect.provide(Policy.apply(policy)(asked), upstreams),
    /** The same, as a stream of what it says. */
    stream: (policy: Policy.Policy) => Stream.provide(Policy.applyStream(policy)(streamed), upstreams)
  }
})

const messages = [{ role: "user" as const, content: "good day to you" }]

const asked = Effect.gen(function* () {
  const { chat } = yield* OpenAiClient.OpenAiClient
  yield* chat.completions.create(yield* Upstreams.request({ model: "gpt-5", messages }))
  return yield* Upstream.Current
})

const streamed = Stream.unwrap(
  Effect.map(OpenAiClient.OpenAiClient, ({ chat }) =>
    Stream.map(chat.completions.stream({ model: "gpt-5", messages }), ({ choices }) => choices[0]?.delta.content ?? "")
  )
)

/** What is told of the attempts that led to an error, but for their times. */
export const attempts = (error: unknown) =>
  Policy.attempts(error).map(({ kind, next, reason, upstream }) => ({
    upstream,
    reason,
    next,
    ...(kind === undefined ? {} : { kind })
  }))
