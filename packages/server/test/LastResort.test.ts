import * as Contract from "@causeway/core/Contract"
import * as Disposition from "@causeway/core/Disposition"
import * as Local from "@causeway/core/Local"
import { Relay } from "@causeway/openai/Relay"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Policy from "@causeway/resilience/Policy"
import * as Upstreams from "@causeway/resilience/Upstreams"
import type * as Auth from "@causeway/server/Auth"
import * as Health from "@causeway/server/Health"
import * as LastResort from "@causeway/server/LastResort"
import * as OpenAiApi from "@causeway/server/OpenAiApi"
import * as PredictApi from "@causeway/server/PredictApi"
import * as Server from "@causeway/server/Server"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { call, post } from "./fixtures/client.ts"
import { Upstream } from "./fixtures/upstream.ts"

const policy = Policy.make({ retry: { times: 0 } })

/** A gateway to the simulator under two names, whose second one calls the broken model by another name. */
const gateway = (
  degraded: ReadonlyArray<LastResort.Answer> | undefined,
  known = ["primary", "backup"],
  keys: ReadonlyArray<Auth.Key> = []
) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { url } = yield* Simulator
      const upstreams = {
        primary: { baseUrl: url },
        backup: { baseUrl: url, models: { "fault:overloaded": "gpt-5" } }
      }
      const named = Upstreams.layerNamed(Object.fromEntries(known.map((name) => [name, {}])))
      const health = Layer.unwrap(
        Effect.map(Health.fromUpstreams({ required: true }), (check) => Health.layer({ checks: [check] }))
      )
      const routes = Layer.merge(health, OpenAiApi.layer({ policy, degraded })).pipe(
        // Around the routes alone: what serves them does not know of it.
        Layer.provide([named, Local.layer(Relay, Relay.layer(upstreams))])
      )
      return Server.serve(routes, { port: 0, keys })
    })
  ).pipe(Layer.provideMerge(Simulator.layer()))

const ask = (model: string, more: object = {}) =>
  post("/v1/chat/completions", { model, messages: [{ role: "user", content: "good day" }], ...more })

const told = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) => [
  headers["x-causeway-upstream"],
  headers["x-causeway-attempts"],
  headers["x-causeway-degraded"]
]

describe("the headers of an answer", () => {
  layer(gateway(undefined))((it) => {
    it.effect("name the upstream and count the attempts, plain and streamed", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(told(yield* ask("gpt-5")), ["primary", "1", undefined])
        assert.deepStrictEqual(told(yield* ask("fault:overloaded")), ["backup", "2", undefined])
        // The first one has asked for rest.
        assert.deepStrictEqual(told(yield* ask("fault:overloaded", { stream: true })), ["backup", "1", undefined])
        assert.deepStrictEqual(told(yield* call("/v1/models")), ["primary", "1", undefined])
        assert.deepStrictEqual(told(yield* post("/v1/audio/speech", { model: "gpt-5", input: "x" })), [
          "primary",
          "1",
          undefined
        ])
        const { checks } = JSON.parse((yield* call("/health")).text)
        const [unwell] = checks.find(({ name }: { readonly name: string }) => name === "upstreams").details.primary
          .unwell
        assert.deepInclude(unwell, { state: "healthy", why: "it rests, and others are asked first until then" })
        assert.isNumber(unwell.restsUntil)
      })
    )

    it.effect("tell them of a failure too, whose upstream is the first one", () =>
      Effect.gen(function* () {
        const both = yield* ask("fault:server-error")
        assert.deepStrictEqual([both.status, ...told(both)], [502, "primary", "2", undefined])
        const callers = yield* ask("fault:context-length")
        assert.strictEqual(callers.status, 400)
        const wrong = yield* post("/v1/chat/completions", { model: "gpt-5" })
        assert.deepStrictEqual([wrong.status, ...told(wrong)], [400, undefined, undefined, undefined])
      })
    )
  })

  layer(gateway(undefined, ["prïmary"]))("of an upstream with a name that no header can hold", (it) => {
    it.effect("hold it in another form", () =>
      Effect.map(ask("gpt-5"), (answer) =>
        assert.deepStrictEqual([answer.status, ...told(answer)], [500, "pr%C3%AFmary", "1", undefined])
      )
    )
  })
})

