/**
 * Checks of single options: every value is checked, and none is silently dropped.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { InvalidPolicy } from "../InvalidPolicy.ts"

/** The most retries or upstreams a policy may name. */
const most = 100

const show = (value: unknown): string => {
  const text = typeof value === "string" ? JSON.stringify(value) : plain(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** A value as text, also one that refuses to become text. */
const plain = (value: unknown): string => {
  try {
    return String(value)
  } catch {
    return typeof value
  }
}

/** Refuses what an option got, which is described already. */
export const refuse = (option: string, actual: string, allowed: string): never => {
  throw new InvalidPolicy({ option, actual, allowed })
}

/** Refuses a value. */
export const reject = (option: string, actual: unknown, allowed: string): never => refuse(option, show(actual), allowed)

/**
 * Refuses whatever is no option: a misspelt one would otherwise be without effect.
 * `instead`: what is allowed in place of the object, with its conjunction.
 */
export const known = (prefix: string, options: object, names: ReadonlyArray<string>, instead = ""): void => {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return reject(prefix === "" ? "options" : prefix, options, `${instead}an object of ${names.join(", ")}`)
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    const option = prefix === "" ? name : `${prefix}.${name}`
    refuse(option, "an unknown option", names.join(", "))
  }
}

/** A time above zero. */
export const duration = (
  option: string,
  value: Duration.Input,
  form: "finite" | "infinite" = "infinite"
): Duration.Duration => {
  const read = Option.getOrUndefined(Duration.fromInput(value))
  if (
    read === undefined ||
    !Duration.isGreaterThan(read, Duration.zero) ||
    (form === "finite" && !Duration.isFinite(read))
  ) {
    return reject(
      option,
      value,
      `a time above zero such as "5 seconds"${form === "infinite" ? ', or "Infinity" for no limit' : ""}`
    )
  }
  return read
}

/** Refuses a time that is longer than the one it is a part of. */
export const atMost = (option: string, value: Duration.Duration, whole: string, limit: Duration.Duration): void => {
  if (Duration.isLessThanOrEqualTo(value, limit)) return
  refuse(option, Duration.format(value), `at most ${whole}, which is ${Duration.format(limit)}`)
}

/** A number within bounds. */
export const number = (option: string, value: number, least: number, greatest: number): number =>
  typeof value === "number" && value >= least && value <= greatest
    ? value
    : reject(option, value, `a number, ${least} to ${greatest}`)

/** A whole number from zero. */
export const count = (option: string, value: number): number =>
  Number.isInteger(value) && value >= 0 && value <= most ? value : reject(option, value, `a whole number, 0 to ${most}`)

/** A list that is not too long. */
export const list = (option: string, value: ReadonlyArray<unknown>, what: string): void => {
  if (!Array.isArray(value) || value.length > most) reject(option, value, `a list of at most ${most} ${what}`)
}

/** Names, each one once. */
export const names = (option: string, value: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (!Array.isArray(value) || value.length > most) {
    return reject(option, value, `a list of at most ${most} names of upstreams`)
  }
  for (const [index, name] of value.entries()) {
    if (typeof name !== "string" || name.trim() === "") {
      reject(`${option}[${index}]`, name, "the name of an upstream")
    }
    if (value.indexOf(name) !== index) reject(`${option}[${index}]`, name, "each upstream once")
  }
  return [...value]
}

/** One of some words. */
export const oneOf = <const Words extends ReadonlyArray<string | boolean>>(
  option: string,
  value: Words[number],
  words: Words
): Words[number] =>
  words.includes(value) ? value : reject(option, value, words.map((word) => JSON.stringify(word)).join(", "))
