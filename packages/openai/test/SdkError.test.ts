import { UpstreamError } from "@causeway/core/UpstreamError"
import { RateLimited } from "@causeway/core/UpstreamReason"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { fromSdkError } from "@causeway/openai/SdkError"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import OpenAI, { APIConnectionError, APIConnectionTimeoutError } from "openai"
import { ContentFilterFinishReasonError, LengthFinishReasonError } from "openai/error"
import { closedPort } from "./fixtures/rawServer.ts"

const messages = [{ role: "user" as const, content: "good day to you" }]

/** What the SDK, as it comes, throws at a fault. */
const thrown = (url: string, model: string, stream = false, options: OpenAI.RequestOptions = {}) =>
  Effect.promise(async () => {
    const sdk = new OpenAI({ baseURL: url, apiKey: "k", maxRetries: 0 })
    try {
      if (!stream) await sdk.chat.completions.create({ model, messages }, options)
      else for await (const _ of await sdk.chat.completions.create({ model, messages, stream: true }, options));
      return undefined
    } catch (error) {
      return error
    }
  })

/** A copy of an error that shares none of its classes. */
const copied = (error: unknown): unknown =>
  error instanceof Error ? Object.assign(new Error(error.message), { ...error }) : error

layer(Simulator.layer())("fromSdkError", (it) => {
  const table = [
    ["no-healthy-upstream", "Gateway", "status"],
    ["rate-limited", "RateLimited", "status"],
    ["quota", "QuotaExhausted", "status"],
    ["overloaded", "Overloaded", "status"],
    ["unauthorized", "Authentication", "status"],
    ["context-length", "InputTooLarge", "status"],
    ["content-filter", "ContentFiltered", "status"],
    ["model-not-found", "NotFound", "status"],
    ["server-error", "ProviderFault", "status"],
    ["reset", "ConnectionLost", "socket"]
  ] as const
  it.effect.each(table)("classifies what the SDK throws: %s", ([fault, tag, seenIn]) =>
    Effect.gen(function* () {
      const { url } = yield* Simulator
      const error = yield* thrown(url, `fault:${fault}`)
      const classified = fromSdkError(error, { upstream: "mine", operation: "chat", attempt: 2 })
      assert.deepInclude(classified?.reason, { _tag: tag, seenIn })
      assert.strictEqual(classified?.upstream, "mine")
      assert.strictEqual(classified?.evidence.attempt, 2)
      assert.strictEqual(classified?.cause, error)
      if (seenIn === "status") {
        assert.match(classified?.evidence.requestId ?? "", /^sim-req-/)
        assert.strictEqual(fromSdkError(copied(error))?.reason._tag, tag)
        const viaClient = yield* OpenAiClient.OpenAiClient.pipe(
          Effect.flatMap((ai) => Effect.flip(ai.chat.completions.create({ model: `fault:${fault}`, messages }))),
          Effect.provide(OpenAiClient.layer({ baseUrl: url, retries: 0 }))
        )
        assert.deepStrictEqual(
          { ...classified?.reason, message: "" },
          { ...(viaClient instanceof UpstreamError ? viaClient.reason : {}), message: "" }
        )
      }
    })
  )

  it.effect("classifies an error event of a stream", () =>
    Effect.gen(function* () {
      const { url } = yield* Simulator
      const error = yield* thrown(url, "fault:stream-error", true)
      assert.deepInclude(fromSdkError(error)?.reason, { _tag: "ProviderFault", seenIn: "stream" })
    })
  )

  it.effect("finds the system's error below a connection that was refused", () =>
    Effect.gen(function* () {
      const error = yield* thrown(`http://127.0.0.1:${yield* closedPort}/v1`, "m")
      const classified = fromSdkError(error)
      assert.deepInclude(classified?.reason, { _tag: "Connect", kind: "refused" })
      assert.isTrue(classified?.evidence.system?.some(({ code }) => code === "ECONNREFUSED"))
    })
  )

  it.effect("tells a timeout and an abort", () =>
    Effect.gen(function* () {
      const { url } = yield* Simulator
      const late = yield* thrown(url, "fault:stall", false, { timeout: 100 })
      assert.strictEqual(fromSdkError(late)?.reason._tag, "Timeout")
      const aborted = yield* thrown(url, "fault:stall", false, { signal: AbortSignal.abort() })
      assert.deepInclude(fromSdkError(aborted)?.reason, { _tag: "Aborted", by: "caller" })
    })
  )
})

describe("fromSdkError", () => {
  it("takes a missing key and a finish that cannot be parsed", () => {
    const key = process.env["OPENAI_API_KEY"]
    delete process.env["OPENAI_API_KEY"]
    let error: unknown
    try {
      void new OpenAI({ apiKey: undefined, adminAPIKey: null })
    } catch (caught) {
      error = caught
    }
    if (key !== undefined) process.env["OPENAI_API_KEY"] = key
    assert.strictEqual(fromSdkError(error)?.reason._tag, "Credential")
    assert.deepInclude(fromSdkError(new LengthFinishReasonError())?.reason, {
      _tag: "OutputUnusable",
      issue: "length"
    })
    assert.deepInclude(fromSdkError(new ContentFilterFinishReasonError())?.reason, {
      _tag: "OutputUnusable",
      issue: "filtered"
    })
  })

  it("finds the reason that a recorder's fetch rejected with", () => {
    const reason = new RateLimited({ message: "slow down", seenIn: "status" })
    const error = new APIConnectionError({ cause: new TypeError("x", { cause: reason }) })
    assert.strictEqual(fromSdkError(error)?.reason, reason)
  })

  it("keeps an UpstreamError as it is", () => {
    const error = fromSdkError(new APIConnectionTimeoutError())
    assert.instanceOf(error, UpstreamError)
    assert.strictEqual(fromSdkError(error), error)
  })

  it("knows nothing of other errors, and never throws", () => {
    const hostile = new Proxy(new Error("x"), {
      get: () => {
        throw new Error("no")
      }
    })
    for (const error of [
      undefined,
      null,
      1,
      "x",
      {},
      new Error("x"),
      new TypeError("x is not a function"),
      { status: "429", headers: {} }
    ]) {
      assert.isUndefined(fromSdkError(error))
    }
    assert.isUndefined(fromSdkError(hostile))
  })
})