describe("an answer of last resort", () => {
  const answers = [
    { cached: "1 minute" },
    { model: "small", upstream: "backup" },
    { text: "later" },
    { refuse: "2 seconds" }
  ] as const

  layer(gateway(answers))((it) => {
    it.effect("is another model's, by the upstream that is named, under the same policy", () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const plain = yield* ask("fault:server-error", { unheard_of: 1 })
        assert.deepStrictEqual([plain.status, ...told(plain)], [200, "backup", "3", "model"])
        const seen = (yield* simulator.requests).at(-1)
        assert.strictEqual(seen?.model, "small")
        assert.include(seen?.fields ?? [], "unheard_of")
        const streamed = yield* ask("fault:server-error", { stream: true })
        assert.deepStrictEqual([streamed.status, ...told(streamed)], [200, "backup", "3", "model"])
        assert.isTrue(streamed.text.endsWith("data: [DONE]\n\n"))
      })
    )

    it.effect("leaves the caller's own fault alone", () =>
      Effect.map(post("/v1/chat/completions", { model: "gpt-5" }), ({ status }) => assert.strictEqual(status, 400))
    )
  })

  layer(gateway([{ cached: "1 minute" }, { text: "later" }, { refuse: "2 seconds" }]))((it) => {
    it.effect("is what the same request was answered, as long as that is not too old", () =>
      Effect.gen(function* () {
        const { behave } = yield* Simulator
        const good = yield* ask("gpt-5", { user: "a" })
        yield* ask("gpt-5", { user: "s", stream: true })
        yield* behave({ fault: "no-healthy-upstream" })
        yield* TestClock.adjust("1 minute")
        const again = yield* ask("gpt-5", { user: "a" })
        assert.deepStrictEqual([again.status, ...told(again)], [200, undefined, "2", "cached"])
        assert.strictEqual(again.text, good.text)
        assert.strictEqual(again.headers["content-type"], good.headers["content-type"])
        assert.strictEqual(again.headers["age"], "60")
        assert.deepStrictEqual(told(yield* ask("gpt-5", { user: "b" })), [undefined, "2", "text"])
        // A stream is not kept.
        assert.deepStrictEqual(told(yield* ask("gpt-5", { user: "s", stream: true })), [undefined, "2", "text"])
        yield* TestClock.adjust("1 second")
        assert.strictEqual(told(yield* ask("gpt-5", { user: "a" }))[2], "text")
        yield* behave({})
        yield* TestClock.adjust("1 minute")
      })
    )

    it.effect("is words in the form of the API, and a refusal where words are no answer", () =>
      Effect.gen(function* () {
        const { behave, requestCount } = yield* Simulator
        yield* behave({ fault: "no-healthy-upstream" })
        const chat = JSON.parse((yield* ask("m")).text)
        assert.deepInclude(chat, { object: "chat.completion", model: "m" })
        assert.deepInclude(chat.choices[0], {
          finish_reason: "stop",
          message: { role: "assistant", content: "later", refusal: null }
        })
        const events = (yield* ask("m", { stream: true, stream_options: { include_usage: true } })).text.split("\n\n")
        assert.deepStrictEqual(events.slice(-2), ["data: [DONE]", ""])
        const chunks = events.slice(0, -2).map((event) => JSON.parse(event.replace("data: ", "")))
        assert.deepStrictEqual(
          chunks.map(({ choices, usage }) => [choices[0]?.delta, choices[0]?.finish_reason, usage?.total_tokens]),
          [
            [{ role: "assistant", content: "later" }, null, undefined],
            [{}, "stop", undefined],
            [undefined, undefined, 0]
          ]
        )
        const text = JSON.parse((yield* post("/v1/completions", { model: "m", prompt: "x" })).text)
        assert.deepInclude(text.choices[0], { text: "later", finish_reason: "stop" })
        const asked = { model: "m", messages: [{ role: "user" }] }
        const tool = { type: "function", function: { name: "look" } }
        const allowed = (mode: string) => ({ type: "allowed_tools", allowed_tools: { mode, tools: [tool] } })
        assert.strictEqual((yield* ask("m", { tools: [tool], tool_choice: allowed("auto") })).status, 200)
        for (const [path, body] of [
          ["/v1/chat/completions", { ...asked, response_format: { type: "json_object" } }],
          ["/v1/chat/completions", { ...asked, tools: [tool], tool_choice: "required" }],
          ["/v1/chat/completions", { ...asked, tools: [tool], tool_choice: tool }],
          ["/v1/chat/completions", { ...asked, tools: [tool], tool_choice: allowed("required") }],
          ["/v1/chat/completions", { ...asked, functions: [{ name: "look" }], function_call: { name: "look" } }],
          ["/v1/embeddings", { model: "m", input: "x" }],
          ["/v1/responses", { model: "m", input: "x" }]
        ] as const) {
          const refused = yield* post(path, body)
          assert.deepStrictEqual([refused.status, refused.error?.code], [503, "shed"])
          assert.strictEqual(refused.headers["retry-after"], "2")
          assert.strictEqual(told(refused)[2], "refused")
        }
        // Once all are down nobody asks, but for a probe when its time has come.
        for (let call = 0; call < 5; call++) yield* ask("down")
        const before = yield* requestCount
        assert.deepStrictEqual(told(yield* ask("down")), [undefined, undefined, "text"])
        assert.strictEqual(yield* requestCount, before)
        const health = yield* call("/health/ready")
        assert.strictEqual(health.status, 503)
        assert.include(health.text, "upstreams: all of them are down")
        yield* behave({})
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(told(yield* ask("down")), ["primary", "1", undefined])
      })
    )
  })
})

