import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import * as Policy from "@causeway/resilience/Policy"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as Server from "@causeway/server/Server"
import * as Fault from "@causeway/simulator/Fault"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as NodeHttp from "node:http"
import { call, connect, errorOf, head, post } from "./fixtures/client.ts"

/** A gateway to the simulator, which also stands for a second upstream of another name. */
const gateway = (options?: OpenAiApi.Options) =>
  Layer.unwrap(
    Effect.map(Simulator, ({ url }) => {
      const upstreams = { primary: { baseUrl: url }, backup: { baseUrl: url, models: { "fault:html": "gpt-5" } } }
      return Server.serve(OpenAiApi.layer(options).pipe(Layer.provide(Local.layer(Relay, Relay.layer(upstreams)))), {
        port: 0
      })
    })
  ).pipe(Layer.provideMerge(Simulator.layer()))

const messages = [{ role: "user", content: "good day" }]

const ask = (
  model: string,
  more: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {}
) => post("/v1/chat/completions", { model, messages, ...more }, headers)

/** What a client sees of a fault: the status, and the code of the error. */
type Seen = readonly [status: number, code: string | undefined]

const good: Seen = [200, undefined]

/** Of a stream that has begun: the code of its error event. */
const faults: Readonly<Record<string, { readonly plain: Seen; readonly stream: Seen }>> = {
  "no-healthy-upstream": { plain: [503, "gateway"], stream: [503, "gateway"] },
  "rate-limited": { plain: [429, "rate_limit_exceeded"], stream: [429, "rate_limit_exceeded"] },
  quota: { plain: [429, "insufficient_quota"], stream: [429, "insufficient_quota"] },
  overloaded: { plain: [503, "overloaded"], stream: [503, "overloaded"] },
  unauthorized: { plain: [502, "authentication"], stream: [502, "authentication"] },
  "cut-stream": { plain: [502, "connection_lost"], stream: [200, "stream_truncated"] },
  "stream-error": { plain: [502, "provider_fault"], stream: [200, "provider_fault"] },
  html: { plain: [502, "malformed_response"], stream: [502, "malformed_response"] },
  empty: { plain: [502, "malformed_response"], stream: [502, "malformed_response"] },
  reset: { plain: [502, "connection_lost"], stream: [502, "connection_lost"] },
  "server-error": { plain: [502, "provider_fault"], stream: [502, "provider_fault"] },
  "context-length": { plain: [400, "context_length_exceeded"], stream: [400, "context_length_exceeded"] },
  "content-filter": { plain: [400, "content_filter"], stream: [400, "content_filter"] },
  "model-not-found": { plain: [404, "model_not_found"], stream: [404, "model_not_found"] },
  "gateway-timeout": { plain: [504, "gateway"], stream: [504, "gateway"] },
  "gateway-reset": { plain: [503, "gateway"], stream: [503, "gateway"] },
  "gateway-overflow": { plain: [503, "gateway"], stream: [503, "gateway"] },
  "bad-gateway": { plain: [502, "gateway"], stream: [502, "gateway"] },
  "truncated-json": { plain: [502, "malformed_response"], stream: [200, "stream_truncated"] },
  "reset-body": { plain: [502, "connection_lost"], stream: [200, "connection_lost"] },
  "stream-reset": { plain: [502, "connection_lost"], stream: [200, "connection_lost"] },
  "error-in-200": { plain: [502, "provider_fault"], stream: [502, "provider_fault"] },
  "wrong-shape": { plain: [502, "malformed_response"], stream: [502, "malformed_response"] },
  "error-first": { plain: [502, "provider_fault"], stream: [502, "provider_fault"] },
  "malformed-event": { plain: good, stream: [200, "stream_protocol"] },
  "no-finish": { plain: good, stream: [200, "stream_truncated"] },
  "odd-framing": { plain: good, stream: good },
  "not-http": { plain: [502, "protocol"], stream: [502, "protocol"] },
  "broken-gzip": { plain: [502, "malformed_response"], stream: [502, "malformed_response"] }
}

/** These have no end of their own. */
const endless = ["stall", "stall-body"]

