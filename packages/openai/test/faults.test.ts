/** Every fault of the simulator, by every kind of call: which reason it becomes, and where it was seen. */
import * as Local from "@causeway/core/Local"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { UpstreamReason } from "@causeway/core/UpstreamReason"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import type { Options } from "@causeway/openai/Recorder"
import { Relay } from "@causeway/openai/Relay"
import * as Fault from "@causeway/simulator/Fault"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

type Expected = { readonly tag: UpstreamReason["_tag"]; readonly seenIn: UpstreamReason["seenIn"] } & Readonly<
  Record<string, unknown>
>
type Outcome = Expected | "answered"

const same = (tag: UpstreamReason["_tag"], seenIn: UpstreamReason["seenIn"], more: object = {}) => ({
  plain: { tag, seenIn, ...more },
  stream: { tag, seenIn, ...more }
})

const table: Readonly<Record<string, { readonly plain: Outcome; readonly stream: Outcome }>> = {
  "no-healthy-upstream": same("Gateway", "status", { gateway: "envoy", flag: "no-healthy-upstream", status: 503 }),
  "rate-limited": same("RateLimited", "status"),
  quota: same("QuotaExhausted", "status"),
  overloaded: same("Overloaded", "status"),
  unauthorized: same("Authentication", "status"),
  stall: same("Timeout", "socket", { phase: "headers" }),
  "stall-body": {
    plain: { tag: "Timeout", seenIn: "socket", phase: "body" },
    stream: { tag: "Timeout", seenIn: "stream", phase: "idle" }
  },
  "cut-stream": {
    plain: { tag: "ConnectionLost", seenIn: "socket", phase: "body" },
    stream: { tag: "StreamTruncated", seenIn: "stream", missing: "done" }
  },
  "stream-error": {
    plain: { tag: "ProviderFault", seenIn: "status", status: 500 },
    stream: { tag: "ProviderFault", seenIn: "stream" }
  },
  html: same("MalformedResponse", "body", { issue: "not-json" }),
  empty: same("MalformedResponse", "body", { issue: "empty" }),
  reset: same("ConnectionLost", "socket", { phase: "headers", bytesReceived: 0 }),
  "server-error": same("ProviderFault", "status", { status: 500 }),
  "context-length": same("InputTooLarge", "status", { unit: "tokens", limit: 8192, actual: 9001 }),
  "content-filter": same("ContentFiltered", "status", { side: "input" }),
  "model-not-found": same("NotFound", "status", { what: "model" }),
  "gateway-timeout": same("Gateway", "status", { gateway: "envoy", flag: "timeout", status: 504 }),
  "gateway-reset": same("Gateway", "status", { gateway: "envoy", flag: "reset", status: 503 }),
  "gateway-overflow": same("Gateway", "status", { gateway: "envoy", flag: "overflow", status: 503 }),
  "bad-gateway": same("Gateway", "status", { gateway: "nginx", status: 502 }),
  "truncated-json": {
    plain: { tag: "MalformedResponse", seenIn: "body", issue: "truncated" },
    stream: { tag: "StreamTruncated", seenIn: "stream", missing: "done" }
  },
  "reset-body": {
    plain: { tag: "ConnectionLost", seenIn: "socket", phase: "body" },
    stream: { tag: "ConnectionLost", seenIn: "stream", phase: "stream" }
  },
  "stream-reset": {
    plain: { tag: "ConnectionLost", seenIn: "socket", phase: "body" },
    stream: { tag: "ConnectionLost", seenIn: "stream", phase: "stream" }
  },
  "error-in-200": same("ProviderFault", "body"),
  "wrong-shape": same("MalformedResponse", "body", { issue: "wrong-shape" }),
  "error-first": {
    plain: { tag: "ProviderFault", seenIn: "status", status: 500 },
    stream: { tag: "ProviderFault", seenIn: "stream" }
  },
  "malformed-event": { plain: "answered", stream: { tag: "StreamProtocol", seenIn: "stream" } },
  "no-finish": {
    plain: "answered",
    stream: { tag: "StreamTruncated", seenIn: "stream", missing: "finish-reason" }
  },
  "odd-framing": { plain: "answered", stream: "answered" },
  "not-http": same("Protocol", "socket"),
  "broken-gzip": same("MalformedResponse", "body", { issue: "encoding" })
}

