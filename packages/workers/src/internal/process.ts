/**
 * A process as an isolate: what ends a thread's whole process, such as a segmentation
 * fault in native code, ends this one only.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { Socket } from "node:net"
import { isAbsolute, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { ResourceLimits } from "node:worker_threads"
import { descriptors } from "./descriptors.ts"
import * as Frames from "./frames.ts"
import * as Isolate from "./isolate.ts"
import { innermostFrames } from "./sample.ts"
import type { BootOptions } from "./wire.ts"

/** What a process is started with. */
export interface ProcessBoot {
  /** The URL of the entry. */
  readonly entry: string
  readonly name: string
  readonly boot: BootOptions
  readonly data: unknown
  /** Of what it sends. */
  readonly token: number
}

/** How long the rest of what an ended process sent may take to be read. */
const drainMs = 1000
/** How long its standard error may stay open after that, which a process that it started may hold. */
const stderrMs = 100
/** How long a process may live whose pipes are closed. */
const closedMs = 500

/** Looked for when it is needed: a bundle, where it is missing, may still start threads. */
const findProgram = (): string => {
  const url = import.meta.url.endsWith(".ts")
    ? new URL("./processMain.ts", import.meta.url)
    : new URL("./processMain.js", import.meta.url)
  if (existsSync(url)) return fileURLToPath(url)
  throw new Error(`the program of worker processes is missing, which a bundle must leave outside: ${url.href}`)
}

