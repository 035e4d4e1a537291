/**
 * Every fault of an upstream as a client of the server sees it, through the relay and
 * through a contract whose handlers use the SDK: the status, or the error event. Each is
 * answered in time, leaves nothing behind, and the next request is served as ever.
 */
import { DefaultServices, handlers as answering } from "@causeway/cli/DefaultServices"
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import type * as Recorder from "@causeway/openai/Recorder"
import { Relay } from "@causeway/openai/Relay"
import * as Drain from "@causeway/server/Drain"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as PredictApi from "@causeway/server/PredictApi"
import * as Server from "@causeway/server/Server"
import * as Address from "@causeway/simulator/Address"
import type { Kind } from "@causeway/simulator/Answer"
import * as Fault from "@causeway/simulator/Fault"
import { Simulator } from "@causeway/simulator/Simulator"
import { afterAll, assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Rpc from "effect/rpc/Rpc"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { bound, limitsOf } from "../faults/check.ts"
import type { Outcome, Row } from "../faults/expected.ts"
import { addresses, modelOf, table, urlOf } from "../faults/table.ts"

/** A stream of the SDK's, served as the default service serves its answer. */
class Telling extends Contract.Service<Telling>()(
  "test/Telling",
  Rpc.make("tell", { payload: { model: Schema.String }, success: Schema.String, error: UpstreamError, stream: true })
) {}

const telling = Telling.toLayer(
  Effect.map(OpenAiClient.OpenAiClient, ({ chat }) => ({
    tell: ({ model }: { readonly model: string }) =>
      Stream.map(chat.completions.stream({ model, messages }), ({ choices }) => choices[0]?.delta.content ?? "")
  }))
)

const served = (baseUrl: string, recorder: Recorder.Options) => {
  const upstreams = { simulated: { baseUrl } }
  const sdk = OpenAiClient.layerUpstreams(upstreams, { retries: 0, recorder })
  const relay = Local.layer(Relay, Relay.layer(upstreams, { recorder }))
  const routes = Layer.mergeAll(
    OpenAiApi.layer().pipe(Layer.provide(relay)),
    PredictApi.layer(DefaultServices).pipe(Layer.provide(Local.layer(DefaultServices, answering))),
    PredictApi.layer(Telling, { path: "/telling" }).pipe(Layer.provide(Local.layer(Telling, telling)))
  )
  return Server.serve(routes.pipe(Layer.provide(sdk)), { port: 0 })
}

const gateway = (recorder: Recorder.Options, address?: Address.AddressName) =>
  Layer.unwrap(
    Effect.map(
      Effect.flatMap(Simulator, (simulator) => urlOf(simulator, address)),
      (url) => served(url, recorder)
    )
  ).pipe(Layer.provideMerge(Simulator.layer()), Layer.provide(Logger.layer([])))

/** What the fault's own status is, where it has one. */
const stated = (name: string): number | undefined => {
  const [, status] = /^(\d{3}) /.exec(Fault.parse(name)?.fault.description ?? "") ?? []
  return status === undefined ? undefined : Number(status)
}

/** The status by the reason: the table of `PublicError`. */
const statusOf = (name: string, outcome: Outcome): number => {
  if (outcome === "answered") return 200
  const { fields, reason } = outcome
  const own = stated(name) ?? 400
  // It has begun: there is no other status any more.
  if (hasBegun(outcome)) return 200
  switch (reason.split("@")[0]) {
    case "InvalidRequest":
    case "ContentFiltered":
      // A 401, 402 or 403 would speak of the client's credential.
      return own >= 400 && own < 500 && ![401, 402, 403, 407].includes(own) ? own : 400
    case "InputTooLarge":
      return own === 413 ? 413 : 400
    case "NotFound":
      return 404
    case "Conflict":
      return 409
    case "RateLimited":
    case "QuotaExhausted":
      return 429
    case "Gateway": {
      const { status } = fields
      return status === 503 || status === 504 ? status : 502
    }
    case "Overloaded":
      return 503
    case "ProviderFault":
      return fields["status"] === 503 ? 503 : 502
    case "Timeout":
      return 504
    case "Aborted":
      return 499
    case "Configuration":
      return 500
    default:
      return 502
  }
}

/** An attempt that is not repeated although it may be: part of the answer has been given away. */
const hasBegun = (outcome: Outcome): boolean =>
  outcome !== "answered" && outcome.reason.endsWith("@stream") && outcome.attempts === 1

const messages = [{ role: "user" as const, content: "good day" }]

interface Route {
  /** Which outcome of the table holds. */
  readonly kind: Kind
  readonly path: string
  readonly body: object
}

const routes = {
  "/v1": { kind: "json", path: "/v1/chat/completions", body: { messages } },
  "/v1, streamed": { kind: "stream", path: "/v1/chat/completions", body: { messages, stream: true } },
  "/v1, audio": { kind: "binary", path: "/v1/audio/speech", body: { voice: "alloy", input: "good day" } },
  "/predict": { kind: "json", path: "/predict/answer", body: { prompt: "good day" } },
  "/predict, streamed": { kind: "stream", path: "/telling/tell", body: {} }
} as const satisfies Readonly<Record<string, Route>>

/** How many faults came to which status, by route. */
const totals = new Map<string, Map<string, number>>()

const count = (route: string, outcome: string) => {
  const row = totals.get(outcome) ?? new Map<string, number>()
  totals.set(outcome, row.set(route, (row.get(route) ?? 0) + 1))
}

const line = (first: string, cells: ReadonlyArray<string | number>) => `| ${[first, ...cells].join(" | ")} |`

afterAll(() => {
  const names = Object.keys(routes)

  const rows = [...totals].toSorted().map(([outcome, row]) =>
    line(
      outcome,
      names.map((name) => row.get(name) ?? 0)
    )
  )
  process.stdout.write(
    `${[
      line("answer", names),
      line(
        "---",
        names.map(() => "---")
      ),
      ...rows
    ].join("\n")}\n`
  )
})

const ask = (url: string, { body, path }: Route, model: string) =>
  Effect.promise(async (signal) => {
    // @effect-diagnostics-next-line globalFetchInEffect:off
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, ...body }),
      signal
    })
    const bytes = await response.arrayBuffer().catch(() => undefined)
    return { response, text: bytes && Buffer.from(bytes).toString("latin1") }
  })

