/** The process of one variant: opens it, then takes turns as it is told. */
import type { Speed, Task, Turn } from "./protocol.ts"
import { variants } from "./variants.ts"

const { load, variant, workers }: Task = JSON.parse(process.argv[2] ?? "{}")
const caller = await variants[variant]({ load, workers })
// The first answer comes when the workers are ready.
await caller.turn(2 * workers, 1)

const take = async ({ inFlight, millis }: Turn): Promise<Speed> => {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const mainCpu = process.threadCpuUsage()
  const busy = performance.eventLoopUtilization()
  const done = await caller.turn(inFlight, millis)
  const used = process.cpuUsage(cpu)
  const mainUsed = process.threadCpuUsage(mainCpu)
  return {
    rate: (1000 * done) / (performance.now() - start),
    cpu: (used.system + used.user) / done,
    mainCpu: (mainUsed.system + mainUsed.user) / done,
    mainBusy: performance.eventLoopUtilization(busy).utilization
  }
}

process.on("message", (turn: Turn) => void take(turn).then((speed) => process.send?.(speed)))
process.on("disconnect", () => process.exit(0))
process.send?.("ready")
