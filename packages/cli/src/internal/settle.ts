/**
 * What a thread does once, after it has started: it keeps what was compiled for the
 * next start, and gives back the memory that only starting took.
 */
import { flushCompileCache } from "node:module"
import { performance } from "node:perf_hooks"

/**
 * Keeps the compiled code in a second; Node does it by itself only where a process comes
 * to its end, which not every one is given the time for. Collects once the thread has
 * had next to nothing to do for a second, since it stands still meanwhile: V8 would let
 * the garbage of a start lie until there is more of it, 25 MB a thread.
 */
export const settle = (): void => {
  let isKept = false
  let before = performance.eventLoopUtilization()
  const timer = setInterval(() => {
    if (!isKept) flushCompileCache()
    isKept = true
    const { utilization } = performance.eventLoopUtilization(before)
    before = performance.eventLoopUtilization()
    if (utilization > 0.05) return
    clearInterval(timer)
    void collect()
  }, 1000).unref()
}

/** Through the inspector, which is the way to ask for it without a flag of the command line; some builds have none. */
const collect = async (): Promise<void> => {
  try {
    const { Session } = await import("node:inspector/promises")
    const session = new Session()
    session.connect()
    await session.post("HeapProfiler.enable")
    await session.post("HeapProfiler.collectGarbage")
    session.disconnect()
  } catch {
    // It is as it would be without.
  }
}
