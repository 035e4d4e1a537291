/** Configured upstreams, checked and ready to be called. */
import * as CallMetadata from "@causeway/core/CallMetadata"
import * as Redaction from "@causeway/core/Redaction"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { Configuration, Credential } from "@causeway/core/UpstreamReason"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import { credentials, type UpstreamConfig, type Upstreams } from "../UpstreamConfig.ts"
import { unsent } from "./failure.ts"

/** An upstream whose configuration was found right. */
export interface Ready {
  readonly name: string
  readonly baseUrl: string
  readonly origin: string
  /** What stands before each route's path, without a slash at its end. */
  readonly prefix: string
  /** The query that goes along with each request, with its question mark, or empty. */
  readonly query: string
  readonly apiKey: Redacted.Redacted<string> | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly models: ReadonlyMap<string, string>
}

/** Checks a configuration. Its credentials are masked wherever they turn up, for as long as the scope is open. */
export const ready = (name: string, config: UpstreamConfig): Effect.Effect<Ready, UpstreamError, Scope.Scope> =>
  Effect.gen(function* () {
    const wrong = (option: string, problem: string) => misconfigured(name, option, problem)
    const url = URL.parse(config.baseUrl)
    if (url === null || !/^https?:$/.test(url.protocol)) {
      return yield* wrong(
        "baseUrl",
        `is no http or https address: ${Redaction.url(String(config.baseUrl)).slice(0, 200)}`
      )
    }
    if (url.username !== "" || url.password !== "")
      return yield* wrong("baseUrl", "holds a user; use headers or apiKey")
    for (const [header, value] of Object.entries(config.headers ?? {})) {
      if (!isHeaderName(header)) return yield* wrong("headers", `has a name that is none: ${JSON.stringify(header)}`)
      if (!isHeaderValue(value)) return yield* wrong("headers", `has a value that cannot be sent: that of ${header}`)
    }
    const apiKey = config.apiKey === undefined ? undefined : yield* keyOf(name, config.apiKey)
    yield* Effect.forEach(credentials({ ...config, apiKey }), Redaction.known, { discard: true })
    return {
      name,
      baseUrl: config.baseUrl,
      origin: url.origin,
      prefix: url.pathname.replace(/\/+$/, ""),
      query: url.search,
      apiKey,
      headers: config.headers ?? {},
      models: new Map(Object.entries(config.models ?? {}))
    }
  })

/** Fails by what is wrong with an option. */
export const misconfigured = (name: string, option: string, problem: string): Effect.Effect<never, UpstreamError> =>
  failed(name, new Configuration({ message: `${option} of upstream ${name} ${problem}`, seenIn: "request", option }))

const keyOf = (
  name: string,
  key: NonNullable<UpstreamConfig["apiKey"]>
): Effect.Effect<Redacted.Redacted<string>, UpstreamError> =>
  Effect.gen(function* () {
    const missing = (message: string, option: string) =>
      failed(name, new Credential({ message: Redaction.text(message), seenIn: "request", missing: option }))
    const found = Config.isConfig(key)
      ? yield* Effect.catch(key, (error) => missing(`the key of upstream ${name}: ${error.message}`, "apiKey"))
      : key
    const value = Redacted.value(found)
    if (value === "") return yield* missing(`the key of upstream ${name} is empty`, "apiKey")
    return isHeaderValue(value) && value.trim() === value
      ? found
      : yield* missing(
          `the key of upstream ${name} holds a space or a line end at its edge, or what no header can hold`,
          "apiKey"
        )
  })

const failed = (name: string, reason: Configuration | Credential): Effect.Effect<never, UpstreamError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.fail(unsent({ upstream: name, operation: "configure" }, reason, now))
  )

export const isHeaderName = (name: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)

export const isHeaderValue = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value)

/** Upstreams by name. */
export interface Table<A extends { readonly name: string }> {
  /** The upstream that the fiber has chosen, or the error of a name that is not configured. */
  readonly chosen: (fiber: Fiber.Fiber<unknown, unknown>, operation: string) => Effect.Effect<A, UpstreamError>
}

