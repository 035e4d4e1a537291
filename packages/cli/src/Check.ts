/**
 * `causeway check`: whether the configuration is right, and whether each upstream
 * answers. It asks for the list of models, which costs nothing, or a REST API for its
 * health, and waits at most {@link limit}.
 *
 * **Example** (An upstream that answers)
 *
 * ```ts
 * import * as Check from "@causeway/cli/Check"
 * import { Simulator } from "@causeway/simulator/Simulator"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const { url } = yield* Simulator
 *   const [found] = yield* Check.upstreams({ primary: { baseUrl: url, models: { "gpt-5": "no-such-model" } } })
 *   return [found?.result, found?.notes]
 * })
 *
 * await Effect.runPromise(Effect.provide(program, Simulator.layer())) // => ["ok", ["does not list no-such-model"]]
 * ```
 */
import { basename } from "node:path"
import type { BoundaryError } from "@causeway/core/BoundaryError"
import * as Disposition from "@causeway/core/Disposition"
import * as Local from "@causeway/core/Local"
import * as Redaction from "@causeway/core/Redaction"
import * as Report from "@causeway/core/Report"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { HttpRelay } from "@causeway/openai/HttpRelay"
import { Relay } from "@causeway/openai/Relay"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Http from "./internal/http.ts"
import * as Models from "./internal/models.ts"
import * as Mounts from "./internal/mounts.ts"
import * as Secrets from "./internal/secrets.ts"
import type { Settings } from "./Settings.ts"

/** What an upstream did. */
export interface Found {
  readonly name: string
  /** Without credentials. */
  readonly address: string
  /** `reached`: it answers, but says nothing of itself: it has no list of models, or no path for its health. */
  readonly result: "ok" | "reached" | "failed"
  readonly ms: number
  /** What it answered, or why it did not; then what to do. */
  readonly notes: ReadonlyArray<string>
}

/** Some upstreams cannot be used. */
export class CheckError extends Schema.TaggedError<CheckError>("@causeway/cli/CheckError")("CheckError", {
  failed: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `${this.failed.length === 1 ? "an upstream cannot" : "upstreams cannot"} be used: ${this.failed.join(", ")}`
  }
}

/** How long an upstream may take. */
export const limit = Duration.seconds(10)

const recorder = { connectTimeout: "5 seconds", headersTimeout: limit, answerTimeout: limit } as const

/** Asks each upstream, all at once. */
export const upstreams = (upstreams: Upstreams): Effect.Effect<ReadonlyArray<Found>, UpstreamError> => {
  if (Object.keys(upstreams).length === 0) return Effect.succeed([])
  const relay = Local.layer(Relay, Relay.layer(upstreams, { recorder }), { deadline: limit })
  const all = Effect.forEach(Object.entries(upstreams), ([name, config]) => ask(name, config), {
    concurrency: "unbounded"
  })
  return Effect.provide(all, Layer.merge(relay, Secrets.layer(upstreams)))
}

/** Imports each module of models of one's own; nothing of it is started. */
export const models = (modules: Settings["models"]): Effect.Effect<ReadonlyArray<Found>> =>
  Effect.forEach(Object.entries(modules), ([name, url]) =>
    Effect.map(
      Effect.timed(
        Effect.match(Models.load(url), {
          onFailure: ({ message }): Answer => ({ result: "failed", notes: [Report.visible(message)] }),
          onSuccess: (): Answer => ({ result: "ok", notes: ["models of one's own, which are not started here"] })
        })
      ),
      ([time, answer]) => ({ name, address: basename(url), ms: Math.round(Duration.toMillis(time)), ...answer })
    )
  )

/** Asks each REST API, all at once: for its health, or where it names no path for that, for anything at all. */
export const http = (mounts: ReadonlyArray<Http.Mount>): Effect.Effect<ReadonlyArray<Found>, UpstreamError> => {
  if (mounts.length === 0) return Effect.succeed([])
  const relay = Mounts.client(mounts, { recorder, deadline: limit })
  const each = mounts.flatMap(({ path, upstreams }) =>
    Object.entries(upstreams).map(([name, config]) => [name, path, config] as const)
  )
  const all = Effect.forEach(each, ([name, path, config]) => askHttp(name, path, config), { concurrency: "unbounded" })
  return Effect.provide(all, Layer.merge(relay, Secrets.layer(Http.all(mounts))))
}

const ask = (name: string, config: Upstreams[string]): Effect.Effect<Found, never, Relay> =>
  Effect.flatMap(Relay, (relay) =>
    relay.complete({ path: "/models", method: "GET" }).pipe(
      Effect.match({
        onFailure: (error): Answer =>
          isNotFound(error) ? { result: "reached", notes: [withoutModels(config)] } : failed(error),
        onSuccess: ({ body }) => listed(body, Object.values(config.models ?? {}))
      }),
      found(name, config)
    )
  )