const inFrontOfUpstream = Layer.unwrap(
  Effect.map(Upstream, ({ url }) => {
    const relay = Local.layer(Relay, Relay.layer({ primary: { baseUrl: url } }))
    const routes = OpenAiApi.layer({ policy, degraded: [{ model: "small" }] })
    return Server.serve(routes.pipe(Layer.provide([Upstreams.layerNamed({ primary: {} }), relay])), { port: 0 })
  })
).pipe(Layer.provideMerge(Upstream.layer))

describe("another model", () => {
  layer(inFrontOfUpstream)((it) => {
    it.effect("is asked for what was asked, number for number", () =>
      Effect.gen(function* () {
        const { answer, requests } = yield* Upstream
        yield* answer((response) => void response.writeHead(500).end("{}"))
        const deep = "[".repeat(50_000) + "]".repeat(50_000)
        const more = `"messages":[{"role":"user","content":"x"}],"seed":12345678901234567890,"t":[1.50,-0],"__proto__":{},"d":${deep}`
        yield* post("/v1/chat/completions", `{"model":"large",${more}}`)
        assert.deepStrictEqual(
          requests.map(({ body }) => body.toString()),
          [`{"model":"large",${more}}`, `{"model":"small",${more}}`]
        )
      })
    )
  })
})

describe("while nobody can serve", () => {
  const keys: ReadonlyArray<Auth.Key> = [
    Redacted.make("all-of-it"),
    { name: "limited", key: Redacted.make("limited-one"), scopes: { models: ["gpt-5-mini"] } }
  ]
  const answers = [{ cached: "1 minute" }, { model: "fault:model-not-found" }, { text: "later" }] as const
  const request = { model: "gpt-5", messages: [{ role: "user", content: "good day" }] }
  const asking = (key: string, body: unknown = request) =>
    post("/v1/chat/completions", body, { authorization: `Bearer ${key}` })

  layer(gateway(answers, undefined, keys))((it) => {
    it.effect("a key gets no answer that it may not have, and what is wrong is still wrong", () =>
      Effect.gen(function* () {
        const { behave } = yield* Simulator
        yield* asking("all-of-it")
        yield* behave({ fault: "no-healthy-upstream" })
        for (let call = 0; call < 5; call++) yield* asking("all-of-it", { ...request, seed: call })
        assert.deepStrictEqual(told(yield* asking("all-of-it")), [undefined, undefined, "cached"])
        const forbidden = yield* asking("limited-one")
        assert.deepStrictEqual([forbidden.status, ...told(forbidden)], [403, undefined, undefined, undefined])
        const wrong = yield* asking("all-of-it", { ...request, messages: 5 })
        assert.deepStrictEqual([wrong.status, wrong.error?.param, told(wrong)[2]], [400, "messages", undefined])
        // Not by the other model, which this key may not use either.
        const own = yield* asking("limited-one", { ...request, model: "gpt-5-mini" })
        assert.deepStrictEqual([own.status, told(own)[2]], [200, "text"])
        yield* behave({})
      })
    )
  })

  layer(gateway([{ model: "fault:model-not-found" }]))((it) => {
    it.effect("the failure is that of the call, not that of an answer for which its caller has not asked", () =>
      Effect.map(ask("fault:server-error"), (answer) =>
        assert.deepStrictEqual([answer.status, answer.error?.code], [502, "provider_fault"])
      )
    )
  })
})

