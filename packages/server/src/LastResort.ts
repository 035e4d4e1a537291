/**
 * What a client is answered where no upstream can serve. `Degraded` says when: a call
 * under its policy has failed, and not by the caller's own fault; or all upstreams are
 * down, and then it is answered at once, without being made. The first answer that
 * there is for a request is given, and `x-causeway-degraded` says which. A request that is
 * wrong in itself, or that its caller may not make, is refused as ever; and nobody is
 * answered by a model that its key may not use.
 *
 * | answer | gives | for |
 * | --- | --- | --- |
 * | `{ cached: "10 minutes" }` | what the same request was answered, no longer ago | whole answers of completions, embeddings, moderations and the list of models, and of all calls of `PredictApi` |
 * | `{ model: "gpt-5-mini" }` | another model's, under the same policy; `upstream` names who is asked | requests in JSON that name a model |
 * | `{ text: "Please come back later." }` | a fixed one, with these words | completions, plain and streamed, unless they want JSON or a tool's call |
 * | `{ refuse: "30 seconds" }` | 503 and `Retry-After` | everything |
 *
 * An answer has a minute, and no longer than the caller's `x-causeway-timeout`; then the
 * next one is given.
 *
 * Answers are cached in memory, those of OpenAI's routes for all callers together, those
 * of services for each key apart: up to 1,000, of up to 1 MiB
 * each and 32 MiB in all; those used longest ago go first.
 *
 * **Example** (Words, and a refusal where they do not fit)
 *
 * ```ts
 * import * as LastResort from "@causeway/server/LastResort"
 * import * as OpenAiApi from "@causeway/server/OpenAiApi"
 * import * as Policy from "@causeway/resilience/Policy"
 *
 * const degraded: ReadonlyArray<LastResort.Answer> = [{ text: "Please come back later." }, { refuse: "30 seconds" }]
 *
 * export const routes = OpenAiApi.layer({ policy: Policy.make({ deadline: "1 minute" }), degraded })
 * ```
 */
import * as Disposition from "@causeway/core/Disposition"
import * as Upstream from "@causeway/core/Upstream"
import type { PolicyError } from "@causeway/core/PolicyError"
import * as Call from "@causeway/resilience/Call"
import * as Degraded from "@causeway/resilience/Degraded"
import { InvalidPolicy, type Problem } from "@causeway/resilience/InvalidPolicy"
import { isReadonlyArrayNonEmpty } from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Body from "./internal/body.ts"
import { type Asked, asked } from "./internal/asked.ts"
import { type Cache, makeCache } from "./internal/answerCache.ts"
import { inWords } from "./internal/inWords.ts"

/** One answer of last resort. */
export type Answer =
  /** The last good answer to the same request, if it is no older than this. */
  | { readonly cached: Duration.Input }
  /** Another model's answer, by the preferred upstream or by the one that is named. */
  | { readonly model: string; readonly upstream?: string | undefined }
  /** These words, as the answer of a model. */
  | { readonly text: string }
  /** A refusal that says when to come back. It is the last one. */
  | { readonly refuse: Duration.Input }

type Response = HttpServerResponse.HttpServerResponse

/** Answers of last resort for requests of an API, made by {@link make}. */
export interface LastResort {
  /**
   * Gives a call the answers, for when it fails and for when it need not be made. What checks
   * the request before, and whether its caller may make it, is done in any case: what that
   * fails with has no answer.
   */
  readonly apply: <E, R, E2, R2>(
    checked: Effect.Effect<Effect.Effect<Response, E, R>, E2, R2>
  ) => Effect.Effect<Response, E | E2 | PolicyError, R | R2 | HttpServerRequest>
}

/** One answer, if it has one for a request at this moment. */
type Resort = <E, R>(
  asked: Asked,
  answered: Effect.Effect<Response, E, R>,
  now: number
) => Degraded.Answer<Response, E | PolicyError, R> | undefined

