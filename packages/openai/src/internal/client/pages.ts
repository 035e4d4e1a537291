/** Lists that come in pages: all of it, or page by page. */
import * as Classification from "@causeway/core/Classification"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { OpenAI } from "openai"
import { isFields, problems } from "../answer.ts"
import type { Verdict } from "../failure.ts"
import { type Accept, type Accepted, checked, json } from "./accept.ts"
import type { Caller, Plain } from "./caller.ts"
import type { Made } from "./made.ts"
import type { Sent } from "./options.ts"

/** One page. */
export interface Page<A> {
  readonly data: ReadonlyArray<A>
  /** Where the next page begins; `undefined`: there is none. */
  readonly next: string | undefined
}

/** Makes the request of a page; `after`: the last object of the page before. `been`: where each page so far began. */
export type Fetch<A> = (
  after: string | undefined,
  been: ReadonlySet<string>
) => Effect.Effect<Made<Page<A>>, UpstreamError>

/**
 * A page, checked: a list of objects with an id, which goes on where it says so. The
 * cursor is `last_id` where there is one, else the last object's id, as in the SDK.
 */
const page = <A>(been: ReadonlySet<string>): Accept<Page<A>> =>
  checked(json<Raw<A>>(problems.page), (sent, { text }): Accepted<Page<A>> | Verdict => {
    const { data, has_more: hasMore, last_id: stated } = sent
    if (hasMore !== true) return { value: { data, next: undefined } }
    const last: unknown = data.at(-1)
    const next = typeof stated === "string" ? stated : isFields(last) ? last["id"] : undefined
    // Pages that come again would be fetched for ever.
    return typeof next === "string" && !been.has(next)
      ? { value: { data, next } }
      : { reason: Classification.malformed("wrong-shape", text(), "its next page is one that came before") }
  })

/** A page as it comes: of its fields only the list is checked. */
interface Raw<A> {
  readonly data: ReadonlyArray<A>
  readonly has_more?: unknown
  readonly last_id?: unknown
}

/** A list that comes in pages. */
interface Listed extends Pick<Plain<undefined, unknown>, "name" | "ids" | "options" | "shape"> {
  readonly query: object | null | undefined
  /** By the bare `get`: a page of the SDK takes anything for an empty list. */
  readonly get: (sdk: OpenAI, sent: Sent) => PromiseLike<unknown>
}

/** The pages of a list. What the call's options add to the query wins over the list's own. */
export const pages =
  <A>(caller: Caller, { get, query, ...asked }: Listed): Fetch<A> =>
  (after, been) =>
    caller.plain({
      ...asked,
      params: undefined,
      send: (sdk, _request, sent) =>
        get(sdk, { ...sent, query: { ...query, ...sent.query, ...(after !== undefined && { after }) } }),
      accept: page<A>(been)
    })

/** Every object of every page. */
export const all = <A>(fetch: Fetch<A>): Effect.Effect<Made<ReadonlyArray<A>>, UpstreamError> =>
  Effect.gen(function* () {
    const been = new Set<string>()
    let made = yield* fetch(undefined, been)
    const objects = [...made.data.data]
    for (let { next } = made.data; next !== undefined; { next } = made.data) {
      been.add(next)
      made = yield* fetch(next, been)
      for (const each of made.data.data) objects.push(each)
    }
    return { data: objects, info: made.info }
  })

/** The objects page by page, each page fetched when it is wanted. */
export const pageByPage = <A>(fetch: Fetch<A>): Stream.Stream<A, UpstreamError> =>
  Stream.suspend(() => {
    const been = new Set<string>()
    return Stream.paginate<string | undefined, A, UpstreamError>(undefined, (after) => {
      if (after !== undefined) been.add(after)
      return Effect.map(fetch(after, been), ({ data: { data, next } }) => [data, Option.fromUndefinedOr(next)] as const)
    })
  })
