/**
 * What one of several processes knows of itself and of the others: its number, the port
 * that all share, and what the process that started it tells it.
 */
import { hasProperty } from "effect/Predicate"

/** The variables by which a process is told that it is one of several. */
export const variables = { number: "CAUSEWAY_PROCESS", port: "CAUSEWAY_PROCESS_PORT" } as const

/** How many processes there shall be, and how many listen. */
export interface Processes {
  readonly wanted: number
  readonly listening: number
}

/** Told by a process once it listens. */
export interface Listening {
  readonly url: string
}

/** Whether this is one of several. */
export const isOne = (): boolean => process.env[variables.number] !== undefined && process.send !== undefined

/** The port that the first one has found; `undefined` for the first one. */
export const sharedPort = (): number | undefined => {
  const port = Number(process.env[variables.port])
  return port > 0 ? port : undefined
}

let known: Processes | undefined

/** What was told last; `undefined` where there is only this process. */
export const processes = (): Processes | undefined => known

/** Tells the process that started this one that it listens; ends when that is gone. */
export const announce = (message: Listening): void => {
  process.on("message", (told) => {
    if (isProcesses(told)) known = told
  })
  process.on("disconnect", end)
  // It may be gone already, and then nobody tells of a disconnection.
  process.send?.(message, undefined, undefined, (error) => error && end())
}

const end = (): void => void process.kill(process.pid, "SIGTERM")

const isProcesses = (u: unknown): u is Processes => hasProperty(u, "wanted") && hasProperty(u, "listening")

export const isListening = (u: unknown): u is Listening => hasProperty(u, "url") && typeof u.url === "string"
