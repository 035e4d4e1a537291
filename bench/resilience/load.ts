/** The callers of a contender: 50 of them, each with one call at a time and a pause after it. */
import type { Ask } from "./contender.ts"
import { chances } from "./chances.ts"
import { badShare, type Call, callers, type Ending, settings, think, totalMs } from "./protocol.ts"

// The global timer: it may be one of a time of its own.
const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))

const ended = async (ask: Ask, isRejection: (error: unknown) => boolean, isBad: boolean): Promise<Ending> => {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), settings.deadlineMs)
  try {
    return await ask(isBad, deadline.signal)
  } catch (error) {
    return isRejection(error) ? "rejected" : "failed"
  } finally {
    clearTimeout(timer)
  }
}

/** All calls of a run that began at a moment on the epoch. */
export const load = async (
  ask: Ask,
  isRejection: (error: unknown) => boolean,
  epochMs: number,
  seed: number
): Promise<ReadonlyArray<Call>> => {
  const calls: Array<Call> = []
  const caller = async (random: () => number): Promise<void> => {
    // They do not begin all at once.
    await sleep(random() * think.max)
    for (;;) {
      const at = Date.now() - epochMs
      if (at >= totalMs) return
      const isBad = random() < badShare
      const startedAt = performance.now()
      const ending = await ended(ask, isRejection, isBad)
      calls.push({ at, ms: performance.now() - startedAt, isBad, ending })
      await sleep(think.min + random() * (think.max - think.min))
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(chances(seed * 1000 + index))))
  return calls
}
