/**
 * What `causeway.config.ts` holds: data only, read by the main thread and by each
 * worker. What a flag or a variable of the environment says wins over it.
 *
 * **Example** (Two upstreams, and a service of one's own)
 *
 * ```ts
 * import { defineConfig } from "@causeway/cli/Config"
 * import * as Config from "effect/Config"
 *
 * export default defineConfig({
 *   upstreams: {
 *     primary: { baseUrl: "https://api.openai.com/v1", apiKey: Config.Redacted("OPENAI_API_KEY") },
 *     backup: { baseUrl: "http://127.0.0.1:8001/v1", models: { "gpt-5": "llama-3.3-70b" } }
 *   },
 *   policy: { deadline: "2 minutes", fallback: ["backup"] },
 *   pool: { size: 2 },
 *   server: { port: 8000, maxBody: "32 MiB" },
 *   services: [new URL("./services.ts", import.meta.url)]
 * })
 * ```
 *
 * @see `Service` for what a module under `services` holds
 */
import type * as Disposition from "@causeway/core/Disposition"
import type { Rule } from "@causeway/core/Rule"
import type { HttpUpstreams } from "@causeway/openai/HttpRelay"
import type { UpstreamConfig } from "@causeway/openai/UpstreamConfig"
import type * as Policy from "@causeway/resilience/Policy"
import type * as AccessLog from "@causeway/server/AccessLog"
import type * as Auth from "@causeway/server/Auth"
import type * as LastResort from "@causeway/server/LastResort"
import type * as OpenAiApi from "@causeway/server/OpenAiApi"
import type * as RateLimit from "@causeway/server/RateLimit"
import type * as Server from "@causeway/server/Server"
import type * as WorkerPool from "@causeway/workers/WorkerPool"
import type * as EffectConfig from "effect/Config"
import type * as Redacted from "effect/Redacted"

/** The options of a policy, whose fallback can only name upstreams that exist. */
export interface PolicyOptions<Name extends string = string> extends Omit<Policy.Options, "fallback" | "upstreams"> {
  /**
   * The upstreams to ask next, in this order, each at most once: one list for every
   * kind of failure that another upstream may not have, or a list for each kind.
   * Default: all of them, in their order.
   */
  readonly fallback?:
    | ReadonlyArray<Name>
    | { readonly [Kind in Exclude<Disposition.Fallback, "never">]?: ReadonlyArray<Name> | undefined }
    | undefined
  /**
   * What is answered where no upstream can serve: the first of these that fits the
   * request. Default: the failure itself.
   */
  readonly degraded?: ReadonlyArray<DegradedAnswer<Name>> | undefined
}

/** An answer of last resort, see `LastResort`, whose model is asked of an upstream that exists. */
export type DegradedAnswer<Name extends string = string> =
  | Exclude<LastResort.Answer, { readonly model: string }>
  | { readonly model: string; readonly upstream?: Name | undefined }

/** The options of the pool, see `WorkerPool`. */
export interface PoolOptions extends Omit<WorkerPool.Options, "entry" | "data" | "size" | "name"> {
  /** How many workers serve; 0 serves in process. Default: one less than there are cores, between 1 and 4. */
  readonly size?: number | undefined
}

/** A secret, or where it is found: in the environment, as a rule. */
export type Secret = Redacted.Redacted<string> | EffectConfig.Config<Redacted.Redacted<string>>

/** A key of callers, see `Auth`: given itself, or as its hash. */
export type KeyOptions = Pick<Auth.NamedKey, "name" | "scopes"> & ({ readonly key: Secret } | { readonly hash: string })