interface Answer {
  readonly response: Response
  /** `undefined` where the connection was broken off. */
  readonly text: string | undefined
}

/** Bytes have gone out, and there is no form in which bytes tell of an error: the connection is broken off. */
const brokenOff = new Set([
  "stall-body",
  "cut-stream",
  "stream-reset",
  "reset-body",
  "close-body",
  "half-close-body",
  "length-too-long",
  "bad-chunk"
])

const isOutputUnusable = (text: string | undefined): boolean => text?.includes('"output_unusable"') === true

const checkAnswer = (name: string, route: Route, outcome: Outcome, { response, text }: Answer): string => {
  if (route.kind === "binary" && brokenOff.has(name)) {
    assert.deepStrictEqual([response.status, text], [200, undefined])
    return "200, then broken off"
  }
  if (text === undefined) return assert.fail("the connection was broken off")
  // An answer that the relay passes on may be none to the question of the service.
  if (outcome === "answered" && route.path === "/predict/answer" && isOutputUnusable(text)) return "502"
  assert.strictEqual(response.status, statusOf(name, outcome), text.slice(0, 300))
  assert.isNotNull(response.headers.get("x-request-id"))
  assert.notMatch(text, /SimulatedKeyThatMustNeverBeShown|127\.0\.0\.1:\d|node_modules|\bat \S+ \(/)
  if (outcome === "answered") return "200"
  if (response.status === 200) {
    assert.match(text, /event: error\ndata: \{"error":\{"message":".*\}\n\n$/)
    assert.notInclude(text, "[DONE]")
    return "200, then an error event"
  }
  const { error } = JSON.parse(text)
  assert.hasAllKeys(error, ["message", "type", "param", "code"])
  assert.isString(error.message)
  assert.isString(error.type)
  const retry = outcome.consequence.split(" ")[1] !== "never"
  assert.strictEqual(response.headers.get("x-should-retry"), String(retry))
  return String(response.status)
}

const settled = Effect.gen(function* () {
  const simulator = yield* Simulator
  const drain = yield* Drain.Drain
  const pending = Effect.map(simulator.requests, (seen) => seen.filter(({ outcome }) => outcome === "pending").length)
  const left = Effect.zipWith(pending, drain.inFlight, (upstream, here) => upstream + here)
  yield* Effect.repeat(left, { schedule: Schedule.spaced("5 millis"), until: (left) => left === 0 })
})

/** Each route answers as the row says, in time, lets go of everything, and answers the next one. */
const checked = (name: string, model: string, row: Row) =>
  Effect.gen(function* () {
    const { url } = yield* Server.Server
    yield* Effect.forEach(
      Object.entries<Route>(routes),
      ([title, route]) =>
        Effect.map(ask(url, route, model), (answer) => {
          try {
            count(title, checkAnswer(name, route, row[route.kind], answer))
          } catch (error) {
            throw new Error(`${title}: ${String(error)}`, { cause: error })
          }
        }),
      { concurrency: "unbounded" }
    )
    yield* settled
  }).pipe(Effect.timeout(bound))

const isFine = Effect.gen(function* () {
  const { url } = yield* Server.Server
  for (const route of Object.values<Route>(routes)) {
    assert.strictEqual((yield* ask(url, route, "simulator")).response.status, 200, route.path)
  }
})

const checkFault = (name: string) =>
  Effect.andThen(checked(name, modelOf(name), table[name] ?? assert.fail(name)), isFine)

const isShort = (name: string): boolean => Object.keys(limitsOf(name)).length > 0

/** Where it falls silent or does not end: each limit by itself. */
const limited = Object.groupBy(Object.keys(table).filter(isShort), (name) => JSON.stringify(limitsOf(name)))

for (const [limits, names = []] of Object.entries(limited)) {
  layer(gateway(JSON.parse(limits)), { excludeTestServices: true })(`the server, with ${limits}`, (it) => {
    it.effect.each(names)("%s", checkFault)
  })
}

layer(gateway({}), { excludeTestServices: true })("the server", (it) => {
  it.effect.each(Object.keys(table).filter((name) => !isShort(name) && name !== "flaky"))("%s", checkFault)
})

for (const { name } of Address.all) {
  layer(gateway(limitsOf(name), name), { excludeTestServices: true })("the server, in front of an address", (it) => {
    it.effect(`that fails: ${name}`, () => checked(name, "simulator", addresses[name]))
  })
}
