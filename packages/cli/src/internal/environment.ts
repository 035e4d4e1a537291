/**
 * The variables of a process. A secret may stand in a file instead, which
 * `<NAME>_FILE` names: as containers and orchestrators mount them.
 */
import { readFileSync, statSync } from "node:fs"
import { hasProperty } from "effect/Predicate"
import type * as Reader from "./reader.ts"

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A variable; one that is empty is as good as absent. */
export const variable = (environment: Environment, name: string): Reader.Given => ({
  name,
  value: textOf(environment, name)
})

const textOf = (environment: Environment, name: string): string | undefined =>
  environment[name] === "" ? undefined : environment[name]

/** The variable that names the file of a secret. */
const fileOf = (name: string): string => `${name}_FILE`

/** A variable that holds a secret, or whose file does. A line break at the file's end is not part of it. */
export const secret = (problems: Reader.Problems, environment: Environment, name: string): Reader.Given => {
  const own = variable(environment, name)
  const named = variable(environment, fileOf(name))
  const path = named.value
  if (typeof path !== "string") return own
  if (own.value !== undefined) {
    problems.push({ setting: named.name, actual: `a file, while ${name} is set too`, allowed: `only one of the two` })
    return own
  }
  try {
    const unfit = unfitOf(path)
    const text = unfit === undefined ? readFileSync(path, "utf8").replace(/\r?\n$/, "") : ""
    if (text !== "") return { name: named.name, value: text }
    problems.push({ setting: named.name, actual: `${JSON.stringify(path)}, which is ${unfit ?? "empty"}`, allowed })
  } catch (error) {
    const why = hasProperty(error, "code") ? ` (${String(error.code)})` : ""
    problems.push({ setting: named.name, actual: `${JSON.stringify(path)}, which cannot be read${why}`, allowed })
  }
  return { name: named.name, value: undefined }
}

/** A pipe may never say anything, a device never end: read while a server serves, either would be the end of that. */
const unfitOf = (path: string): string | undefined => {
  const file = statSync(path)
  if (file.isDirectory()) return "a directory"
  if (!file.isFile()) return "no regular file"
  return file.size > mostBytes ? "larger than 64 KiB" : undefined
}

const mostBytes = 64 * 1024

const allowed = "the path of a file that holds the secret and nothing else"

/** Whether a secret was given, right or wrong. */
export const isGiven = (environment: Environment, name: string): boolean =>
  textOf(environment, name) !== undefined || textOf(environment, fileOf(name)) !== undefined