/** Most servers that speak OpenAI's API do so below `/v1`, and have a list of models. */
const withoutModels = ({ baseUrl }: Upstreams[string]): string =>
  /\/v\d/.test(new URL(baseUrl).pathname)
    ? "answers, and has no list of models"
    : "answers, and has no list of models; is the address whole, with /v1 where its API has that?"

const askHttp = (
  name: string,
  path: string,
  { health, ...config }: Http.Mount["upstreams"][string]
): Effect.Effect<Found, never, HttpRelay> =>
  Effect.flatMap(HttpRelay, (relay) => {
    const answered = { result: "reached", notes: [`answers below ${path}, and names no path for its health`] } as const
    return Stream.runDrain(relay.send({ path: health ?? "/", method: "GET" })).pipe(
      Effect.match({
        // Nothing has to be at the root: that it is refused there says that it answers.
        onFailure: (error) =>
          health === undefined && Disposition.of(error)?.blame === "caller" ? answered : failed(error),
        onSuccess: (): Answer => (health === undefined ? answered : { result: "ok", notes: [`is well, below ${path}`] })
      }),
      found(name, config)
    )
  })

const found =
  (name: string, { baseUrl }: Pick<Upstreams[string], "baseUrl">) =>
  <R>(answer: Effect.Effect<Answer, never, R>): Effect.Effect<Found, never, R> =>
    Effect.map(Effect.timed(Effect.provideService(answer, Upstream.Current, name)), ([time, answer]) => ({
      name,
      address: Redaction.url(baseUrl),
      ms: Math.round(Duration.toMillis(time)),
      ...answer
    }))

type Answer = Pick<Found, "result" | "notes">

const isNotFound = (error: UpstreamError | BoundaryError): boolean =>
  error._tag === "UpstreamError" && error.reason._tag === "NotFound"

const failed = (error: UpstreamError | BoundaryError): Answer => {
  const advice = Report.advice(error)
  return { result: "failed", notes: [error.message, ...(advice === undefined ? [] : [advice])].map(Report.visible) }
}

/** The list was checked when it came; its models are looked for by their ids. */
const listed = (body: string, wanted: ReadonlyArray<string>): Answer => {
  const { data }: { readonly data?: unknown } = JSON.parse(body)
  const ids = new Set(
    (Array.isArray(data) ? data : []).map((each: unknown) => (hasProperty(each, "id") ? each.id : undefined))
  )
  const missing = wanted.filter((model) => !ids.has(model))
  const count = `${ids.size} model${ids.size === 1 ? "" : "s"}`
  return { result: "ok", notes: missing.length === 0 ? [count] : missing.map((model) => `does not list ${model}`) }
}

/** What was found as a table, without a line break at its end. */
export const render = (settings: Settings, found: ReadonlyArray<Found>): string => {
  const { file, server, services, workers } = settings
  const paths = services.flatMap(({ contract, path }) =>
    Array.from(contract.group.requests.keys(), (tag) => `${path}/${tag}`)
  )
  const facts = [
    [
      "configuration",
      file === undefined ? "no file; flags, the environment and defaults" : `${basename(file)}, is right`
    ],
    ["server", `${server.host}:${server.port}, ${server.keys.length === 0 ? "no key" : `keys: ${server.keys.length}`}`],
    ["workers", workers === 0 ? "none, calls are served in process" : String(workers)],
    ["services", paths.join(", ")]
  ] as const
  const rows = [["upstream", "address", "result", "ms", ""], ...found.flatMap(rowsOf)]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return [
    ...facts.map(([name, text]) => `${name.padEnd(13)}  ${text}`),
    "",
    ...(settings.upstreams === "simulator" ? ["upstream       the simulator, which is embedded"] : []),
    ...(found.length === 0
      ? []
      : rows.map((row) =>
          row
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join("  ")
            .trimEnd()
        ))
  ].join("\n")
}

const rowsOf = ({ address, ms, name, notes: [first = "", ...others], result }: Found) => [
  [name, address, result, String(ms), first],
  ...others.map((note) => ["", "", "", "", note])
]

/** Those that are somewhere already. */
const addressed = (upstreams: Upstreams, models: Settings["models"]): Upstreams =>
  Object.fromEntries(Object.entries(upstreams).filter(([name]) => models[name] === undefined))

/** Prints the table; fails where an upstream cannot be used. */
export const run = Effect.fnUntraced(function* (settings: Settings) {
  const asked = [
    settings.upstreams === "simulator" ? Effect.succeed([]) : upstreams(addressed(settings.upstreams, settings.models)),
    models(settings.models),
    http(settings.http)
  ]
  const found = (yield* Effect.all(asked, { concurrency: "unbounded" })).flat()
  process.stdout.write(`${render(settings, found)}\n`)
  const failed = found.filter(({ result }) => result === "failed").map(({ name }) => name)
  if (failed.length > 0) return yield* new CheckError({ failed })
})