/** Starts a process. Throws where its data cannot be cloned, the entry is no path, or its program is missing. */
export const start: Isolate.Start = (options, listener) => {
  const program = findProgram()
  const { boot, data, name } = options
  const { receive, token } = Isolate.makeReceiver(listener)
  const first: ProcessBoot = { entry: hrefOf(options.entry), name, boot, data, token }
  const firstFrame = Frames.encode(first)
  const child = spawn(process.execPath, [...inheritedArguments(), ...limitsOf(options.resourceLimits), program], {
    stdio: ["ignore", "inherit", "pipe", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    windowsHide: true
  })
  const pipes = pipesOf(child)
  if (pipes === undefined) {
    // Where the system has no room for a process, its error comes as an event.
    child.on("error", (error) => {
      for (const pipe of child.stdio ?? []) pipe?.destroy()
      listener.onError(error)
      listener.onExit({ exitCode: undefined, signal: undefined })
    })
    return Isolate.unstarted
  }
  const { guard, stderr, toPool, toWorker } = pipes
  const tail = Isolate.makeTail()
  const sampler = makeSampler((order) => write(guard, Frames.encode(order)))
  let heartbeat = 0
  let end: Isolate.End | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let isReported = false

  const after = (ms: number, f: () => void): void => {
    clearTimeout(timer)
    timer = setTimeout(f, ms)
  }

  /** The process is not what it was started as: nothing that it says can be believed. */
  const onBroken = (error: unknown): void => {
    listener.onError(error)
    child.kill("SIGKILL")
  }

  const onClose = (): void => {
    if (end !== undefined) return settle()
    if (timer === undefined)
      after(closedMs, () => onBroken(new Error("the worker process closed its pipes to the pool")))
  }

  /** The exit is reported when everything was read that came before it. */
  const settle = (): void => {
    if (!toPool.closed) return after(drainMs, report)
    if (!stderr.closed) return after(stderrMs, report)
    report()
  }

  const report = (): void => {
    clearTimeout(timer)
    if (isReported || end === undefined) return
    isReported = true
    toPool.destroy()
    stderr.destroy()
    if (end.signal === "SIGABRT" && isOutOfMemory(tail.read())) listener.onError(outOfMemory())
    listener.onExit(end)
  }

  const fromWorker = Frames.makeReader({ onValue: receive, onBroken })
  const fromGuard = Frames.makeReader({
    onValue: (value) => {
      if (typeof value === "number") heartbeat = value
      else sampler.receive(value)
    },
    onBroken
  })
  stderr.setEncoding("utf8")
  stderr.on("data", (text: string) => {
    tail.push(text)
    process.stderr.write(text)
  })
  toPool.on("data", fromWorker.push)
  guard.on("data", fromGuard.push)
  // Nothing comes by it but its end, where code of a handler closes it.
  toWorker.resume()
  for (const pipe of [stderr, toPool, toWorker, guard]) pipe.on("error", () => undefined)
  for (const pipe of [stderr, toPool, toWorker, guard]) pipe.on("close", onClose)
  child.on("exit", (exitCode, signal) => {
    end = { exitCode: exitCode ?? undefined, signal: signal ?? undefined }
    toWorker.destroy()
    guard.destroy()
    settle()
  })
  write(toWorker, firstFrame)

  return {
    moves: false,
    post: (messages) => write(toWorker, Frames.encode(messages)),
    heartbeat: () => heartbeat,
    stderr: tail.read,
    terminate: () => void child.kill("SIGKILL"),
    startSampling: sampler.start,
    stopSampling: sampler.stop
  }
}

// -----------------------------------------------------------------------------
// How a process is started
// -----------------------------------------------------------------------------

/** As a thread takes it. */
const hrefOf = (entry: URL | string): string => {
  if (typeof entry !== "string") return entry.href
  if (!isAbsolute(entry) && !/^\.\.?[/\\]/.test(entry)) {
    throw new TypeError(`an entry is a URL, an absolute path, or one that begins with ./ or ../, not ${entry}`)
  }
  return pathToFileURL(resolve(entry)).href
}

/** Arguments of this process that say what it runs, and not how. */
const ownArguments = /^(-e|--eval|-p|--print|-pe|-i|--interactive|-c|--check|--input-type|--inspect|--watch|--test)/

/** How this process runs its code: loaders, conditions, what the entry may rely upon. */
const inheritedArguments = (): ReadonlyArray<string> =>
  process.execArgv.filter((argument, at, all) => {
    const before = all[at - 1] ?? ""
    // Its value may be an argument of its own, which for code may begin with anything.
    const isValue =
      ownArguments.test(before) && (!argument.startsWith("-") || /^(-e|--eval|-p|--print|-pe)$/.test(before))
    return !ownArguments.test(argument) && !isValue
  })

/** Young objects take up three semi-spaces. */
const semiSpaces = 3

const limitsOf = (limits: ResourceLimits = {}): ReadonlyArray<string> => {
  const { maxOldGenerationSizeMb: old, maxYoungGenerationSizeMb: young = Isolate.youngMb, stackSizeMb: stack } = limits
  return [
    `--max-semi-space-size=${Math.max(1, Math.round(young / semiSpaces))}`,
    ...(old === undefined ? [] : [`--max-old-space-size=${Math.max(1, Math.round(old))}`]),
    ...(stack === undefined ? [] : [`--stack-size=${Math.round(stack * 1024)}`])
  ]
}

interface Pipes {
  readonly stderr: Socket
  readonly toPool: Socket
  readonly toWorker: Socket
  readonly guard: Socket
}

const pipesOf = ({ pid, stdio }: ChildProcess): Pipes | undefined => {
  if (pid === undefined) return undefined
  const [stderr, toPool, toWorker, guard] = [2, descriptors.toPool, descriptors.toWorker, descriptors.guard].map(
    (fd) => stdio[fd]
  )
  return stderr instanceof Socket && toPool instanceof Socket && toWorker instanceof Socket && guard instanceof Socket
    ? { stderr, toPool, toWorker, guard }
    : undefined
}

/** What is written to a process that has ended is lost, as what is posted to a thread that has. */
const write = (pipe: Socket, frame: Uint8Array): void => {
  if (pipe.writable) pipe.write(frame)
}

// -----------------------------------------------------------------------------
// How it ends
// -----------------------------------------------------------------------------

/** V8 says so before it ends the process. */
const isOutOfMemory = (stderr: string): boolean => stderr.includes("heap out of memory")

/** As Node says it of a thread. */
const outOfMemory = (): Error =>
  Object.assign(new Error("Worker process terminated due to reaching memory limit: JS heap out of memory"), {
    code: "ERR_WORKER_OUT_OF_MEMORY"
  })

// -----------------------------------------------------------------------------
// What it does
// -----------------------------------------------------------------------------

/** Asks the guard what its process is doing. */
const makeSampler = (order: (order: "start" | number) => void) => {
  let id = 0
  let isRunning = false
  let onProfile: ((frames: ReadonlyArray<string>) => void) | undefined
  return {
    start: (): void => {
      if (!isRunning) order("start")
      isRunning = true
    },
    stop: (): Promise<ReadonlyArray<string>> => {
      if (!isRunning) return Promise.resolve([])
      isRunning = false
      order(++id)
      return Isolate.soon(new Promise((resolve) => void (onProfile = resolve)))
    },
    receive: (value: unknown): void => {
      if (Array.isArray(value) && value[0] === id && typeof value[1] === "string")
        onProfile?.(innermostFrames(value[1]))
    }
  }
}
