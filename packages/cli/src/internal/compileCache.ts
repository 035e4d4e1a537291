import { flushCompileCache } from "node:module"

/**
 * Keeps what was compiled for the next start, in a moment. Node does it by itself only
 * where a process comes to its end, which not every one is given the time for.
 */
export const keep = (): void => void setTimeout(flushCompileCache, 1000).unref()
