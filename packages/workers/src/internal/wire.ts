/**
 * The messages between a pool and its workers. They are tuples, since those are
 * what a structured clone copies fastest, and always travel in arrays.
 */
import type { MessagePort } from "node:worker_threads"
import type * as LogLevel from "effect/LogLevel"
import type { SpanKind } from "effect/Tracer"

/** Kinds of messages to a worker. */
export const toWorker = { request: 0, interrupt: 1, ack: 2, stop: 3, logged: 4, recorded: 5 } as const

/** Kinds of messages from a worker. */
export const fromWorker = {
  success: 0,
  chunk: 1,
  failure: 2,
  ended: 3,
  refused: 4,
  ready: 5,
  bootFailed: 6,
  uncaught: 7,
  log: 8,
  vitals: 9,
  spanStarted: 10,
  spanEnded: 11,
  began: 12
} as const

/** The sampled span that a call belongs to, and whether its caller records it. */
export type Trace = readonly [traceId: string, spanId: string, isRecorded: boolean]

/**
 * A call; its payload is encoded, its timeout is what is left of its deadline in
 * whole milliseconds. What most calls do not have stands at the end, and is left
 * out: each element costs.
 */
export type Request = [
  kind: typeof toWorker.request,
  id: number,
  tag: string,
  payload: unknown,
  timeout?: number | undefined,
  headers?: Readonly<Record<string, string>> | undefined,
  trace?: Trace | undefined,
  /** The caller wants to know that the handler began, and neither its result nor its error. */
  discard?: boolean
]

/** The caller no longer waits. */
export type Interrupt = readonly [kind: typeof toWorker.interrupt, id: number]

/** So many chunks of a stream were taken: as many more may be sent. */
export type Ack = readonly [kind: typeof toWorker.ack, id: number, chunks: number]

/** Finalize the layers and exit. */
export type Stop = readonly [kind: typeof toWorker.stop]

/** So many log lines were taken. */
export type Logged = readonly [kind: typeof toWorker.logged, count: number]

/** So many spans that began were taken. */
export type Recorded = readonly [kind: typeof toWorker.recorded, count: number]

/** What a pool sends. */
export type ToWorker = Request | Interrupt | Ack | Stop | Logged | Recorded

/** A call succeeded; its value is encoded. */
export type Success = readonly [kind: typeof fromWorker.success, id: number, value: unknown]

/** A call failed by its handler; its exit is encoded. */
export type Failure = readonly [kind: typeof fromWorker.failure, id: number, exit: unknown]

/** Elements of a stream, encoded. */
export type Chunk = readonly [kind: typeof fromWorker.chunk, id: number, values: unknown]

/** A call ended that has no outcome, or one that nobody wants. */
export type Ended = readonly [kind: typeof fromWorker.ended, id: number]

/** The handler runs of a call whose result nobody wants. */
export type Began = readonly [kind: typeof fromWorker.began, id: number]

/** A call that failed at the boundary, on the worker's side of it. */
export type Refusal =
  | {
      readonly _tag: "Undecodable"
      readonly direction: "request" | "response"
      readonly issue: string
      /** The value that did not fit, by the lossless codec. */
      readonly raw?: unknown
    }
  | { readonly _tag: "DeadlineExceeded" }
  | { readonly _tag: "NotServed"; readonly served: ReadonlyArray<string> }

/** A call ended by the boundary and not by its handler. */
export type Refused = readonly [kind: typeof fromWorker.refused, id: number, refusal: Refusal]

/** The handlers are built. */
export type Ready = readonly [kind: typeof fromWorker.ready]

/** The handlers could not be built. */
export type BootFailed = readonly [kind: typeof fromWorker.bootFailed, error: unknown]

/** Something was thrown outside of any call; the worker is about to exit. */
export type Uncaught = readonly [kind: typeof fromWorker.uncaught, error: unknown]

/** Something was logged; message, annotations and cause by the lossless codec. */
export type Log = readonly [
  kind: typeof fromWorker.log,
  level: LogLevel.Severity,
  message: unknown,
  annotations: unknown,
  cause: unknown
]

/** How a worker does: what its heap holds, in bytes, and how late its event loop was since it last told, in milliseconds. */
export type Vitals = readonly [kind: typeof fromWorker.vitals, heapBytes: number, lagMs: number]

/** How a span began; what most do not have stands at the end, and is left out. */
export type SpanStart = [
  name: string,
  kind: SpanKind,
  /** In nanoseconds on the epoch. */
  startTime: bigint,
  parentId: string | undefined,
  /** Where it is not the call's. */
  traceId?: string | undefined,
  links?: ReadonlyArray<readonly [traceId: string, spanId: string]>
]

/** How a span ended; what it holds by the lossless codec. */
export type SpanEnd = [endTime: bigint, attributes?: unknown, events?: unknown, cause?: unknown]

/** A span of a call began in its worker, and ended where it did before this was posted. */
export type SpanStarted = [
  kind: typeof fromWorker.spanStarted,
  id: number,
  spanId: string,
  start: SpanStart,
  end?: SpanEnd
]

/** A span of a call ended in its worker. */
export type SpanEnded = readonly [kind: typeof fromWorker.spanEnded, id: number, spanId: string, end: SpanEnd]

/** What a worker sends. */
export type FromWorker =
  | Success
  | Chunk
  | Failure
  | Ended
  | Began
  | Refused
  | Ready
  | BootFailed
  | Uncaught
  | Log
  | Vitals
  | SpanStarted
  | SpanEnded

/**
 * What a worker posts. The code of a handler may post to the same port, by design or
 * by mistake, and must not answer calls by it: only the pool and the worker's server
 * know the token, a number that nobody guesses.
 */
export type Post = readonly [token: number, messages: ReadonlyArray<FromWorker>]

/** The tag of a call on the wire. */
export const tagOf = (contractKey: string, tag: string): string => `${contractKey}/${tag}`

/** What a worker is started with, beside the data of its user. */
export interface Boot {
  readonly causeway: BootOptions & {
    /** Counts up while the worker's event loop turns. */
    readonly heartbeat: SharedArrayBuffer
    /** Of {@link Post}. Taken away before code of a handler runs. */
    token?: number
    /** The worker's end of its channel to the pool. Taken away as well. */
    port?: MessagePort
  }
  readonly data: unknown
}

/** What a pool tells each of its workers. */
export interface BootOptions {
  readonly heartbeatMs: number
  /** What is below it is not worth sending. */
  readonly logLevel: LogLevel.LogLevel
  /** How many messages go together: with half of what is under way, neither side waits while the other one computes. */
  readonly together: number
}

/** Whether a thread was started by a pool. */
export const isBoot = (u: unknown): u is Boot =>
  typeof u === "object" &&
  u !== null &&
  "causeway" in u &&
  typeof u.causeway === "object" &&
  u.causeway !== null &&
  "heartbeat" in u.causeway &&
  u.causeway.heartbeat instanceof SharedArrayBuffer