/** Makes something of each upstream, and finds it by name. */
export const table = <A extends { readonly name: string }, E, R>(
  upstreams: Upstreams,
  make: (name: string, config: UpstreamConfig) => Effect.Effect<A, E, R>
): Effect.Effect<Table<A>, E | UpstreamError, R> =>
  Effect.gen(function* () {
    // Workers are handed their upstreams as data, whose type nobody has checked.
    const entries = typeof upstreams === "object" && upstreams !== null ? Object.entries(upstreams) : []
    const made = yield* Effect.forEach(entries, ([name, config]) => make(name, config))
    const first = made[0]
    if (first === undefined) {
      return yield* failed(
        "none",
        new Configuration({ message: "no upstream is configured", seenIn: "request", option: "upstreams" })
      )
    }
    return tableOf(first, made)
  })

/** A table of things that are made already. */
export const tableOf = <A extends { readonly name: string }>(first: A, all: ReadonlyArray<A>): Table<A> => {
  const byName = new Map(all.map((each) => [each.name, Effect.succeed(each)]))
  const byDefault = Effect.succeed(first)
  return {
    chosen: (fiber, operation) => {
      const name = fiber.getRef(Upstream.Current)
      if (name === undefined) return byDefault
      return byName.get(name) ?? unknown(name, all, operation, fiber)
    }
  }
}

const unknown = (
  name: string,
  all: ReadonlyArray<{ readonly name: string }>,
  operation: string,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<never, UpstreamError> =>
  Effect.fail(
    unsent(
      { upstream: name, operation },
      new Configuration({
        message: `no upstream is named ${name.slice(0, 100)}; there is ${all.map((each) => each.name).join(", ")}`,
        seenIn: "request",
        option: "upstreams"
      }),
      fiber.getRef(Clock.Clock).currentTimeMillisUnsafe(),
      fiber.getRef(Upstream.CurrentAttempt)?.number
    )
  )

/** The id of the request that is served, for the upstream's logs: by the name that gateways know, and by OpenAI's. */
export const requestIdOf = (fiber: Fiber.Fiber<unknown, unknown>): string | undefined => {
  const id = fiber.getRef(CallMetadata.RequestId)
  return id !== undefined && /^[\x21-\x7e]{1,200}$/.test(id) ? id : undefined
}

/** The names under which it is sent. */
export const requestIdNames = ["x-request-id", "x-client-request-id"] as const

/**
 * The trace that a request belongs to, as headers: the span that is recorded here, else
 * what the caller told of its own. Source: https://www.w3.org/TR/trace-context/.
 */
export const traceHeadersOf = (fiber: Fiber.Fiber<unknown, unknown>): Readonly<Record<string, string>> => {
  const trace = fiber.getRef(CallMetadata.TraceContext)
  const { span } = fiber.cache
  const traceparent = span === undefined ? undefined : traceparentOf(span)
  if (traceparent === undefined && trace === undefined) return noHeaders
  const headers: Record<string, string> = {}
  const sent = traceparent ?? trace?.traceparent ?? ""
  if (isVisible(sent)) headers["traceparent"] = sent
  const state = trace?.tracestate
  // It speaks of one trace only.
  if (state !== undefined && isHeaderValue(state) && trace?.traceparent.slice(3, 35) === sent.slice(3, 35)) {
    headers["tracestate"] = state
  }
  return headers
}

const noHeaders: Readonly<Record<string, string>> = {}

const isVisible = (text: string): boolean => /^[\x21-\x7e]{1,200}$/.test(text)

/** Spans that nobody records have ids of another kind. */
const traceparentOf = (span: Tracer.AnySpan): string | undefined => {
  const { sampled, spanId, traceId } = Context.get(span.annotations, CallMetadata.ToldAs) ?? span
  const text = `00-${traceId.padStart(32, "0")}-${spanId}-${sampled ? "01" : "00"}`
  return /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-0[01]$/.test(text) ? text : undefined
}
