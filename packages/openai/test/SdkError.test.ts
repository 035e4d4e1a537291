import * as Disposition from "@causeway/core/Disposition"
import { Evidence } from "@causeway/core/Evidence"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Gateway, RateLimited, UpstreamReason } from "@causeway/core/UpstreamReason"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import { fromSdkError, toSdkError } from "@causeway/openai/SdkError"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import OpenAI, { APIConnectionError, APIConnectionTimeoutError } from "openai"
import * as Sdk from "openai/error"
import { WebRTCError } from "openai/lib/webrtc/errors"
import { OpenAIRealtimeError } from "openai/realtime/internal-base"
import { WebSocketError } from "openai/resources/responses/internal-base"
import { closedPort } from "./fixtures/rawServer.ts"
import { sdkErrors, secrets } from "./fixtures/sdkErrors.ts"

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

  it("looks at no more headers than an answer may have", () => {
    const headers = new Headers()
    for (let at = 0; at < 20_000; at++) headers.append(`x-${at}`, "value")
    const found = fromSdkError(new Sdk.RateLimitError(429, { message: "slow" }, "slow", headers))
    assert.strictEqual(found?.reason._tag, "RateLimited")
    assert.isBelow(found?.evidence.response?.headers.length ?? 0, 10_000)
  })

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
    assert.deepInclude(fromSdkError(new Sdk.LengthFinishReasonError())?.reason, {
      _tag: "OutputUnusable",
      issue: "length"
    })
    assert.deepInclude(fromSdkError(new Sdk.ContentFilterFinishReasonError())?.reason, {
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

/** What each class of the SDK is an instance of this model of. */
const reasons: Readonly<Record<string, Partial<UpstreamReason>>> = {
  OpenAIError: { _tag: "Configuration" },
  APIError: { _tag: "RateLimited", seenIn: "stream" },
  APIUserAbortError: { _tag: "Aborted" },
  APIConnectionError: { _tag: "Connect" },
  APIConnectionTimeoutError: { _tag: "Timeout" },
  BadRequestError: { _tag: "InvalidRequest" },
  AuthenticationError: { _tag: "Authentication" },
  PermissionDeniedError: { _tag: "Permission" },
  NotFoundError: { _tag: "NotFound" },
  ConflictError: { _tag: "Conflict" },
  UnprocessableEntityError: { _tag: "InvalidRequest" },
  RateLimitError: { _tag: "RateLimited" },
  InternalServerError: { _tag: "Gateway" },
  LengthFinishReasonError: { _tag: "OutputUnusable" },
  ContentFilterFinishReasonError: { _tag: "OutputUnusable" },
  InvalidWebhookSignatureError: { _tag: "InvalidRequest", code: "invalid_webhook_signature" },
  OAuthError: { _tag: "Credential" },
  SubjectTokenProviderError: { _tag: "Credential" }
}

describe("every class of the SDK", () => {
  it("has a row", () => {
    const exported = Object.keys(Sdk).filter((name) => name !== "default")
    assert.sameMembers(Object.keys(reasons), exported)
    assert.sameMembers(Object.keys(sdkErrors), exported)
  })

  it.each(Object.entries(sdkErrors))(
    "%s has a reason, and comes back as what it was, without secrets",
    (name, make) => {
      const thrown = make()
      const error = fromSdkError(thrown)
      assert.deepInclude(error?.reason, reasons[name])
      if (error === undefined) return
      const back = toSdkError(error)
      assert.instanceOf(back, thrown.constructor as typeof Error)
      assert.strictEqual(fromSdkError(back), error)
      assert.strictEqual(back.cause, error)
      if (thrown instanceof Sdk.APIError && back instanceof Sdk.APIError && thrown.status !== undefined) {
        assert.deepInclude(back, {
          status: thrown.status,
          code: thrown.code,
          type: thrown.type,
          param: thrown.param,
          requestID: "req-1"
        })
        assert.strictEqual(back.message, thrown.message)
        assert.deepStrictEqual(back.error, thrown.error)
        assert.strictEqual(back.headers?.get("retry-after"), "2")
        for (const secret of secrets) assert.notInclude(JSON.stringify([...(back.headers ?? [])]), secret)
      }
    }
  )

  it("keeps the class of a user's own error above it", () => {
    class Mine extends Sdk.NotFoundError {}
    const error = fromSdkError(new Mine(404, { message: "x" }, undefined, new Headers()))
    assert.isTrue(error !== undefined && toSdkError(error) instanceof Sdk.NotFoundError)
  })
})

/** An error as thrown there. */
const framed = (error: Error, frame: string) => Object.assign(error, { stack: `${String(error)}\n    at ${frame}` })

describe("what the SDK throws without a class of its own", () => {
  const inParse = "defaultParseResponse (file:///app/node_modules/openai/internal/parse.mjs:41:31)"
  const inPage = "new CursorPage (file:///app/node_modules/openai/core/pagination.mjs:90:3)"
  const inMine = "mine (file:///app/src/index.mjs:1:1)"
  const table: ReadonlyArray<readonly [string, Error, Partial<UpstreamReason> | undefined]> = [
    [
      "a malformed event",
      new SyntaxError("Error reading response: malformed server-sent event JSON."),
      { _tag: "StreamProtocol" }
    ],
    [
      "JSON that is cut off",
      framed(new SyntaxError("Unexpected end of JSON input"), inParse),
      { _tag: "MalformedResponse", issue: "truncated" }
    ],
    [
      "what is no JSON",
      framed(new SyntaxError("Unexpected token '<', \"<html>\" is not valid JSON"), inParse),
      { _tag: "MalformedResponse", issue: "not-json" }
    ],
    ["JSON of my own", framed(new SyntaxError("Unexpected end of JSON input"), inMine), undefined],
    [
      "a page without data",
      framed(new TypeError("Cannot read properties of undefined (reading 'map')"), inPage),
      { _tag: "MalformedResponse", issue: "wrong-shape" }
    ],
    [
      "a mistake of my own",
      framed(new TypeError("Cannot read properties of undefined (reading 'a')"), inMine),
      undefined
    ],
    ["a database's error", Object.assign(new Error("no such table"), { code: "ERR_SQLITE_ERROR" }), undefined],
    ["a wrong argument", Object.assign(new TypeError("must be a string"), { code: "ERR_INVALID_ARG_TYPE" }), undefined],
    [
      "a base URL that is none",
      Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL" }),
      { _tag: "Configuration", option: "baseUrl" }
    ],
    [
      "a body that another fetch saw break off",
      Object.assign(new Error("Premature close"), { code: "ERR_STREAM_PREMATURE_CLOSE" }),
      { _tag: "ConnectionLost" }
    ],
    [
      "a body that broke off",
      new TypeError("terminated", { cause: new Error("other side closed") }),
      { _tag: "ConnectionLost", phase: "body" }
    ],
    [
      "a body that cannot be decompressed",
      new TypeError("terminated", {
        cause: Object.assign(new Error("incorrect header check"), { code: "Z_DATA_ERROR" })
      }),
      { _tag: "MalformedResponse", issue: "encoding" }
    ],
    [
      "a reason three causes deep",
      new Sdk.APIConnectionError({
        cause: new TypeError("fetch failed", {
          cause: new AggregateError([Object.assign(new Error("x"), { code: "ECONNREFUSED", syscall: "connect" })])
        })
      }),
      { _tag: "Connect", kind: "refused" }
    ],
    [
      "null in a form",
      new TypeError('Received null for "a"; to pass null in FormData, you must use'),
      { _tag: "RequestEncoding" }
    ],
    [
      "a stream without events",
      new Sdk.OpenAIError("request ended without sending any chunks"),
      { _tag: "StreamTruncated" }
    ],
    [
      "a stream without a finish",
      new Sdk.OpenAIError("missing finish_reason for choice 0"),
      { _tag: "StreamTruncated", missing: "finish-reason" }
    ],
    ["a stream that contradicts itself", new Sdk.OpenAIError("missing output at index 3"), { _tag: "StreamProtocol" }],
    [
      "a token exchange",
      new Sdk.OpenAIError("Token exchange response has invalid 'expires_in' field"),
      { _tag: "Credential" }
    ],
    [
      "output that does not fit",
      new Sdk.OpenAIError("Standard Schema validation failed: x"),
      { _tag: "OutputUnusable" }
    ],
    ["an error event of a session", new OpenAIRealtimeError("slow down", null), { _tag: "Session", seenIn: "socket" }],
    ["a failure of a responses' socket", new WebSocketError("unknown error", null), { _tag: "Session" }],
    ["a failure of a call by WebRTC", new WebRTCError("transport_failed", "transport", "no way"), { _tag: "Session" }],
    [
      "a session that no connection came about for",
      Object.assign(new OpenAIRealtimeError("connect", null), {
        cause: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" })
      }),
      { _tag: "Connect", kind: "refused" }
    ],
    [
      "an event of a session that is no JSON",
      new SyntaxError("Could not parse Realtime WebSocket event data as JSON."),
      { _tag: "Session" }
    ],
    [
      "an event of a session that is none",
      new TypeError("Realtime WebSocket event must be an object with a string type."),
      { _tag: "Session" }
    ],
    [
      "a path that is none",
      new Sdk.OpenAIError("Path parameters result in path with invalid segments"),
      { _tag: "RequestEncoding" }
    ]
  ]
  it.each([
    ["half of an object", '{"a":', "truncated"],
    ["white space", " \n", "truncated"],
    ["a page", "<html>", "not-json"],
    ["an object and more", '{"a":1} x', "not-json"]
  ] as const)("an answer that the SDK itself cannot read: %s", async (_, body, issue) => {
    const response = () => new Response(body, { headers: { "content-type": "application/json" } })
    const sdk = new OpenAI({ apiKey: "k", maxRetries: 0, fetch: () => Promise.resolve(response()) })
    const thrown = await sdk.models.list().then(
      () => undefined,
      (error: unknown) => error
    )
    assert.instanceOf(thrown, SyntaxError)
    assert.deepInclude(fromSdkError(thrown)?.reason, { _tag: "MalformedResponse", seenIn: "body", issue })
  })

  it("a request that the SDK itself cannot write", async () => {
    const sdk = new OpenAI({ apiKey: "k", maxRetries: 0, fetch: () => Promise.reject(new Error("never")) })
    const input: Record<string, unknown> = { model: "m" }
    input["input"] = input
    const thrown = await sdk.post("/embeddings", { body: input }).then(
      () => undefined,
      (error: unknown) => error
    )
    assert.instanceOf(thrown, TypeError)
    assert.deepInclude(fromSdkError(thrown)?.reason, { _tag: "RequestEncoding" })
  })

  it.each(table)("%s", (_, error, reason) => {
    const found = fromSdkError(error)?.reason
    if (reason === undefined) assert.isUndefined(found)
    else assert.deepInclude(found, reason)
  })
})

describe("toSdkError", () => {
  it.prop(
    "comes back with the same reason and disposition, whatever the failure",
    [Arbitrary.schema(UpstreamError)],
    ([error]) => {
      const sdk = toSdkError(error)
      const back = fromSdkError(sdk)
      assert.isTrue(sdk instanceof Sdk.OpenAIError || sdk instanceof Sdk.InvalidWebhookSignatureError)
      assert.strictEqual(back?.reason, error.reason)
      assert.deepStrictEqual(Disposition.of(back), Disposition.of(error))
    }
  )

  it.prop("has a class for each reason that no answer came with", [Arbitrary.schema(UpstreamReason)], ([reason]) => {
    const evidence = new Evidence({ attempt: 1, timing: { startedAt: 0, totalMs: 1 } })
    const sdk = toSdkError(new UpstreamError({ upstream: "a", operation: "b", reason, evidence }))
    assert.isTrue(sdk instanceof Sdk.OpenAIError)
    const status = sdk instanceof Sdk.APIError ? sdk.status : undefined
    if (reason._tag === "RateLimited") assert.strictEqual(status, 429)
    if (reason._tag === "Overloaded") assert.strictEqual(status, 503)
  })

  it("says what the SDK would say of an answer of a gateway", () => {
    const sdk = toSdkError(
      new UpstreamError({
        upstream: "primary",
        operation: "chat.completions.create",
        reason: new Gateway({
          message: "m",
          seenIn: "status",
          gateway: "envoy",
          flag: "no-healthy-upstream",
          status: 503
        }),
        evidence: new Evidence({
          attempt: 1,
          timing: { startedAt: 0, totalMs: 1 },
          requestId: "az-1",
          response: {
            status: 503,
            headers: [
              ["server", "envoy"],
              ["apim-request-id", "az-1"],
              ["no header", "x"],
              ["x-emoji", "\u{1f600}"]
            ],
            body: "no healthy upstream",
            bodyBytes: 19
          }
        })
      })
    )
    assert.instanceOf(sdk, Sdk.InternalServerError)
    assert.strictEqual(sdk.message, "503 no healthy upstream")
    assert.strictEqual(sdk.requestID, "az-1")
    assert.strictEqual(sdk.headers.get("server"), "envoy")
    // Also where only its shape is left.
    Object.defineProperty(sdk, "cause", { value: undefined })
    assert.deepInclude(fromSdkError(sdk)?.reason, { _tag: "Gateway", flag: "no-healthy-upstream" })
  })
})
