/** Stacks: read so that nothing else runs, and written by the boundary's policy. */
import type { StackPolicy } from "./options.ts"
import { read } from "./wire.ts"

/**
 * An error's stack. The engine writes it when it is first read, with the error's
 * name and message made to texts. Where one of them is an object, that would run the
 * object's own code, and with values of Effect in a cycle it would not come back: the
 * object's kind stands there instead.
 */
export const stackOf = (error: object): unknown => {
  try {
    // By name, since this is done for every error.
    const { message, name } = error as { readonly message?: unknown; readonly name?: unknown }
    return isText(name) && isText(message) ? (error as { readonly stack?: unknown }).stack : guarded(error)
  } catch {
    return "[getter threw]"
  }
}

const isText = (u: unknown): boolean => typeof u !== "object" && typeof u !== "function"

const guarded = (error: object): unknown => {
  const own = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace")
  const isOurs = own?.configurable ?? Object.isExtensible(Error)
  // An error of another realm asks that realm how to write its stack.
  if (!isOurs || !(error instanceof Error)) return "[stack: not read, since the name or the message is no text]"
  const write = (_: Error, frames: ReadonlyArray<NodeJS.CallSite>): string =>
    [headerOf(error), ...frames.map((frame) => `    at ${String(frame)}`)].join("\n")
  Object.defineProperty(Error, "prepareStackTrace", { value: write, configurable: true })
  try {
    return read(error, "stack")
  } finally {
    if (own === undefined) Reflect.deleteProperty(Error, "prepareStackTrace")
    else Object.defineProperty(Error, "prepareStackTrace", own)
  }
}

/** As the engine begins a stack. */
const headerOf = (error: object): string => {
  const name = textOf(read(error, "name"), "Error")
  const message = textOf(read(error, "message"), "")
  return name === "" ? message : message === "" ? name : `${name}: ${message}`
}

const textOf = (u: unknown, absent: string): string =>
  u === undefined ? absent : isText(u) ? String(u) : `[${typeof u}]`

/** How many frames `trim` keeps. */
const trimmedFrames = 8

/**
 * A stack as it may leave, or `undefined` where none may. Trimmed: the message, and
 * the first frames that are neither Node's nor a dependency's, without directories.
 */
export const stackBy = (policy: StackPolicy, stack: string): string | undefined =>
  policy === "keep" ? stack : policy === "drop" ? undefined : trim(stack)

const trim = (stack: string): string => {
  const start = stack.search(/\n +at /)
  if (start === -1) return stack
  const frames = stack.slice(start + 1).split("\n")
  const own = frames.filter((frame) => !/(?:\(|at (?:async )?)(?:node:|<anonymous>)|[/\\]node_modules[/\\]/.test(frame))
  const kept = (own.length === 0 ? frames : own).slice(0, trimmedFrames)
  const left = frames.length - kept.length
  return [
    stack.slice(0, start),
    ...kept.map((frame) => frame.replaceAll(/(?:file:\/\/)?[^\s()]*[/\\]([^/\\\s()]+)/g, "$1")),
    ...(left > 0 ? [`    at … ${left} more frames`] : [])
  ].join("\n")
}

const limited: { stackTraceLimit: number | undefined } = Error

/** How many frames the engine captures for a new error. */
export const setStackLimit = (limit: number | undefined): void => {
  try {
    limited.stackTraceLimit = limit
  } catch {
    // The language's own objects are frozen: then stacks are captured, and replaced.
  }
}
