/** Stacks by the boundary's policy. */
import type { StackPolicy } from "./options.ts"

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
