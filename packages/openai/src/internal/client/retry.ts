/** Retries of a client that no policy is in charge of. */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Disposition from "@causeway/core/Disposition"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** An upstream that asks for a longer wait is not waited for. */
const longestWait = Duration.seconds(60)

/** How often a call may be repeated. */
export interface Retries {
  readonly retries: number
  readonly signal: AbortSignal | undefined
  /** Asked after each failure: whether the request can be sent once more. */
  readonly mayRepeat: (() => boolean) | undefined
}

/**
 * Makes attempts until one succeeds or its failure's disposition, the number of
 * retries or the deadline says stop. Waits as the SDK does: as long as the upstream
 * asks for, else 0.5, 1, 2, … seconds, at most 8, less up to a quarter.
 *
 * Under a policy: one attempt, with the policy's number. `signal` ends a wait; the
 * attempt after it then says that the call was given up.
 */
export const retrying = <A, R>(
  attempt: (number: number) => Effect.Effect<A, UpstreamError, R>,
  { mayRepeat, retries, signal }: Retries
): Effect.Effect<A, UpstreamError, R> =>
  Effect.withFiber((fiber) => {
    const inCharge = fiber.getRef(Upstream.CurrentAttempt)
    if (inCharge !== undefined) return attempt(inCharge.number)
    const from = (number: number): Effect.Effect<A, UpstreamError, R> =>
      number > retries
        ? attempt(number)
        : Effect.catch(attempt(number), (error) =>
            Effect.flatMap(mayRepeat?.() === false ? Effect.undefined : waitFor(error, number), (wait) =>
              wait === undefined ? Effect.fail(error) : Effect.andThen(pause(wait, signal), from(number + 1))
            )
          )
    return from(1)
  })

const pause = (wait: Duration.Duration, signal: AbortSignal | undefined): Effect.Effect<void> =>
  signal === undefined ? Effect.sleep(wait) : Effect.raceFirst(Effect.sleep(wait), aborted(signal))

const aborted = (signal: AbortSignal): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const onAbort = (): void => resume(Effect.void)
    if (signal.aborted) return onAbort()
    signal.addEventListener("abort", onAbort, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", onAbort))
  })

/** How long to wait before the next attempt; `undefined` where there shall be none. */
const waitFor = (error: UpstreamError, number: number): Effect.Effect<Duration.Duration | undefined> =>
  Effect.gen(function* () {
    const { retry, retryAfter } = error[Disposition.symbol]
    if (retry === "never") return undefined
    const wait =
      retryAfter ?? Duration.seconds(Math.min(0.5 * 2 ** (number - 1), 8) * (1 - 0.25 * (yield* Random.next)))
    if (Duration.isGreaterThan(wait, longestWait)) return undefined
    const remaining = yield* CallMetadata.remaining
    return remaining === undefined || Duration.isLessThan(wait, remaining) ? wait : undefined
  })