/**
 * Answers for one API, with a cache of their own. `headers`: those of a request, in lower
 * case, by which its answer may differ. Throws `InvalidPolicy` for what is no answer,
 * with the place in the list.
 */
export const make = (
  answers: ReadonlyArray<Answer>,
  api: "openai" | "predict",
  headers: ReadonlyArray<string> = []
): LastResort => {
  const all = read(answers)
  const cached = all.find((answer) => answer._tag === "cached")
  const cache = cached && makeCache(cached.ms)
  const resorts = all.map((answer) => resortOf(answer, cache))
  // Which answers there are depends on the request; when they are given does not.
  const base = Degraded.make({
    answers: [Degraded.refuse("1 second")],
    // What a contract declares, and says nothing of itself, is as good an answer as any.
    ...(api === "predict" && { when: isDisposedOtherwise })
  })
  return {
    apply: <E, R, E2, R2>(checked: Effect.Effect<Effect.Effect<Response, E, R>, E2, R2>) =>
      Effect.gen(function* () {
        const answered = yield* checked
        const request = Option.getOrUndefined(yield* Effect.option(asked(api, headers)))
        // Whatever is wrong with the request, the handler itself says it.
        if (request === undefined) return yield* answered
        const now = yield* Clock.currentTimeMillis
        const again = Effect.flatten(checked)
        const possible = resorts.flatMap((resort) => resort(request, again, now) ?? [])
        const made =
          cache === undefined || request.cacheKey === undefined
            ? answered
            : Effect.tap(answered, (response) =>
                Effect.map(Clock.currentTimeMillis, (at) => cache.keep(request.cacheKey, response, at))
              )
        if (!isReadonlyArrayNonEmpty(possible)) return yield* made
        let failure: { readonly error: E } | undefined
        return yield* Effect.tapError(made, (error) => Effect.sync(() => (failure = { error }))).pipe(
          Degraded.apply({ ...base, answers: possible }),
          // What an answer is refused for is not the caller's, who has not asked for it.
          Effect.mapError((error) =>
            failure !== undefined && Disposition.of(error)?.blame === "caller" ? failure.error : error
          ),
          Call.annotate({ model: request.model })
        )
      })
  }
}

const isDisposedOtherwise = (error: unknown): boolean => {
  const disposition = Disposition.of(error)
  return disposition !== undefined && disposition.blame !== "caller"
}

const resortOf = (answer: Checked, cache: Cache | undefined): Resort => {
  switch (answer._tag) {
    case "cached":
      return ({ cacheKey }, _, now) => {
        const found = cache?.find(cacheKey, now)
        return found && Degraded.fixed("cached", found)
      }
    case "model":
      return ({ mayUse, model, value, withModel }, answered) => {
        if (value === undefined || model === undefined || model === answer.model) return undefined
        if (!mayUse(answer.model)) return undefined
        const again = Effect.suspend(() => Effect.provideService(answered, Body.Instead, withModel(answer.model)))
        return {
          name: "model",
          answer: () =>
            answer.upstream === undefined ? again : Effect.provideService(again, Upstream.Current, answer.upstream)
        }
      }
    case "text":
      return (request) => {
        const words = inWords(request, answer.text)
        return words && { name: "text", answer: () => Effect.map(Clock.currentTimeMillis, words) }
      }
    case "refuse":
      return () => Degraded.refuse(answer.after)
  }
}

/** An answer as it was checked. */
type Checked =
  | { readonly _tag: "cached"; readonly ms: number }
  | { readonly _tag: "model"; readonly model: string; readonly upstream: string | undefined }
  | { readonly _tag: "text"; readonly text: string }
  | { readonly _tag: "refuse"; readonly after: Duration.Duration }

/** The names of the upstreams that answers of last resort ask. */
export const upstreamsOf = (answers: ReadonlyArray<Answer>): ReadonlyArray<string> =>
  answers.flatMap((answer) => ("upstream" in answer && answer.upstream !== undefined ? [answer.upstream] : []))