class Busy extends Schema.TaggedError<Busy>("test/Busy")("Busy", {}) {
  get [Disposition.symbol](): Disposition.Disposition {
    return Disposition.make({ blame: "upstream", retry: "backoff", fallback: "any" })
  }
}

class Sold extends Schema.TaggedError<Sold>("test/Sold")("Sold", {}) {}

class Shop extends Contract.Service<Shop>()(
  "test/Shop",
  Rpc.make("price", {
    payload: { of: Schema.String },
    success: Schema.Finite,
    error: Schema.Union([Busy, Sold])
  })
) {}

describe("PredictApi", () => {
  let mood: "well" | "busy" | "sold" = "well"
  const handlers = Shop.toLayer({
    price: () =>
      Effect.suspend((): Effect.Effect<number, Busy | Sold> =>
        mood === "well" ? Effect.succeed(3) : Effect.fail(mood === "busy" ? new Busy() : new Sold())
      )
  })
  const routes = PredictApi.layer(Shop, { policy, degraded: [{ cached: "1 minute" }, { refuse: "2 seconds" }] })

  layer(Server.serve(routes.pipe(Layer.provide(Local.layer(Shop, handlers))), { port: 0 }))((it) => {
    it.effect("gives what is cached, else refuses, and leaves a contract's own answers alone", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(told(yield* post("/predict/price", { of: "a" })), [undefined, "1", undefined])
        mood = "busy"
        const again = yield* post("/predict/price", { of: "a" })
        assert.deepStrictEqual([again.status, again.text, ...told(again)], [200, "3", undefined, "1", "cached"])
        const refused = yield* post("/predict/price", { of: "b" })
        assert.deepStrictEqual([refused.status, refused.headers["retry-after"]], [503, "2"])
        mood = "sold"
        const sold = yield* post("/predict/price", { of: "a" })
        assert.deepStrictEqual([sold.status, sold.error?.code, ...told(sold)], [500, "Sold", undefined, "1", undefined])
      })
    )
  })
})

describe("what is no list of answers", () => {
  const one = "one of { cached }, { model, upstream }, { text }, { refuse }"
  const time = 'a time above zero such as "30 seconds"'
  for (const [answers, ...problems] of [
    [[], "degraded: got an empty list, allowed is a list of at least one answer"],
    ["cached", 'degraded: got "cached", allowed is a list of at least one answer'],
    [null, "degraded: got null, allowed is a list of at least one answer"],
    [[{}], `degraded[0]: got an object of nothing, allowed is ${one}`],
    [[[1]], `degraded[0]: got an object of 0, allowed is ${one}`],
    [[null], `degraded[0]: got null, allowed is ${one}`],
    [[{ text: "a", refuse: 1 }], `degraded[0]: got an object of text, refuse, allowed is ${one}`],
    [[{ text: "a", upstream: "b" }], `degraded[0]: got an object of text, upstream, allowed is ${one}`],
    [[{ text: "a" }, { model: 1 }], "degraded[1].model: got 1, allowed is a text"],
    [[{ text: ["later"] }], "degraded[0].text: got a list, allowed is a text"],
    [[{ text: "" }], 'degraded[0].text: got "", allowed is a text'],
    [[{ model: "a", upstream: {} }], "degraded[0].upstream: got an object, allowed is a text"],
    [[{ cached: -1 }], `degraded[0].cached: got -1, allowed is ${time}`],
    [[{ cached: 1 }, { cached: 2 }], "degraded[1]: got cached, once more, allowed is cached once"],
    [[{ refuse: "Infinity" }], `degraded[0].refuse: got "Infinity", allowed is ${time}`],
    [[{ refuse: Number.NaN }], `degraded[0].refuse: got NaN, allowed is ${time}`],
    [
      [{ refuse: 1 }, { text: "a" }],
      "degraded[0]: got refuse, and an answer after it, allowed is refuse as the last one"
    ],
    [
      [{ text: 1 }, { cached: "soon" }, 3],
      "degraded[0].text: got 1, allowed is a text",
      `degraded[1].cached: got "soon", allowed is ${time}`,
      `degraded[2]: got 3, allowed is ${one}`
    ]
  ] as const) {
    it(`is refused: ${JSON.stringify(answers)}`, () => {
      try {
        LastResort.check(answers)
        assert.fail("it was taken")
      } catch (error) {
        assert.instanceOf(error, InvalidPolicy)
        assert.deepStrictEqual(
          error.message.split("\n"),
          problems.map((problem) => `policy option ${problem}`)
        )
      }
    })
  }
})
