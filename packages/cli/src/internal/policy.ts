/** What is done about failures, by the file or by default. */
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Policy from "@causeway/resilience/Policy"
import type * as LastResort from "@causeway/server/LastResort"
import * as Effect from "effect/Effect"
import * as Reader from "./reader.ts"

/** See {@link read}. */
export interface Policies {
  readonly policy: Policy.Policy
  readonly degraded: ReadonlyArray<LastResort.Answer> | undefined
}

/** Of several upstreams, those after the first are there to be asked when it fails; one is asked again. */
const byDefault = ([, ...others]: ReadonlyArray<string>): Policy.Policy =>
  others.length === 0 ? Policy.make({ fallback: [] }) : Policy.make({ fallback: others, retry: { times: 0 } })

/** Reads the part `policy` of the file. */
export const read = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  given: Reader.Given | undefined,
  upstreams: Upstreams | "simulator"
): Effect.fn.Return<Policies> {
  const names = upstreams === "simulator" ? ["simulator"] : Object.keys(upstreams)
  const byItself = { policy: byDefault(names), degraded: undefined }
  if (given?.value === undefined) return byItself
  const options = Reader.record(problems, given)
  if (options === undefined) return byItself
  const { upstreams: misplaced, ...placed } = options
  const { degraded, ...others } = known(problems, { ...given, value: placed }, "degraded")
  if (misplaced !== undefined) {
    problems.push({
      setting: Reader.settingOf({ ...given, name: "policy.upstreams" }),
      actual: "an option that does not exist",
      allowed: "upstreams beside policy"
    })
  }
  const answers = degraded === undefined ? none : yield* degradedOf(problems, given, degraded, names)
  const policy =
    Object.keys(others).length === 0
      ? undefined
      : checked(problems, given, () =>
          Policy.make({ ...others, upstreams: asked(names, others["fallback"], answers.upstreams) })
        )
  return { policy: policy ?? byItself.policy, degraded: answers.degraded }
})

/** Answers of last resort, and the upstreams that they ask. */
interface Degraded {
  readonly degraded: Policies["degraded"]
  readonly upstreams: ReadonlyArray<string>
}

const none: Degraded = { degraded: undefined, upstreams: [] }

/** The options of a policy that there are, and further ones; `upstreams` are those of the part that it belongs to. */
export const known = (
  problems: Reader.Problems,
  given: Reader.Given,
  ...further: ReadonlyArray<string>
): Readonly<Record<string, unknown>> => {
  const names = [...Policy.optionNames.filter((name) => name !== "upstreams"), ...further]
  const member = Reader.members(problems, given, names)
  const values = names.flatMap((name) => {
    const value = member?.(name).value
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(values)
}

/**
 * Those that a policy is about: whom only answers of last resort ask is in no list, and
 * lists that are empty say that nobody else is asked.
 */
const asked = (
  names: ReadonlyArray<string>,
  fallback: unknown,
  lastly: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const lists: ReadonlyArray<unknown> = typeof fallback === "object" && fallback !== null ? Object.values(fallback) : []
  const listed = lists.flat()
  if (fallback !== undefined && listed.length === 0) return names.slice(0, 1)
  const isListed = (name: string) => listed.includes(name)
  return names.filter((name, index) => index === 0 || isListed(name) || !lastly.includes(name))
}

const degradedOf = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  given: Reader.Given,
  degraded: unknown,
  names: ReadonlyArray<string>
): Effect.fn.Return<Degraded> {
  const LastResort = yield* Effect.promise(() => import("@causeway/server/LastResort"))
  const read = checked(problems, given, () => {
    const answers = LastResort.check(degraded)
    const upstreams = LastResort.upstreamsOf(answers)
    for (const name of upstreams) {
      if (names.includes(name)) continue
      throw new InvalidPolicy({
        option: "degraded",
        actual: `the upstream ${Reader.show(name)}`,
        allowed: `one of ${names.join(", ")}`
      })
    }
    return { degraded: answers, upstreams }
  })
  return read ?? none
})

/** What a constructor makes, or `undefined` where it refuses an option, which is a problem. */
const checked = <A>(problems: Reader.Problems, given: Reader.Given, make: () => A): A | undefined => {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof InvalidPolicy)) throw error
    for (const { actual, allowed, option } of error.problems) {
      problems.push({ setting: Reader.settingOf({ ...given, name: `policy.${option}` }), actual, allowed })
    }
    return undefined
  }
}
