/**
 * The failures of this boundary, in words.
 */
import * as BoundaryError from "@causeway/core/BoundaryError"
import * as Redaction from "@causeway/core/Redaction"
import * as Duration from "effect/Duration"
import { inWords } from "./inWords.ts"
import type { End } from "./isolate.ts"

type Delivery = "not-sent" | "may-have-run"

const boundaryError = (boundary: string, reason: BoundaryError.BoundaryReason): BoundaryError.BoundaryError =>
  new BoundaryError.BoundaryError({ boundary, reason })

/** Something that was thrown, which may be `undefined` itself. */
export interface Thrown {
  readonly error: unknown
}

/** What is known about a worker that ended. */
export interface Ending extends End {
  /** What it threw outside of any call; `undefined` where it exited by itself. */
  readonly thrown: Thrown | undefined
  /** The last lines of its standard error, redacted. */
  readonly stderr: string
  readonly uptimeMs: number
  readonly callsDone: number
}

export const crashed = (boundary: string, ending: Ending): BoundaryError.BoundaryError =>
  boundaryError(
    boundary,
    new BoundaryError.Crashed({
      message: describe(ending),
      delivery: "may-have-run",
      ...(ending.exitCode === undefined ? {} : { exitCode: ending.exitCode }),
      ...(ending.signal === undefined ? {} : { signal: ending.signal }),
      ...(ending.thrown === undefined ? {} : { cause: ending.thrown.error }),
      ...(ending.stderr === "" ? {} : { stderr: ending.stderr }),
      uptimeMs: ending.uptimeMs,
      callsDone: ending.callsDone
    })
  )

/** How a worker ended, as a sentence. */
export const describe = ({ exitCode, signal, thrown }: Pick<Ending, "exitCode" | "signal" | "thrown">): string => {
  const code = signal === undefined ? (exitCode === undefined ? "" : ` with code ${exitCode}`) : ` by ${signal}`
  const why = thrown === undefined ? "" : `, because of: ${oneLine(thrown.error)}`
  return `the worker exited${code}${why}`
}

/** How a worker ended before it was ready, as a sentence. */
export const describeStart = (ending: Pick<Ending, "exitCode" | "signal" | "thrown">): string => {
  const left = ending.exitCode === 0 && ending.thrown === undefined
  return `${describe(ending)}${left ? ": the entry ended without calling WorkerEntry.run, or exited by itself" : ""}`
}

/** The pool's scope was closed while a call ran. */
export const closed = (boundary: string, uptimeMs: number, callsDone: number): BoundaryError.BoundaryError =>
  boundaryError(
    boundary,
    new BoundaryError.Crashed({
      message: "the pool was closed while the call ran",
      delivery: "may-have-run",
      uptimeMs,
      callsDone
    })
  )

export const unresponsive = (
  boundary: string,
  message: string,
  silentMs: number,
  sample: ReadonlyArray<string>
): BoundaryError.BoundaryError =>
  boundaryError(
    boundary,
    new BoundaryError.Unresponsive({
      message,
      delivery: "may-have-run",
      silentFor: Duration.millis(silentMs),
      ...(sample.length === 0 ? {} : { sample })
    })
  )

export const overloaded = (boundary: string, queued: number, retryAfterMs: number): BoundaryError.BoundaryError =>
  boundaryError(
    boundary,
    new BoundaryError.Overloaded({
      message: `all workers are busy and ${queued} calls wait already`,
      retryAfter: Duration.millis(retryAfterMs),
      queued
    })
  )

export const deadlineExceeded = (
  boundary: string,
  limitMs: number,
  delivery: Delivery
): BoundaryError.BoundaryError => {
  const limit = Duration.millis(limitMs)
  return boundaryError(
    boundary,
    new BoundaryError.DeadlineExceeded({ message: `no answer within ${Duration.format(limit)}`, delivery, limit })
  )
}

export const draining = (boundary: string): BoundaryError.BoundaryError =>
  boundaryError(boundary, new BoundaryError.Draining({ message: "the pool is shutting down" }))

/** More of an issue stands in the field only. */
const shown = 300

export const undecodable = (
  boundary: string,
  direction: "request" | "response",
  issue: string,
  { raw, tag }: { readonly tag: string; readonly raw?: unknown }
): BoundaryError.BoundaryError => {
  // It may quote the value.
  const redacted = Redaction.text(issue)
  return boundaryError(
    boundary,
    new BoundaryError.Undecodable({
      // The path to the value stands on a line of its own.
      message: `the ${direction} of ${tag} cannot cross: ${redacted.replaceAll(/\s+/g, " ").slice(0, shown)}`,
      delivery: direction === "request" ? "not-sent" : "may-have-run",
      direction,
      issue: redacted,
      ...(raw === undefined ? {} : { raw })
    })
  )
}

export const unreachable = (
  boundary: string,
  message: string,
  thrown: Thrown | undefined
): BoundaryError.BoundaryError =>
  boundaryError(
    boundary,
    new BoundaryError.Unreachable({ message, ...(thrown === undefined ? {} : { cause: thrown.error }) })
  )

/** Something thrown, as a phrase, redacted. */
export const oneLine = (thrown: unknown): string => Redaction.text(firstLine(inWords(thrown)))

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? ""
