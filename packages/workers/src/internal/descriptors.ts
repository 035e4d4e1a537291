/**
 * The pipes of a worker process, beside its standard output. Each carries one
 * direction only: a write to a process that has ended destroys the pool's end of
 * that pipe together with what was not read from it yet, which must not be the
 * last words of the process.
 */

/** File descriptors in the worker process. */
export const descriptors = {
  /** Messages to the pool. */
  toPool: 3,
  /** Messages to the worker. */
  toWorker: 4,
  /** Heartbeats and profiles to the pool, orders to the guard; closes with the pool's process. */
  guard: 5
} as const
