/**
 * Any REST API as an upstream: a request goes on as it is, and what comes back is checked
 * as far as HTTP tells. So a policy can stand before a model server that does not speak
 * OpenAI's protocol, such as LitServe, BentoML or Triton.
 *
 * A success is an answer below 300 that came to its end: JSON that is JSON and states no
 * `error`, or bytes, text and events as they come. Everything else is an `UpstreamError`,
 * by the rules of the upstream and then by those that hold for all.
 *
 * **Example** (Two copies of a model server)
 *
 * ```ts
 * import * as Local from "@causeway/core/Local"
 * import * as Rule from "@causeway/core/Rule"
 * import { HttpRelay } from "@causeway/openai/HttpRelay"
 *
 * const upstreams = {
 *   "lit-1": { baseUrl: "http://10.0.0.1:8000", paths: { "/score": "/predict" } },
 *   "lit-2": { baseUrl: "http://10.0.0.2:8000", paths: { "/score": "/predict" } }
 * }
 *
 * const busy = {
 *   name: "LitServe: no worker is free",
 *   source: "the words of its 500",
 *   when: Rule.all(Rule.status(500), ({ text }) => text.includes("queue is full")),
 *   reason: Rule.overloaded
 * }
 *
 * export const relay = Local.layer(HttpRelay, HttpRelay.layer(upstreams, { rules: { "lit-1": [busy], "lit-2": [busy] } }))
 * ```
 */
import * as Contract from "@causeway/core/Contract"
import type { Rule } from "@causeway/core/Rule"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { targetOf } from "./internal/relay/request.ts"
import { transfer } from "./internal/relay/transfer.ts"
import { misconfigured, ready, table } from "./internal/upstreams.ts"
import * as Recorder from "./Recorder.ts"
import { TransferElement } from "./Relay.ts"
import type { UpstreamConfig } from "./UpstreamConfig.ts"

/** How to reach an upstream with an API of its own. */
export interface HttpUpstreamConfig extends Omit<UpstreamConfig, "models"> {
  /** Its paths by those that callers use, without a query. Others go out as they are. */
  readonly paths?: Readonly<Record<string, string>> | undefined
  /** The path that answers below 300 to `GET` while it is well, such as `/health`. Default: it is not asked. */
  readonly health?: string | undefined
}

/** Upstreams by name. The first key is the default upstream. */
export type HttpUpstreams = Readonly<Record<string, HttpUpstreamConfig>>

/** A request to be passed on. */
export const HttpRequest = Schema.Struct({
  /** Below the upstream's base URL, with its query. */
  path: Schema.String,
  /** In capitals. */
  method: Schema.String,
  body: Schema.optional(Schema.Uint8Array),
  /** Of the body. Default: `application/json`. */
  contentType: Schema.optional(Schema.String),
  /** What the caller takes for an answer. Default: anything. */
  accept: Schema.optional(Schema.String),
  /** Of the caller's own, names in lower case. */
  headers: Schema.optional(Schema.Record(Schema.String, Schema.String))
})

const isPath = (path: string): boolean => /^\/[^?#\s]*$/.test(path)

/** How many calls one worker relays at a time: they only wait. */
const concurrency = 1024

/** Options of {@link HttpRelay.layer}. */
export interface Options {
  /** Limits and connections of the way to the upstreams. */
  readonly recorder?: Recorder.Options | undefined
  /** What only these upstreams mean by what they answer, by their names. Default: nothing. */
  readonly rules?: Readonly<Record<string, ReadonlyArray<Rule>>> | undefined
}

/**
 * The contract. `send` makes one attempt, at the upstream that `Upstream.Current` names.
 * Its stream begins with the answer's head; of JSON the whole body is one text, anything
 * else comes in bytes.
 */
export class HttpRelay extends Contract.Service<HttpRelay>()(
  "causeway/HttpRelay",
  Rpc.make("send", {
    payload: HttpRequest,
    success: TransferElement,
    error: UpstreamError,
    stream: true
  }).annotate(Contract.Concurrency, concurrency)
) {
  /** The handlers, for these upstreams. Fails where their configuration is wrong or a key is missing. */
  static readonly layer = (
    upstreams: HttpUpstreams,
    options: Options = {}
  ): Layer.Layer<Contract.Handlers<HttpRelay>, UpstreamError> =>
    HttpRelay.toLayer(
      Effect.gen(function* () {
        const recorder = yield* Recorder.make({ connections: 2 * concurrency, ...options.recorder })
        const targets = yield* table(upstreams, (name, config) =>
          Effect.gen(function* () {
            const paths = Object.entries(upstreams[name]?.paths ?? {})
            for (const [from, to] of paths) {
              if (isPath(from) && isPath(to)) continue
              return yield* misconfigured(name, "paths", `has one that is none: ${JSON.stringify([from, to])}`)
            }
            const foreign = { paths: new Map(paths), rules: options.rules?.[name] ?? [] }
            return { ...targetOf(yield* ready(name, config)), foreign }
          })
        )
        return HttpRelay.group.of({
          send: (request) =>
            Stream.unwrap(
              Effect.withFiber((fiber) =>
                Effect.map(targets.chosen(fiber, "http.send"), (target) => transfer(recorder, target, request))
              )
            )
        })
      })
    )
}