/** Checks answers of whatever origin. Throws `InvalidPolicy`. */
export const check = (answers: unknown): ReadonlyArray<Answer> =>
  read(answers).map((answer) => {
    switch (answer._tag) {
      case "cached":
        return { cached: answer.ms }
      case "model":
        return { model: answer.model, upstream: answer.upstream }
      case "text":
        return { text: answer.text }
      case "refuse":
        return { refuse: answer.after }
    }
  })

const read = (answers: unknown): ReadonlyArray<Checked> => {
  if (!Array.isArray(answers) || answers.length === 0) {
    throw new InvalidPolicy({
      option: "degraded",
      actual: described(answers),
      allowed: "a list of at least one answer"
    })
  }
  const problems: Array<Problem> = []
  const all = answers.flatMap((answer, index) => {
    try {
      return checkOne(answer, index)
    } catch (error) {
      if (!(error instanceof InvalidPolicy)) throw error
      problems.push(...error.problems)
      return []
    }
  })
  for (const [index, { _tag }] of problems.length > 0 ? [] : all.entries()) {
    const option = `degraded[${index}]`
    if (_tag === "refuse" && index < all.length - 1) {
      problems.push({ option, actual: "refuse, and an answer after it", allowed: "refuse as the last one" })
    }
    if (_tag === "cached" && all.findIndex((other) => other._tag === "cached") !== index) {
      problems.push({ option, actual: "cached, once more", allowed: "cached once" })
    }
  }
  const [first, ...others] = problems
  if (first !== undefined) throw new InvalidPolicy({ ...first, ...(others.length > 0 && { others }) })
  return all
}

const allowed = "one of { cached }, { model, upstream }, { text }, { refuse }"

const checkOne = (answer: unknown, index: number): Checked => {
  const at = `degraded[${index}]`
  if (typeof answer !== "object" || answer === null) {
    throw new InvalidPolicy({ option: at, actual: described(answer), allowed })
  }
  const given: Readonly<Record<string, unknown>> = { ...answer }
  const names = Object.keys(given).filter((name) => given[name] !== undefined)
  const kind = names.find((name) => name !== "upstream")
  if (names.length !== (given["upstream"] === undefined ? 1 : 2) || (names.includes("upstream") && kind !== "model")) {
    throw new InvalidPolicy({ option: at, actual: `an object of ${names.join(", ") || "nothing"}`, allowed })
  }
  if (kind === "model") {
    const upstream = given["upstream"]
    return {
      _tag: "model",
      model: textOf(`${at}.model`, given["model"]),
      upstream: upstream === undefined ? undefined : textOf(`${at}.upstream`, upstream)
    }
  }
  if (kind === "text") return { _tag: "text", text: textOf(`${at}.text`, given["text"]) }
  if (kind === "cached") return { _tag: "cached", ms: Duration.toMillis(timeOf(`${at}.cached`, given["cached"])) }
  if (kind === "refuse") return { _tag: "refuse", after: timeOf(`${at}.refuse`, given["refuse"]) }
  throw new InvalidPolicy({ option: at, actual: `an object of ${names.join(", ")}`, allowed })
}

const textOf = (option: string, value: unknown): string => {
  if (typeof value === "string" && value !== "") return value
  throw new InvalidPolicy({ option, actual: described(value), allowed: "a text" })
}

const timeOf = (option: string, value: unknown): Duration.Duration => {
  const time = Option.getOrUndefined(Duration.fromInput(value as Duration.Input))
  if (time !== undefined && Duration.isFinite(time) && Duration.toMillis(time) > 0) return time
  throw new InvalidPolicy({ option, actual: described(value), allowed: 'a time above zero such as "30 seconds"' })
}

/** A value in words. */
const described = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list"
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  return typeof value === "object" ? (value === null ? "null" : "an object") : String(value)
}