/** Short only where the upstream falls silent: a busy machine must not make a fault of anything else. */
const limitsOf = (fault: string): Options =>
  fault === "stall"
    ? { headersTimeout: "200 millis", firstElementTimeout: "200 millis" }
    : fault === "stall-body"
      ? { idleTimeout: "200 millis" }
      : {}

const messages = [{ role: "user" as const, content: "good day to you" }]

/** Each kind of call, and whether its answer is a stream. */
const kinds = (fault: string, url: string) => {
  const model = `fault:${fault}`
  const options = { recorder: limitsOf(fault) }
  const client = OpenAiClient.layer({ name: "simulated", baseUrl: url, retries: 0, ...options })
  const relay = Local.layer(Relay, Relay.layer({ simulated: { baseUrl: url } }, options))
  const request = (stream: boolean) => ({
    path: "/chat/completions",
    method: "POST",
    body: JSON.stringify({ model, messages, stream })
  })
  return [
    [
      "client, plain",
      Effect.flatMap(OpenAiClient.OpenAiClient, (ai) => ai.chat.completions.create({ model, messages })).pipe(
        Effect.provide(client)
      ),
      "plain"
    ],
    [
      "client, stream",
      Effect.flatMap(OpenAiClient.OpenAiClient, (ai) =>
        Stream.runDrain(ai.chat.completions.stream({ model, messages }))
      ).pipe(Effect.provide(client)),
      "stream"
    ],
    ["relay, plain", Effect.flatMap(Relay, (it) => it.complete(request(false))).pipe(Effect.provide(relay)), "plain"],
    [
      "relay, stream",
      Effect.flatMap(Relay, (it) => Stream.runDrain(it.events(request(true)))).pipe(Effect.provide(relay)),
      "stream"
    ]
  ] as const
}

const pick = (reason: UpstreamReason, keys: ReadonlyArray<string>) =>
  Object.fromEntries(keys.map((key) => [key, key === "tag" ? reason._tag : Reflect.get(reason, key)]))

const checkEvidence = (error: UpstreamError) => {
  assert.strictEqual(error.upstream, "simulated")
  assert.match(error.operation, /^chat\.completions\.(?:create|stream)$/)
  assert.strictEqual(error.evidence.attempt, 1)
  assert.strictEqual(error.evidence.request?.method, "POST")
  assert.match(error.evidence.request?.url ?? "", /\/v1\/chat\/completions$/)
  assert.isAbove(error.evidence.request?.bytes ?? 0, 50)
  if (error.reason.seenIn !== "socket") {
    assert.match(error.evidence.requestId ?? "", /^sim-req-/)
    assert.match(error.evidence.header("x-causeway-simulator") ?? "", /./)
  }
  if (error.reason.seenIn === "status") assert.isAtLeast(error.evidence.response?.status ?? 0, 400)
  if (error.reason.seenIn === "stream") assert.strictEqual(error.evidence.response?.status, 200)
}

describe("faults", () => {
  layer(Simulator.layer())((it) => {
    it.effect("are all in the table", () =>
      Effect.sync(() =>
        assert.deepStrictEqual(Object.keys(table).toSorted(), Fault.all.map(({ name }) => name).toSorted())
      )
    )

    for (const [fault, outcomes] of Object.entries(table)) {
      it.effect(fault, () =>
        Effect.gen(function* () {
          const { url } = yield* Simulator
          for (const [kind, call, form] of kinds(fault, url)) {
            const expected = outcomes[form]
            if (expected === "answered") {
              yield* Effect.asVoid(call)
              continue
            }
            const error = yield* Effect.flip(Effect.asVoid(call))
            if (error._tag !== "UpstreamError") return assert.fail(`${kind}: ${error}`)
            assert.deepStrictEqual(pick(error.reason, Object.keys(expected)), { ...expected }, kind)
            checkEvidence(error)
          }
          return undefined
        })
      )
    }
  })
})
