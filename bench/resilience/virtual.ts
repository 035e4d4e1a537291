/** A run without sockets, in a time of its own. */
import { contenderOf } from "./contenders.ts"
import { upstream } from "./inProcess.ts"
import { load } from "./load.ts"
import type { Run } from "./report.ts"
import { inVirtualTime } from "./virtualTime.ts"

const epochMs = Date.UTC(2026, 0, 1)

/** A contender in front of upstreams that begin their phases now. */
const begin = async (name: string, seed: number) => {
  const { isRejection, make } = contenderOf(name)
  const primary = await upstream("primary", seed)
  const secondary = await upstream("secondary", seed + 1000)
  const ask = await make({
    primary: { url: "http://primary.invalid/v1", fetch: primary.fetch },
    secondary: { url: "http://secondary.invalid/v1", fetch: secondary.fetch }
  })
  return { ask, isRejection, counts: () => [...primary.counts(), ...secondary.counts()] }
}

/** One contender's run. The same seed, the same run. */
export const virtually = async (name: string, seed: number): Promise<Run> => {
  // The first call loads modules, which takes a time that does not pass at once.
  const first = await begin(name, seed)
  await first.ask(false, new AbortController().signal)
  return inVirtualTime(epochMs, seed, async () => {
    const { ask, counts, isRejection } = await begin(name, seed)
    const calls = await load(ask, isRejection, epochMs, seed)
    return { calls, counts: counts(), unhandled: 0 }
  })
}
