import { createServer } from "node:http"
import { DefaultServices, defaultModel, handlers } from "@causeway/cli/DefaultServices"
import * as Local from "@causeway/core/Local"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** An upstream that gives every question this choice. */
const upstreamWith = (choice: object) =>
  Effect.gen(function* () {
    const body = JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices: [choice] })
    const server = yield* Effect.acquireRelease(
      Effect.sync(() =>
        createServer((_, response) => {
          response.writeHead(200, { "content-type": "application/json", "x-request-id": "up-1" }).end(body)
        })
      ),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    )
    yield* Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
    const address = server.address()
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/v1`
  })

const services = (baseUrl: string) =>
  Local.layer(DefaultServices, handlers).pipe(Layer.provide(OpenAiClient.layer({ baseUrl, retries: 0 })))

const answer = (baseUrl: string, model?: string) =>
  Effect.flatMap(DefaultServices, (services) =>
    services.answer({ prompt: "Hello", ...(model !== undefined && { model }) })
  ).pipe(Effect.provide(services(baseUrl)))

const message = (content: string | null, refusal: string | null = null) => ({ role: "assistant", content, refusal })

describe("square", () => {
  it.live("multiplies", () =>
    Effect.flatMap(DefaultServices, (services) => services.square({ x: -3 })).pipe(
      Effect.map(({ y }) => assert.strictEqual(y, 9)),
      Effect.provide(services("http://127.0.0.1:1/v1"))
    )
  )
})

describe("answer", () => {
  it.live("asks the model that is named, else the default one", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* Simulator
      assert.include((yield* answer(url)).text, "Hello")
      yield* answer(url, "gpt-5")
      assert.deepStrictEqual(
        (yield* requests).map(({ model }) => model),
        [defaultModel, "gpt-5"]
      )
    }).pipe(Effect.provide(Simulator.layer()))
  )

  const stop = { index: 0, finish_reason: "stop" }

  it.live("may be an empty text", () =>
    Effect.gen(function* () {
      const url = yield* upstreamWith({ ...stop, message: message("") })
      assert.deepStrictEqual(yield* answer(url), { text: "" })
    })
  )

  for (const [issue, choice, output] of [
    ["refusal", { ...stop, message: message(null, "I will not") }, "I will not"],
    ["length", { ...stop, finish_reason: "length", message: message("half of") }, "half of"],
    ["filtered", { ...stop, finish_reason: "content_filter", message: message("") }, ""],
    ["unparsable", { ...stop, message: message(null) }, ""]
  ] as const) {
    it.live(`is none where it is unusable: ${issue}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(answer(yield* upstreamWith(choice)))
        assert.strictEqual(error._tag, "UpstreamError")
        if (error._tag !== "UpstreamError" || error.reason._tag !== "OutputUnusable") return assert.fail(error.message)
        assert.strictEqual(error.upstream, "openai")
        assert.strictEqual(error.reason.issue, issue)
        assert.strictEqual(error.reason.output, output)
        assert.strictEqual(error.evidence.requestId, "up-1")
      })
    )
  }
})
