/** The faults, with processes in place of threads; the other suites are run so in `test/full`. */
import { isolation } from "./fixtures/isolation.ts"

isolation.of = "process"
await import("./WorkerPool.faults.test.ts")
