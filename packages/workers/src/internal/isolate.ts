/**
 * What the pool knows of a worker's body, whichever kind it is: started, posted
 * to, listened to, ended. Knows nothing of calls.
 */
import { randomInt } from "node:crypto"
import type { ResourceLimits } from "node:worker_threads"
import * as Redaction from "@causeway/core/Redaction"
import type { Transfers } from "./outbox.ts"
import type { BootOptions, FromWorker, Post, ToWorker } from "./wire.ts"

/** How an isolate is started. */
export interface Options {
  readonly entry: URL | string
  readonly name: string
  readonly resourceLimits: ResourceLimits | undefined
  /** In addition to the environment of this process. */
  readonly env: Readonly<Record<string, string>> | undefined
  readonly boot: BootOptions
  readonly data: unknown
}

/** How an isolate ended: by an exit code or, where it is a process, by a signal. */
export interface End {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

/** What an isolate tells. */
export interface Listener {
  readonly onMessages: (messages: ReadonlyArray<FromWorker>) => void
  /** Something was thrown outside of any call, or what it sent cannot be read. */
  readonly onError: (error: unknown) => void
  /** Comes last, once. */
  readonly onExit: (end: End) => void
}

/** A running isolate. */
export interface Isolate {
  /** Whether a post gives memory away. */
  readonly moves: boolean
  /** Throws where a message cannot be cloned. Where memory cannot be given away, it is copied. */
  readonly post: (messages: ReadonlyArray<ToWorker>, transfers: Transfers) => void
  /** A count that grows while the isolate's event loop turns. */
  readonly heartbeat: () => number
  /** The last lines that it wrote to its standard error, redacted. */
  readonly stderr: () => string
  readonly terminate: () => void
  /** Starts to look at what the isolate is doing, where Node can. */
  readonly startSampling: () => void
  /** What it was seen doing, innermost function first. Empty where that is not known. */
  readonly stopSampling: () => Promise<ReadonlyArray<string>>
}

/** Starts an isolate. Throws where Node refuses to, such as for data that cannot be cloned. */
export type Start = (options: Options, listener: Listener) => Isolate

/** An isolate of which nothing runs. */
export const unstarted: Isolate = {
  moves: false,
  post: () => undefined,
  heartbeat: () => 0,
  stderr: () => "",
  terminate: () => undefined,
  startSampling: () => undefined,
  stopSampling: () => Promise.resolve([])
}

const tokens = 2 ** 48 - 1

/** A number that nobody guesses, and what an isolate that knows it is listened to by. */
export const makeReceiver = ({ onMessages }: Listener) => {
  const token = randomInt(tokens)
  return {
    token,
    /** Gives how many messages it held. */
    receive: (post: unknown): number => {
      if (!Array.isArray(post) || post[0] !== token) return 1
      const [, messages] = post as unknown as Post
      onMessages(messages)
      return messages.length
    }
  }
}

/**
 * Half of what V8 lets young objects take, in MB. Calls are short, so that a larger space brings nothing that can be
 * measured, and under load each worker fills all that it may have.
 */
export const youngMb = 24

/** How long a profile may take to arrive: nobody waits longer for a failure that is certain. */
const sampleMs = 100

/** What was seen, or nothing where it takes too long to arrive. */
export const soon = (frames: Promise<ReadonlyArray<string>>): Promise<ReadonlyArray<string>> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLate = new Promise<[]>((resolve) => {
    timer = setTimeout(resolve, sampleMs, [])
  })
  return Promise.race([frames, tooLate]).finally(() => clearTimeout(timer))
}

const stderrChars = 8 * 1024
const stderrLines = 20

/** The end of an isolate's standard error. */
export interface Tail {
  readonly push: (text: string) => void
  /** The last lines, redacted. */
  readonly read: () => string
}

export const makeTail = (): Tail => {
  let tail = ""
  return {
    // Twice what is shown, so that what is cut off in the middle of a secret is not shown.
    push: (text) => {
      tail = (tail + text).slice(-2 * stderrChars)
    },
    read: () => Redaction.text(tail.trimEnd()).slice(-stderrChars).split("\n").slice(-stderrLines).join("\n")
  }
}
