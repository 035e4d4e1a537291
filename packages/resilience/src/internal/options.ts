/**
 * Checks of single options: every value is checked, and none is silently dropped.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { InvalidPolicy, type Problem } from "../InvalidPolicy.ts"

/** The most retries or upstreams a policy may name. */
const most = 100

/** What is allowed in place of an object that switches something on. */
export const orOff = "false, or {} for the defaults, or "

const show = (value: unknown): string => {
  const text = typeof value === "string" ? JSON.stringify(value) : plain(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** A value as text, also one that refuses to become text or whose text says nothing. */
const plain = (value: unknown): string => {
  try {
    const text = String(value)
    return text === "" && Array.isArray(value) ? "an empty list" : text
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

/** How each option is read, by its name. */
type Readers<Parts extends object> = { readonly [Part in keyof Parts]: () => Parts[Part] }

/**
 * Reads options, and refuses whatever is no option: a misspelt one would otherwise be
 * without effect. It tells of all that are wrong. `instead`: what is allowed in place of
 * the object, with its conjunction.
 */
export const all = <Parts extends object>(
  prefix: string,
  options: object,
  readers: Readers<Parts>,
  instead = ""
): Parts => {
  const names = Object.keys(readers).join(", ")
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return reject(prefix === "" ? "options" : prefix, options, `${instead}an object of ${names}`)
  }
  const given = new Map<string, unknown>(Object.entries(options))
  const optionOf = (name: string): string => (prefix === "" ? name : `${prefix}.${name}`)
  const unknown = [...given.keys()].flatMap((name) =>
    name in readers ? [] : [() => refuse(optionOf(name), "an unknown option", names)]
  )
  const parts: Partial<Parts> = {}
  const read = Object.keys(readers).map((name) => () => {
    if (given.get(name) === null) refuse(optionOf(name), "null", "a value, or to be left out")
    const part = name as keyof Parts
    parts[part] = readers[part]()
  })
  together(...unknown, ...read)
  return parts as Parts
}

/** Makes several checks, and tells of all that are not passed. */
export const together = (...checks: ReadonlyArray<() => void>): void => {
  const [first, ...others] = checks.flatMap((check): ReadonlyArray<Problem> => {
    try {
      check()
      return []
    } catch (error) {
      if (!(error instanceof InvalidPolicy)) throw error
      return error.problems
    }
  })
  if (first !== undefined) throw new InvalidPolicy({ ...first, ...(others.length > 0 && { others }) })
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

/** A whole number within bounds. */
export const whole = (option: string, value: number, least: number, greatest: number): number =>
  Number.isInteger(value) && value >= least && value <= greatest
    ? value
    : reject(option, value, `a whole number, ${least} to ${greatest}`)

/** A whole number from zero. */
export const count = (option: string, value: number): number => whole(option, value, 0, most)

/** A list that is not too long. */
export const list = (option: string, value: ReadonlyArray<unknown>, what: string): void => {
  if (!Array.isArray(value) || value.length > most) reject(option, value, `a list of at most ${most} ${what}`)
}

/** A text that says something. */
export const text = (option: string, value: string): string =>
  typeof value === "string" && value.trim() !== "" ? value : reject(option, value, "a text")

/** Names, each one once. */
export const names = (
  option: string,
  value: ReadonlyArray<string>,
  what: "upstream" | "parameter" | "answer" = "upstream"
): ReadonlyArray<string> => {
  if (!Array.isArray(value) || value.length > most) {
    return reject(option, value, `a list of at most ${most} names of ${what}s`)
  }
  for (const [index, name] of value.entries()) {
    if (typeof name !== "string" || name.trim() === "") {
      reject(`${option}[${index}]`, name, `the name of ${what === "parameter" ? "a" : "an"} ${what}`)
    }
    if (value.indexOf(name) !== index) reject(`${option}[${index}]`, name, `each ${what} once`)
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
