/** A pool of worker threads that serves contracts, and the entry of its workers. */
export * as Blocking from "./Blocking.ts"
export * as Sticky from "./Sticky.ts"
export * as WorkerEntry from "./WorkerEntry.ts"
export * as WorkerPool from "./WorkerPool.ts"
