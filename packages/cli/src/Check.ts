/**
 * `causeway check`: whether the configuration is right, and whether each upstream
 * answers. It asks for the list of models, which costs nothing, and waits at most
 * {@link limit}.
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
import * as Local from "@causeway/core/Local"
import * as Redaction from "@causeway/core/Redaction"
import * as Report from "@causeway/core/Report"
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { Relay } from "@causeway/openai/Relay"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { hasProperty } from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Handlers from "./internal/handlers.ts"
import type { Settings } from "./Settings.ts"

/** What an upstream did. */
export interface Found {
  readonly name: string
  /** Without credentials. */
  readonly address: string
  /** `reached`: it answers, but has no list of models. */
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

/** Asks each upstream, all at once. */
export const upstreams = (upstreams: Upstreams): Effect.Effect<ReadonlyArray<Found>, UpstreamError> => {
  const recorder = { connectTimeout: "5 seconds", headersTimeout: limit, answerTimeout: limit } as const
  const relay = Local.layer(Relay, Relay.layer(upstreams, { recorder }), { deadline: limit })
  const all = Effect.forEach(Object.entries(upstreams), ([name, config]) => ask(name, config), {
    concurrency: "unbounded"
  })
  return Effect.provide(all, Layer.merge(relay, Handlers.secrets(upstreams)))
}

const ask = (name: string, { baseUrl, models = {} }: Upstreams[string]): Effect.Effect<Found, never, Relay> =>
  Effect.gen(function* () {
    const relay = yield* Relay
    const [time, answer] = yield* relay
      .complete({ path: "/models", method: "GET" })
      .pipe(
        Effect.provideService(Upstream.Current, name),
        Effect.match({ onFailure: failed, onSuccess: ({ body }) => listed(body, Object.values(models)) }),
        Effect.timed
      )
    return { name, address: Redaction.url(baseUrl), ms: Math.round(Duration.toMillis(time)), ...answer }
  })

type Answer = Pick<Found, "result" | "notes">

const failed = (error: UpstreamError | BoundaryError): Answer => {
  if (error._tag === "UpstreamError" && error.reason._tag === "NotFound") {
    return { result: "reached", notes: ["answers, and has no list of models"] }
  }
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
    ...(found.length === 0
      ? ["upstream       the simulator, which is embedded"]
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

/** Prints the table; fails where an upstream cannot be used. */
export const run = Effect.fnUntraced(function* (settings: Settings) {
  const found = settings.upstreams === "simulator" ? [] : yield* upstreams(settings.upstreams)
  process.stdout.write(`${render(settings, found)}\n`)
  const failed = found.filter(({ result }) => result === "failed").map(({ name }) => name)
  if (failed.length > 0) return yield* new CheckError({ failed })
})
