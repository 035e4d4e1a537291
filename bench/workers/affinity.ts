/** On which cores a process runs. */
import { execFileSync } from "node:child_process"
import { availableParallelism } from "node:os"

/** Whether this machine can pin a process, and has a second core to unpin it to. */
export const canPin = ((): boolean => {
  if (availableParallelism() < 2) return false
  try {
    execFileSync("taskset", ["-V"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

/** The cores that this process itself may use, as `taskset` writes them. */
const allCores = (): string => {
  const shown = execFileSync("taskset", ["-cp", String(process.pid)], { encoding: "utf8" })
  return shown.slice(shown.lastIndexOf(":") + 1).trim()
}

/** The first of them. */
const oneCore = (cores: string): string => cores.split(/[,-]/)[0] ?? "0"

/** Keeps all threads of a process on one core, or lets them go again. */
export const pin = (pid: number, isPinned: boolean): void => {
  const cores = allCores()
  execFileSync("taskset", ["-acp", isPinned ? oneCore(cores) : cores, String(pid)], { stdio: "ignore" })
}