describe("OpenAiApi", () => {
  layer(gateway())((it) => {
    it.effect("passes a completion on, with fields that nobody here knows", () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const answer = yield* ask("gpt-5", { metadata: { a: "b" }, unheard_of: [1] })
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.headers["content-type"], "application/json")
        const { choices, model } = JSON.parse(answer.text)
        assert.strictEqual(model, "gpt-5")
        assert.include(choices[0].message.content, "good day")
        const seen = (yield* simulator.requests).at(-1)
        assert.includeMembers([...(seen?.fields ?? [])], ["metadata", "unheard_of"])
        assert.strictEqual(answer.headers["x-upstream-request-id"], seen?.id)
        assert.notStrictEqual(answer.headers["x-request-id"], seen?.id)
        assert.isString(answer.headers["openai-processing-ms"])
      })
    )

    it.effect("passes a stream on, up to its [DONE]", () =>
      Effect.gen(function* () {
        const answer = yield* ask("gpt-5", { stream: true })
        assert.strictEqual(answer.status, 200)
        assert.match(answer.headers["content-type"] ?? "", /^text\/event-stream/)
        assert.match(String(answer.headers["x-upstream-request-id"]), /^sim-req-/)
        const events = answer.text.split("\n\n")
        assert.deepStrictEqual(events.slice(-2), ["data: [DONE]", ""])
        const words = events
          .slice(0, -2)
          .map((event) => JSON.parse(event.replace("data: ", "")).choices[0]?.delta.content ?? "")
        assert.include(words.join(""), "good day")
      })
    )

    it.effect("lists the upstream's models", () =>
      Effect.gen(function* () {
        const { status, text } = yield* call("/v1/models")
        assert.strictEqual(status, 200)
        const ids = JSON.parse(text).data.map(({ id }: { readonly id: string }) => id)
        assert.include(ids, "fault:no-healthy-upstream")
        const headOnly = yield* call("/v1/models", { method: "HEAD" })
        assert.deepStrictEqual([headOnly.status, headOnly.text], [200, ""])
        assert.strictEqual((yield* call("/v1/models", { method: "POST" })).status, 405)
        assert.strictEqual((yield* call("/v1/chat/completions")).status, 405)
      })
    )

    it.effect.each([
      ["no object", [], null],
      ["no model", { messages }, "model"],
      ["a model that is no string", { model: 5, messages }, "model"],
      ["an empty model", { model: "", messages }, "model"],
      ["no messages", { model: "m" }, "messages"],
      ["messages that are no list", { model: "m", messages: "hello" }, "messages"],
      ["an empty list of messages", { model: "m", messages: [] }, "messages"],
      ["a message that is no object", { model: "m", messages: ["hello"] }, "messages[0]"],
      ["a message without a role", { model: "m", messages: [...messages, { content: "a" }] }, "messages[1].role"],
      ["a content that is a number", { model: "m", messages: [{ role: "user", content: 5 }] }, "messages[0].content"],
      [
        "a content part without type",
        { model: "m", messages: [{ role: "user", content: [{}] }] },
        "messages[0].content[0].type"
      ],
      ["a stream that is no boolean", { model: "m", messages, stream: "yes" }, "stream"]
    ] as const)("refuses %s with 400 that names it, and asks no upstream", ([, body, param]) =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const before = yield* simulator.requestCount
        const answer = yield* post("/v1/chat/completions", body)
        assert.strictEqual(answer.status, 400)
        assert.include(answer.error, { type: "invalid_request_error", code: "invalid_value", param })
        assert.strictEqual(yield* simulator.requestCount, before)
      })
    )

    it("knows each fault of its rows", () => {
      // All of them: `test/faults` at the root.
      assert.includeMembers(
        Fault.all.map(({ name }) => name),
        [...Object.keys(faults), ...endless]
      )
    })

    const rows = Object.entries(faults).flatMap(([name, { plain, stream }]) => [
      [name, "a plain call", false, plain] as const,
      [name, "a stream", true, stream] as const
    ])

    it.effect.each(rows)(
      "tells fault:%s of %s, and serves the next request on the same connection",
      ([name, , stream, seen]) =>
        Effect.gen(function* () {
          const agent = yield* Effect.acquireRelease(
            Effect.sync(() => new NodeHttp.Agent({ keepAlive: true, maxSockets: 1 })),
            (agent) => Effect.sync(() => agent.destroy())
          )
          const body = { model: `fault:${name}`, messages, ...(stream && { stream }) }
          const answer = yield* call("/v1/chat/completions", { body, agent })
          const begun = stream && answer.status === 200
          const event = answer.text.split("\n\n").find((event) => event.startsWith("event: error\n"))
          const error = begun ? errorOf(event?.slice("event: error\ndata: ".length) ?? "") : answer.error
          assert.deepStrictEqual([answer.status, error?.code], seen)
          if (begun) assert.strictEqual(answer.text.endsWith("data: [DONE]\n\n"), error === undefined)
          if (!begun && error !== undefined) assert.match(String(answer.headers["x-should-retry"]), /^(true|false)$/)
          assert.isString(answer.headers["x-request-id"])
          assert.notMatch(answer.text, /sk-simul|127\.0\.0\.1|node_modules|<html/)
          const next = yield* call("/v1/chat/completions", { body: { model: "gpt-5", messages }, agent })
          assert.strictEqual(next.status, 200)
          assert.strictEqual(next.connection, answer.connection)
        })
    )

    it.effect("keeps when to come again, and the upstream's id", () =>
      Effect.gen(function* () {
        const { headers } = yield* ask("fault:rate-limited")
        assert.include(headers, { "retry-after": "2", "retry-after-ms": "2000", "x-should-retry": "true" })
        assert.match(String(headers["x-upstream-request-id"]), /^sim-req-/)
      })
    )

    it.effect.each(["plain", "stream"])("closes the upstream's socket when the client of a %s call leaves", (kind) =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const text = JSON.stringify({ model: "fault:stall-body", messages, stream: kind === "stream" })
        const socket = yield* connect
        socket.send(head("POST", "/v1/chat/completions", `content-length: ${text.length}`) + text)
        const { number } = yield* simulator.awaitRequest(
          ({ fault, outcome }) => fault === "stall-body" && outcome === "pending"
        )
        if (kind === "stream") yield* socket.until("data: ")
        yield* socket.leave
        const { outcome } = yield* simulator.awaitClosed(number)
        assert.strictEqual(outcome, "abandoned")
      })
    )
  })

  layer(gateway())("with a deadline", (it) => {
    const timeout = { "x-causeway-timeout": "2000" }

    it.effect("answers 504 where the upstream stalls, and lets go of it", () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const asked = yield* Effect.forkChild(ask("fault:stall", {}, timeout))
        const { number } = yield* simulator.awaitRequest(({ fault }) => fault === "stall")
        yield* TestClock.adjust("2 seconds")
        const answer = yield* Fiber.join(asked)
        assert.deepStrictEqual([answer.status, answer.error?.code], [504, "deadline_exceeded"])
        assert.strictEqual((yield* simulator.awaitClosed(number)).outcome, "abandoned")
      })
    )

    it.effect("ends a stream that stalls with an error event", () =>
      Effect.gen(function* () {
        const body = JSON.stringify({ model: "fault:stall-body", messages, stream: true })
        const socket = yield* connect
        const headers = ["connection: close", "x-causeway-timeout: 2000", `content-length: ${body.length}`]
        socket.send(head("POST", "/v1/chat/completions", ...headers) + body)
        yield* socket.until("data: ")
        yield* TestClock.adjust("2 seconds")
        const text = yield* socket.closed
        assert.match(text, /^HTTP\/1\.1 200 /)
        assert.match(text, /event: error\ndata: .*"deadline_exceeded"/)
        assert.notInclude(text, "[DONE]")
      })
    )
  })

  layer(gateway({ policy: Policy.make({ retry: { times: 0 }, fallback: ["backup"] }) }))("under a policy", (it) => {
    it.effect.each([false, true])("asks another upstream (stream: %s)", (stream) =>
      Effect.gen(function* () {
        const answer = yield* ask("fault:html", { stream })
        assert.strictEqual(answer.status, 200)
        assert.include(answer.text, "good")
        assert.notInclude(answer.text, "event: error")
      })
    )

    it.effect("fails with the first upstream's error where no other one helps", () =>
      Effect.gen(function* () {
        const answer = yield* ask("fault:no-healthy-upstream")
        assert.strictEqual(answer.status, 503)
        assert.include(answer.error?.message ?? "", '"primary"')
      })
    )
  })
})
