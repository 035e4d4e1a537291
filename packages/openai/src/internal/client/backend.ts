/** An upstream as the SDK reaches it. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { Configuration } from "@causeway/core/UpstreamReason"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { OpenAI } from "openai"
import * as Recorder from "../../Recorder.ts"
import { unsent } from "../failure.ts"
import { limitsOf } from "../limits.ts"
import { isHeaderName, type Ready } from "../upstreams.ts"
import { providerOf } from "./telemetry/genAi.ts"

/** One upstream's client. */
export interface Backend {
  readonly name: string
  /** Where it is, for spans. */
  readonly baseUrl: string
  /** Who is there, by the conventions' names, for spans. */
  readonly provider: string
  readonly models: ReadonlyMap<string, string>
  readonly sdk: () => Promise<OpenAI>
  /** How long the client may take before it sends anything, in milliseconds: it may have to fetch a credential first. */
  readonly sendWithin: number | undefined
}

/** Node's timers know no longer wait. The recorder's limits are those that hold. */
const noTimeout = 2_147_483_647

/** The SDK for a configured upstream. It is loaded with the first call. */
export const configured = (upstream: Ready, recorder: Recorder.Recorder["Service"]): Backend => {
  let sdk: Promise<OpenAI> | undefined
  const { apiKey, baseUrl, headers, models, name } = upstream
  const load = async (): Promise<OpenAI> => {
    const { OpenAI } = await import("openai").catch((cause: unknown) => {
      throw Object.assign(
        new Configuration({ message: "the package openai cannot be loaded", seenIn: "request", option: "openai" }),
        { cause }
      )
    })
    const key = apiKey === undefined ? undefined : Redacted.value(apiKey)
    return new OpenAI({
      apiKey: key ?? "none",
      baseURL: baseUrl,
      // The environment is the configuration's to read.
      organization: null,
      project: null,
      adminAPIKey: null,
      maxRetries: 0,
      timeout: noTimeout,
      fetch: recorder.fetch,
      defaultHeaders: {
        ...ofEnvironment(),
        authorization: key === undefined ? null : `Bearer ${key}`,
        ...headers
      },
      logLevel: "off"
    })
  }
  return { name, baseUrl, provider: providerOf(baseUrl), models, sdk: () => (sdk ??= load()), sendWithin: undefined }
}

/** Takes back what the SDK adds to each request by itself: it was not meant for every upstream. */
const ofEnvironment = (): Record<string, null> => {
  const lines = (process.env["OPENAI_CUSTOM_HEADERS"] ?? "").split("\n")
  const names = lines.map((line) =>
    line
      .slice(0, Math.max(0, line.indexOf(":")))
      .trim()
      .toLowerCase()
  )
  return Object.fromEntries(names.filter(isHeaderName).map((name) => [name, null]))
}

/** A `fetch` that somebody configured; the SDK's own default is the global one. */
const ownFetch = (client: OpenAI): Recorder.AnyFetch | undefined => {
  const fetch: unknown = Reflect.get(client, "fetch")
  // What `fetchOptions` says, a dispatcher for a proxy say, is meant for the `fetch` beside it.
  const isDefault = fetch === globalThis.fetch && Reflect.get(client, "fetchOptions") === undefined
  return isDefault || typeof fetch !== "function" ? undefined : (input, init) => fetch(input, init)
}

/** The SDK's client for Azure, of whichever copy of the SDK. */
const isAzure = (client: OpenAI): boolean => client.constructor.name === "AzureOpenAI"

/** Somebody's configured client, with the recorder as its `fetch`, or around its own. */
export const wrapped = (
  name: string,
  client: OpenAI,
  recorder: Recorder.Recorder["Service"],
  limits: Recorder.LimitOptions
): Effect.Effect<Backend, UpstreamError> =>
  Effect.try({
    try: () => {
      const own = ownFetch(client)
      const sdk = client.withOptions({
        maxRetries: 0,
        timeout: noTimeout,
        fetch: own === undefined ? recorder.fetch : Recorder.record(own, limits)
      })
      return {
        name,
        baseUrl: client.baseURL,
        provider: isAzure(client) ? "azure.ai.openai" : providerOf(client.baseURL),
        models: new Map<string, string>(),
        sdk: () => Promise.resolve(sdk),
        sendWithin: limitsOf(limits).answer.headers
      }
    },
    catch: (cause) =>
      unsent(
        { upstream: name, operation: "configure" },
        new Configuration({ message: "the client cannot be given another fetch", seenIn: "request", option: "client" }),
        Date.now(),
        1,
        cause
      )
  })

/** A client whose every request is recorded, with what its own requests are fetched with. */
export const recorded = (sdk: OpenAI, fetchOptions: OpenAI.RequestOptions["fetchOptions"]): OpenAI => {
  const own: unknown = Reflect.get(sdk, "fetchOptions")
  return sdk.withOptions({ fetchOptions: Object.assign({}, own, fetchOptions) })
}