/** The options of the server, see `Server`. */
export interface ServerOptions
  extends Omit<Server.Options, "accessLog" | "keys" | "rateLimit" | "reusePort">, Pick<OpenAiApi.Options, "forward"> {
  /**
   * How many requests, open streams among them, are served at once; more get 503. Default: 1,024
   * for each worker, as many as it relays.
   */
  readonly maxRequests?: number | undefined
  /** How many processes serve the port, each with workers of its own, see `Processes`. Default: 1. */
  readonly procs?: number | undefined
  /** The key that callers need. Default: none, which only a loopback host may have. */
  readonly apiKey?: Secret | undefined
  /** Keys with names and scopes, beside that one. Default: none. */
  readonly keys?: ReadonlyArray<KeyOptions> | undefined
  /** How many requests each key may make. Default: any number. */
  readonly rateLimit?: Omit<RateLimit.Options, "except"> | undefined
  /**
   * A line for each request, see `AccessLog`. `true`: by where it goes. Default: only on a
   * terminal; failures are in the log in any case.
   */
  readonly accessLog?: boolean | AccessLog.Format | undefined
  /** Whether requests are counted, and `/metrics` is served. Default: true. */
  readonly metrics?: boolean | undefined
  /**
   * Whether the server is not ready while all upstreams are down, see
   * `Health.fromUpstreams`. Default: false.
   */
  readonly health?: { readonly requireUpstream?: boolean | undefined } | undefined
}

/** Models of one's own as an upstream. */
export interface ModelsConfig {
  /**
   * The module whose default export is made by `ModelServer.layer`, and needs nothing more: its
   * URL, or its path, which starts where the file stands. It has workers of its own, as many as the pool.
   */
  readonly module: URL | string
  /** The names of its models by those that callers use. Default: as they are. */
  readonly models?: UpstreamConfig["models"]
  /** It is served here, to this server alone. */
  readonly baseUrl?: never
  readonly apiKey?: never
  readonly headers?: never
}

/** REST APIs that stand for each other below one path, see `HttpApi`. */
export interface HttpOptions {
  /** In the order in which they are asked; the first one is preferred. */
  readonly upstreams: HttpUpstreams
  /** What is done about their failures. Default: the next one is asked; a single one is asked again. */
  readonly policy?: Omit<Policy.Options, "upstreams"> | undefined
  /** `safe`: every call may be made again, whatever its method, see `HttpApi.Options.replay`. */
  readonly replay?: "safe" | undefined
  /** Further headers of callers that go on. Default: none. */
  readonly forward?: ReadonlyArray<string> | undefined
  /** What only these upstreams mean by what they answer. Default: nothing. */
  readonly rules?: ReadonlyArray<Rule> | undefined
}

/** The configuration of the command, whose upstreams have these names. */
export interface Config<Name extends string = string> {
  /**
   * The upstreams by name; the first one is the default. `OPENAI_BASE_URL` takes the
   * place of the first one, with `OPENAI_API_KEY` or without a key. `"simulator"` is
   * the embedded one. Default: OpenAI where `OPENAI_API_KEY` is set.
   */
  readonly upstreams?: Readonly<Record<Name, UpstreamConfig | ModelsConfig>> | "simulator" | undefined
  /**
   * What is done about failures. Default: of several upstreams the next ones are asked, in
   * their order and without retries; of one, calls are made again up to twice. Either way a
   * call of a service that may have run is left at that, unless its Rpc says that it may
   * be made again (`Contract.Replay`).
   */
  readonly policy?: PolicyOptions<NoInfer<Name>> | undefined
  /** REST APIs behind policies, such as LitServe or Triton, by the paths below which they are served. Default: none. */
  readonly http?: Readonly<Record<`/${string}`, HttpOptions>> | undefined
  readonly pool?: PoolOptions | undefined
  readonly server?: ServerOptions | undefined
  /**
   * Modules whose services are served: their URLs, or paths that start where the file stands.
   * Default: `square` and `answer` of `DefaultServices`.
   */
  readonly services?: ReadonlyArray<URL | string> | undefined
}

/** The configuration as it is given, checked by its type. */
export const defineConfig = <const Name extends string = string>(config: Config<Name>): Config<Name> => config
