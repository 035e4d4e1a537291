/** All that holds for workers that are threads holds for processes. */
import { isolation } from "../../packages/workers/test/fixtures/isolation.ts"

isolation.of = "process"
await import("../../packages/workers/test/WorkerEntry.test.ts")
await import("../../packages/workers/test/WorkerPool.faults.test.ts")
await import("../../packages/workers/test/WorkerPool.life.slow.test.ts")
await import("../../packages/workers/test/WorkerPool.lossless.test.ts")
await import("../../packages/workers/test/WorkerPool.streams.test.ts")
await import("../../packages/workers/test/WorkerPool.test.ts")
