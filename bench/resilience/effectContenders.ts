// What the SDK throws is not known, and the contenders stand or fall by it.
// @effect-diagnostics anyUnknownInErrorContext:off
// @effect-diagnostics unknownInEffectCatch:off
/** Effect's own parts, put together as their documentation advises and as well as they can be, and Causeway's policy. */
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Upstream from "@causeway/core/Upstream"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionPlan from "effect/ExecutionPlan"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import OpenAI, { APIError } from "openai"
import { type Addresses, type Ask, type Contender, isCallersFault, isTransient, request, sdk } from "./contender.ts"
import { cost, settings, type Side } from "./protocol.ts"

const { attemptMs, breakerFailures, breakerOpenMs, deadlineMs, retries, retryBaseMs } = settings

/** The call at an upstream, as a step of a plan provides it. */
class Target extends Context.Service<Target, { readonly ask: (isBad: boolean) => Effect.Effect<Side, unknown> }>()(
  "causeway/bench/resilience/effectContenders/Target"
) {}

/** What a breaker learns of a call. */
type Classify = (exit: Exit.Exit<Side, unknown>) => CircuitBreaker.Outcome

const stepped = (isBad: boolean) => Effect.flatMap(Target, ({ ask }) => ask(isBad))

const plan = async (urls: Addresses, retry: boolean, classify: Classify): Promise<Ask> => {
  const runtime = ManagedRuntime.make(
    CircuitBreaker.layer({
      tripPolicy: CircuitBreaker.consecutive(breakerFailures),
      openDuration: breakerOpenMs
    }).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
  )
  const breaker = await runtime.runPromise(CircuitBreaker.CircuitBreaker)
  const at = (side: Side) => {
    const call = sdk(urls, side, { timeoutMs: deadlineMs })
    const backoff = Schedule.jittered(Schedule.exponential(retryBaseMs))
    const ask = (isBad: boolean) => {
      const attempt = Effect.timeout(
        Effect.tryPromise({ try: (signal) => call(isBad, signal), catch: (error) => error }),
        attemptMs
      )
      const attempts = retry
        ? Effect.retry(attempt, { times: retries, schedule: backoff, while: isTransient })
        : attempt
      return breaker.execute(attempts, { key: side, classify })
    }
    return Context.make(Target, { ask })
  }
  const steps = ExecutionPlan.make(
    { provide: at("primary") },
    { provide: at("secondary"), while: (error: unknown) => !isCallersFault(error) }
  )
  return (isBad, signal) => runtime.runPromise(Effect.withExecutionPlan(stepped(isBad), steps), { signal })
}

const failureOf = (exit: Exit.Exit<Side, unknown>): unknown =>
  Exit.isSuccess(exit) ? undefined : Cause.squash(exit.cause)

/** Retries inside the breaker, as its documentation advises. */
export const effectStock: Contender = {
  make: (urls) =>
    plan(urls, true, (exit) =>
      Exit.isSuccess(exit)
        ? CircuitBreaker.success
        : isCallersFault(failureOf(exit))
          ? CircuitBreaker.ignored
          : CircuitBreaker.failure()
    ),
  isRejection: isCallersFault
}

/** The breaker counts attempts, which are not retried, and a 429 says nothing. */
export const effectArranged: Contender = {
  make: (urls) =>
    plan(urls, false, (exit) => {
      const error = failureOf(exit)
      if (Exit.isSuccess(exit)) return CircuitBreaker.success
      return isCallersFault(error) || (error instanceof APIError && error.status === 429)
        ? CircuitBreaker.ignored
        : CircuitBreaker.failure()
    }),
  isRejection: isCallersFault
}

const asked = (isBad: boolean) =>
  Effect.gen(function* () {
    const { chat } = yield* OpenAiClient.OpenAiClient
    yield* chat.completions.create(request(isBad))
    return (yield* Upstream.Current) === "secondary" ? "secondary" : "primary"
  })

/** The policy with its defaults, the limits that all have, and a hedge. */
export const causeway: Contender = {
  make: async (urls) => {
    const client = (name: Side) => {
      const { fetch, url } = urls[name]
      return fetch === undefined
        ? OpenAiClient.layer({ name, baseUrl: url })
        : OpenAiClient.layerSdk(new OpenAI({ baseURL: url, apiKey: "k", maxRetries: 0, fetch }), { name })
    }
    const runtime = ManagedRuntime.make(
      Upstreams.layer({
        primary: { client: client("primary"), cost: cost.primary },
        secondary: { client: client("secondary"), cost: cost.secondary }
      })
    )
    const policy = Policy.make({ deadline: deadlineMs, attempt: attemptMs, hedge: {} })
    // Nobody else writes a log.
    const policed = (isBad: boolean) =>
      asked(isBad).pipe(Policy.apply(policy), Effect.provideService(References.MinimumLogLevel, "None"))
    return (isBad, signal) => runtime.runPromise(policed(isBad), { signal })
  },
  isRejection: (error) => error instanceof UpstreamError && error.reason._tag === "InvalidRequest"
}
