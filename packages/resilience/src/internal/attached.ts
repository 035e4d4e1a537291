/**
 * Attempts on the error that they led to. The error stays what it is otherwise: the
 * property is not enumerable, so JSON and printing do not show it, and of an error
 * that cannot take it the attempts are kept beside it.
 */
import type { Attempt } from "../Attempt.ts"

/** The key under which an error carries its attempts. */
export const key = "~@causeway/resilience/attempts"

const beside = new WeakMap<object, ReadonlyArray<Attempt>>()

/** Gives an error its attempts, in place of those that it had. What is no object cannot have any. */
export const attach = (error: unknown, attempts: ReadonlyArray<Attempt>): void => {
  if (typeof error !== "object" || error === null) return
  const property = { value: attempts, enumerable: false, configurable: true, writable: true }
  if (!Reflect.defineProperty(error, key, property)) beside.set(error, attempts)
}

/** The attempts that {@link attach} could not write onto an error. */
export const remembered = (error: unknown): ReadonlyArray<Attempt> | undefined =>
  typeof error === "object" && error !== null ? beside.get(error) : undefined
