/** A run without sockets, in a time of its own. */
import { contenderOf } from "./contenders.ts"
import { upstream } from "./inProcess.ts"
import { load } from "./load.ts"
import type { Run } from "./report.ts"
import { inVirtualTime } from "./virtualTime.ts"

const epochMs = Date.UTC(2026, 0, 1)

/** One contender's run. The same seed, the same run. */
export const virtually = (name: string, seed: number): Promise<Run> =>
  inVirtualTime(epochMs, seed, async () => {
    const { isRejection, make } = contenderOf(name)
    const primary = await upstream("primary", seed)
    const secondary = await upstream("secondary", seed + 1000)
    const ask = await make({
      primary: { url: "http://primary.invalid/v1", fetch: primary.fetch },
      secondary: { url: "http://secondary.invalid/v1", fetch: secondary.fetch }
    })
    const calls = await load(ask, isRejection, epochMs, seed)
    return { calls, counts: [...primary.counts(), ...secondary.counts()], unhandled: 0 }
  })
