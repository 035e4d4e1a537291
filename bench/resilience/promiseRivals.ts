/** Rivals without Effect, each as its own documentation puts the parts together. */
import * as cockatiel from "cockatiel"
import Opossum from "opossum"
import pRetry from "p-retry"
import { type Contender, isCallersFault, isTransient, sdk } from "./contender.ts"
import { settings } from "./protocol.ts"

const { attemptMs, breakerFailures, breakerOpenMs, deadlineMs, retries, retryBaseMs } = settings

/** The SDK with neither retries nor a limit but the caller's. */
export const bare: Contender = {
  make: async (urls) => sdk(urls, "primary", { timeoutMs: deadlineMs }),
  isRejection: isCallersFault
}

/** The SDK's own retries. */
export const sdkRetries: Contender = {
  make: async (urls) => sdk(urls, "primary", { retries }),
  isRejection: isCallersFault
}

/** The breaker around the call with its retries, and the secondary where that fails. */
export const pRetryOpossum: Contender = {
  make: async (urls) => {
    const primary = sdk(urls, "primary")
    const secondary = sdk(urls, "secondary")
    const retried = (isBad: boolean, signal: AbortSignal) =>
      pRetry(() => primary(isBad, signal), {
        retries,
        minTimeout: retryBaseMs,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => isTransient(error)
      })
    const breaker = new Opossum(retried, {
      timeout: false,
      errorThresholdPercentage: 50,
      rollingCountTimeout: 10_000,
      volumeThreshold: breakerFailures,
      resetTimeout: breakerOpenMs,
      errorFilter: isCallersFault
    })
    return async (isBad, signal) => {
      try {
        return await breaker.fire(isBad, signal)
      } catch (error) {
        if (isCallersFault(error)) throw error
        return secondary(isBad, signal)
      }
    }
  },
  isRejection: isCallersFault
}

/** Retry around the breaker, around the limit of an attempt; the breaker's own refusals are not retried. */
export const withCockatiel: Contender = {
  make: async (urls) => {
    const primary = sdk(urls, "primary", { timeoutMs: deadlineMs })
    const secondary = sdk(urls, "secondary")
    const failures = cockatiel.handleWhen(
      (error) => !cockatiel.isBrokenCircuitError(error) && (isTransient(error) || cockatiel.isTaskCancelledError(error))
    )
    const policy = cockatiel.wrap(
      cockatiel.retry(failures, {
        maxAttempts: retries,
        backoff: new cockatiel.ExponentialBackoff({ initialDelay: retryBaseMs })
      }),
      cockatiel.circuitBreaker(failures, {
        halfOpenAfter: breakerOpenMs,
        breaker: new cockatiel.ConsecutiveBreaker(breakerFailures)
      }),
      cockatiel.timeout(attemptMs, cockatiel.TimeoutStrategy.Aggressive)
    )
    return async (isBad, signal) => {
      try {
        return await policy.execute(({ signal }) => primary(isBad, signal), signal)
      } catch (error) {
        if (isCallersFault(error)) throw error
        return secondary(isBad, signal)
      }
    }
  },
  isRejection: isCallersFault
}
