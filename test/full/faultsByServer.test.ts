/** Every fault of an upstream as a client of the server's `/v1` sees it: the status, or the error event. */
import * as Local from "@causeway/core/Local"
import type * as Recorder from "@causeway/openai/Recorder"
import { Relay } from "@causeway/openai/Relay"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import type { Kind } from "@causeway/simulator/Answer"
import * as Fault from "@causeway/simulator/Fault"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { kinds } from "../faults/calls.ts"
import { limitsOf } from "../faults/check.ts"
import type { Outcome } from "../faults/expected.ts"
import { modelOf, table } from "../faults/table.ts"

const gateway = (recorder: Recorder.Options) =>
  Layer.unwrap(
    Effect.map(Simulator, ({ url }) =>
      Server.serve(
        OpenAiApi.layer().pipe(
          Layer.provide(Local.layer(Relay, Relay.layer({ simulated: { baseUrl: url } }, { recorder })))
        ),
        { port: 0 }
      )
    )
  ).pipe(Layer.provideMerge(Simulator.layer()))

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

const requests: Readonly<Record<Kind, readonly [path: string, body: object]>> = {
  json: ["/v1/chat/completions", { messages: [{ role: "user", content: "good day" }] }],
  stream: ["/v1/chat/completions", { messages: [{ role: "user", content: "good day" }], stream: true }],
  binary: ["/v1/audio/speech", { voice: "alloy", input: "good day" }]
}

const ask = (url: string, kind: Kind, model: string) =>
  Effect.promise(async (signal) => {
    const [path, body] = requests[kind]
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

const checked = Effect.fnUntraced(function* (name: string) {
  const { url } = yield* Server.Server
  yield* Effect.forEach(
    kinds,
    Effect.fnUntraced(function* (kind) {
      const row = table[name] ?? assert.fail(name)
      const outcome = row[kind]
      const { response, text } = yield* ask(url, kind, modelOf(name))
      if (kind === "binary" && brokenOff.has(name)) {
        return assert.deepStrictEqual([response.status, text], [200, undefined])
      }
      if (text === undefined) return assert.fail(`${kind}: the connection was broken off`)
      assert.strictEqual(response.status, statusOf(name, outcome), `${kind}: ${text.slice(0, 300)}`)
      assert.isNotNull(response.headers.get("x-request-id"))
      if (outcome === "answered") return undefined
      assert.notMatch(text, /SimulatedKeyThatMustNeverBeShown|127\.0\.0\.1|node_modules/)
      if (response.status !== 200) {
        const { error } = JSON.parse(text)
        assert.isString(error.message)
        assert.isString(error.type)
        const retry = outcome.consequence.split(" ")[1] !== "never"
        assert.strictEqual(response.headers.get("x-should-retry"), String(retry), kind)
      } else {
        assert.match(text, /event: error\ndata: \{"error":\{"message":"/)
        assert.notInclude(text, "[DONE]")
      }
      return undefined
    }),
    { concurrency: "unbounded" }
  )
})

const isShort = (name: string): boolean => Object.keys(limitsOf(name)).length > 0

/** Where it falls silent or does not end: each limit by itself. */
const limited = Object.groupBy(Object.keys(table).filter(isShort), (name) => JSON.stringify(limitsOf(name)))

for (const [limits, names = []] of Object.entries(limited)) {
  layer(gateway(JSON.parse(limits)), { excludeTestServices: true })(`the server, with ${limits}`, (it) => {
    it.effect.each(names)("%s", checked)
  })
}

layer(gateway({}), { excludeTestServices: true })("the server", (it) => {
  it.effect.each(Object.keys(table).filter((name) => !isShort(name) && name !== "flaky"))("%s", checked)
})
