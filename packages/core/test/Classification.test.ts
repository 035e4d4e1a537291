import * as Classification from "@causeway/core/Classification"
import * as Disposition from "@causeway/core/Disposition"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { look } from "../src/internal/classification/seen.ts"
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib"
import { ruleFor, rules } from "../src/internal/classification/table.ts"
import type { Fixture } from "./classification/fixture.ts"
import { fixtures } from "./classification/fixtures.ts"

const answerOf = ({ body, headers = {}, seenIn, status }: Fixture): Classification.Answer => ({
  status,
  headers: Object.entries(headers),
  body: typeof body === "string" ? body : JSON.stringify(body),
  seenIn: seenIn ?? (status < 300 ? "body" : "status")
})

const reasonOf = (answer: Partial<Classification.Answer>) =>
  Classification.classify({ status: 500, headers: [], body: "", seenIn: "status", ...answer })?.reason

const pick = (source: object, like: object): object =>
  Object.fromEntries(Object.keys(like).map((key) => [key, Reflect.get(source, key)]))

describe("Classification.classify", () => {
  for (const fixture of fixtures) {
    it(fixture.name, () => {
      const classified = Classification.classify(answerOf(fixture))
      assert.isDefined(classified)
      const { reason } = classified
      assert.deepStrictEqual(pick(reason, fixture.reason), fixture.reason)
      assert.deepStrictEqual(pick(reason[Disposition.symbol], fixture.disposition), fixture.disposition)
    })
  }

  it("has an answer for every rule that the rule was made for", () => {
    const used = new Set(fixtures.map((fixture) => ruleFor(look(answerOf(fixture)))?.name))
    assert.deepStrictEqual(
      rules.map(({ name }) => name).filter((name) => !used.has(name)),
      []
    )
  })

  it("has one name for each answer, and a source", () => {
    assert.strictEqual(new Set(fixtures.map(({ name }) => name)).size, fixtures.length)
    for (const { name, source } of fixtures) assert.isAbove(source.length, 8, name)
  })

  it("takes no quoted message for a failure of its own", () => {
    const messages = fixtures.flatMap((fixture) => Classification.classify(answerOf(fixture))?.provider?.message ?? [])
    assert.isAbove(messages.length, 100)
    for (const message of messages) {
      for (const quoted of [JSON.stringify(message), `'${message.replaceAll(/['\\]/g, "\\$&")}'`]) {
        const ask = (status: number, error: object) => reasonOf({ status, body: JSON.stringify({ error }) })
        const type = "invalid_request_error"
        assert.strictEqual(ask(400, { message: `The value ${quoted} is not allowed`, type })?._tag, "InvalidRequest")
        assert.strictEqual(ask(404, { message: `No such file: ${quoted}`, type, param: "id" })?._tag, "NotFound")
        assert.strictEqual(ask(500, { message: `Tool failed: ${quoted}`, type: "server_error" })?._tag, "ProviderFault")
        assert.strictEqual(ask(429, { message: `Slow down ${quoted}`, type: "requests" })?._tag, "RateLimited")
        const event = JSON.stringify({ error: { message: `Tool failed: ${quoted}`, type: "server_error" } })
        assert.strictEqual(reasonOf({ status: 200, body: event, seenIn: "stream" })?._tag, "ProviderFault")
      }
    }
  })

  it("has one name for each rule, and a source", () => {
    assert.strictEqual(new Set(rules.map(({ name }) => name)).size, rules.length)
    for (const { source } of rules) assert.notStrictEqual(source, "")
  })

  it("finds nothing in a success", () => {
    const bodies: ReadonlyArray<unknown> = [
      { id: "1", object: "chat.completion", choices: [{ message: { content: "error: 429" }, finish_reason: "stop" }] },
      { id: "1", object: "response", status: "completed", error: null, output: [] },
      { object: "list", data: [] },
      // What was asked about failed, not the call.
      { id: "ft-1", object: "fine_tuning.job", status: "failed", error: { code: "bad_file", message: "no" } },
      { id: "b", object: "batch", errors: { object: "list", data: [{ code: "x" }] } },
      { error: null, choices: [] },
      { error: {}, id: "x" },
      [],
      "error",
      null,
      "",
      "<html>rate limit</html>"
    ]
    for (const body of bodies) {
      const text = typeof body === "string" ? body : JSON.stringify(body)
      assert.isUndefined(Classification.classify({ status: 200, headers: [], body: text, seenIn: "body" }), text)
    }
  })

  it("keeps what the provider said, as words and redacted", () => {
    const body = { error: { message: "bad key sk-1234567890abcdef", type: "t", code: 429, param: "p" } }
    const classified = Classification.classify({
      status: 401,
      headers: [],
      body: JSON.stringify(body),
      seenIn: "status"
    })
    assert.deepStrictEqual(classified?.provider, { message: "bad key <redacted>", type: "t", code: "429", param: "p" })
  })

  it("keeps a long message short and reads a body with a byte order mark", () => {
    const body = `\uFEFF${JSON.stringify({ error: { message: "x".repeat(10_000) } })}`
    const reason = reasonOf({ status: 400, body })
    assert.strictEqual(reason?._tag, "InvalidRequest")
    assert.strictEqual(reason?.message.length, 500)
  })

  it.prop(
    "gives a reason for every status from 400 on, whatever the bytes and headers",
    {
      status: Schema.Int.check(Schema.isBetween({ minimum: 400, maximum: 999 })),
      headers: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
      body: Schema.Union([Schema.String, Schema.fromJsonString(Schema.Json)])
    },
    ({ body, headers, status }) => {
      const text = typeof body === "string" ? body : JSON.stringify(body)
      for (const seenIn of ["status", "body", "stream"] as const) {
        const classified = Classification.classify({ status, headers, body: text, seenIn })
        assert.isDefined(classified)
        assert.isDefined(Disposition.of(classified.reason))
      }
    }
  )

  it.prop(
    "never throws over an error's fields of any kind",
    {
      status: Schema.Literals([200, 302, 400, 402, 403, 413, 429, 500, 503, 520]),
      error: Schema.Record(
        Schema.Literals([
          "message",
          "type",
          "code",
          "param",
          "detail",
          "details",
          "status",
          "innererror",
          "metadata",
          "n_ctx",
          "n_prompt_tokens",
          "retry_after",
          "estimated_time",
          "error",
          "errors",
          "choices",
          "response"
        ]),
        Schema.Json
      )
    },
    ({ error, status }) => {
      for (const body of [error, { error }, { error: [error] }, [{ error }], { detail: error }, { response: error }]) {
        Classification.classify({ status, headers: [], body: JSON.stringify(body), seenIn: "body" })
      }
    }
  )

  it("takes statuses that are none, deep bodies and huge ones", () => {
    for (const status of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 99.5, 1e9]) reasonOf({ status })
    assert.isDefined(reasonOf({ status: Number.NaN }))
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
    assert.isDefined(reasonOf({ status: 400, body: deep }))
    assert.isDefined(reasonOf({ status: 400, body: `{"error":${'{"detail":'.repeat(50_000)}1${"}".repeat(50_001)}` }))
    assert.isDefined(reasonOf({ status: 400, body: `{"error":"${"x".repeat(2_000_000)}"}` }))
  })

  it("takes objects that cannot become numbers where a number is expected", () => {
    const odd = { valueOf: 1, toString: 1 }
    for (const name of ["status", "status_code", "raw_status_code", "code"]) {
      const body = JSON.stringify({ error: { message: "x", [name]: odd } })
      for (const status of [200, 500]) assert.isDefined(reasonOf({ status, body, seenIn: "body" }))
    }
  })

  it("takes no longer for a hostile text than for any other", () => {
    const pieces = [
      "model ",
      "inputs ",
      "try again ",
      "exceeds ",
      "generated ",
      "<title",
      "limit ",
      "context ",
      "- ",
      "1"
    ]
    for (const piece of pieces) {
      const message = piece.repeat(16_384 / piece.length)
      const started = performance.now()
      reasonOf({ status: 400, body: JSON.stringify({ error: { message } }) })
      reasonOf({ status: 400, body: message })
      // A pattern that backtracks needs minutes; the bound is for a machine that is busy.
      assert.isBelow(performance.now() - started, 20_000, piece)
    }
  })
})

describe("Classification.retryAfter", () => {
  const now = Date.parse("2026-01-01T00:00:00Z")
  const after = (headers: Readonly<Record<string, string>>) => {
    const wait = Classification.retryAfter(Object.entries(headers), now)
    return wait === undefined ? undefined : Duration.toMillis(wait)
  }

  const rows: ReadonlyArray<readonly [headers: Readonly<Record<string, string>>, ms: number | undefined]> = [
    [{}, undefined],
    [{ "retry-after-ms": "1500", "retry-after": "7" }, 1500],
    [{ "Retry-After": "7" }, 7000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "1.5" }, 1500],
    [{ "x-ms-retry-after-ms": "20" }, 20],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }, 30_000],
    // The upstream's clock is an hour ahead: the wait is the same.
    [{ "retry-after": "Thu, 01 Jan 2026 01:00:30 GMT", date: "Thu, 01 Jan 2026 01:00:00 GMT" }, 30_000],
    [{ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }, 0],
    [{ "retry-after": "6m0s" }, 360_000],
    [{ "retry-after": "-5" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{ "retry-after": "NaN" }, undefined],
    [{ "retry-after": "Infinity" }, undefined],
    [{ "retry-after": "1e9" }, undefined],
    [{ "retry-after": "999999999999" }, 86_400_000],
    [{ "retry-after": "9".repeat(400) }, undefined],
    [{ "retry-after": "Fri, 01 Jan 2100 00:00:00 GMT" }, 86_400_000],
    [{ "retry-after": "garbage", "x-ratelimit-reset-requests": "20ms" }, 20],
    [{ "x-ratelimit-reset-requests": "6m0s" }, 360_000],
    [{ "x-ratelimit-reset-tokens": "1h2m3.5s" }, 3_723_500],
    // The limit that is used up counts, however long the other one is.
    [
      {
        "x-ratelimit-reset-requests": "1h",
        "x-ratelimit-remaining-requests": "900",
        "x-ratelimit-reset-tokens": "7.66s",
        "x-ratelimit-remaining-tokens": "0"
      },
      7660
    ],
    [{ "x-ratelimit-reset-requests": "1h", "x-ratelimit-reset-tokens": "2s" }, 2000],
    [
      {
        "x-ratelimit-reset-requests": "9s",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-tokens": "2s",
        "x-ratelimit-remaining-tokens": "0"
      },
      9000
    ],
    [{ "ratelimit-reset": "12" }, 12_000],
    [{ "x-ratelimit-reset": String(now / 1000 + 9) }, 9000],
    [{ "x-ratelimit-reset": String(now + 9) }, 9],
    [{ "anthropic-ratelimit-tokens-reset": "2026-01-01T00:01:00Z" }, 60_000]
  ]
  for (const [headers, ms] of rows) {
    it(`reads ${JSON.stringify(headers).slice(0, 120)} as ${ms} ms`, () => assert.strictEqual(after(headers), ms))
  }

  it.prop(
    "is never negative and never longer than a day",
    { value: Schema.String, other: Schema.Finite },
    ({ other, value }) => {
      for (const text of [value, String(other)]) {
        for (const name of ["retry-after", "retry-after-ms", "x-ratelimit-reset", "x-ratelimit-reset-tokens"]) {
          const ms = after({ [name]: text })
          assert.isTrue(ms === undefined || (ms >= 0 && ms <= 86_400_000), `${name}: ${text}`)
        }
      }
    }
  )
})

describe("Classification.hints", () => {
  it("reads the request's id, whether to retry, and the limits", () => {
    const hints = Classification.hints([
      ["CF-Ray", "ray"],
      ["x-request-id", "req-1"],
      ["X-Should-Retry", "false"],
      ["x-ratelimit-limit-requests", "3"],
      ["anthropic-ratelimit-tokens-remaining", "9"]
    ])
    assert.deepStrictEqual(hints, {
      requestId: "req-1",
      shouldRetry: false,
      rateLimit: { "limit-requests": "3", "tokens-remaining": "9" }
    })
    assert.deepStrictEqual(Classification.hints([["cf-ray", "ray"]]), { requestId: "ray" })
    assert.deepStrictEqual(Classification.hints([["x-should-retry", "maybe"]]), {})
  })
})

describe("Classification.malformed", () => {
  it("says what is wrong, and shows the beginning without its secrets", () => {
    const reason = Classification.malformed("not-json", `sk-1234567890abcdef ${"x".repeat(1000)}`, "HTML")
    assert.strictEqual(reason.message, "the answer is not JSON: HTML")
    assert.match(reason.excerpt, /^<redacted> x+…$/)
    assert.strictEqual(reason.excerpt.length, 300)
  })
})

const issueOf = (text: string) => Classification.unreadable(text).issue

describe("Classification.unreadable", () => {
  it.prop(
    "calls every beginning of an object or a list cut off",
    { json: Schema.Union([Schema.Array(Schema.Json), Schema.Record(Schema.String, Schema.Json)]) },
    ({ json }) => {
      const text = JSON.stringify(json, null, 1)
      for (let end = 1; end < text.length; end++) {
        assert.strictEqual(issueOf(text.slice(0, end)), "truncated", text.slice(0, end))
        assert.strictEqual(issueOf(`\uFEFF\n${text.slice(0, end)}`), "truncated", text.slice(0, end))
      }
    }
  )

  it("tells a text that breaks in its middle from one that is cut off", () => {
    for (const text of [
      "<!doctype html>",
      '{"a":1 x}',
      '{"a":1,}',
      "{'a':1}",
      "[1 2] x",
      "42 monkeys",
      "nul",
      "Bad Gateway"
    ]) {
      assert.strictEqual(issueOf(text), "not-json", text)
    }
    for (const text of ["", " \n"]) assert.strictEqual(issueOf(text), "empty")
  })

  it("tells what stands behind a whole answer, and nothing of a second answer", () => {
    for (const [text, rest] of [
      ["[1,2] x", "x"],
      ['\uFEFF {"a":1}\nwarning: sk-1234567890abcdef', "warning: <redacted>"],
      ['{"a":1}{"output":"of a model"}', "another value follows"]
    ] as const) {
      const reason = Classification.unreadable(text)
      assert.strictEqual(reason.issue, "trailing", text)
      assert.strictEqual(reason.message, `the answer goes on behind its end: ${rest}`)
    }
  })
})

/** What a function throws. */
const thrownBy = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return error
  }
  return assert.fail("nothing was thrown")
}

describe("Classification of what reading an answer throws", () => {
  it("knows what the JSON parser says, and what is not the parser's", () => {
    assert.strictEqual(Classification.jsonIssue(thrownBy(() => JSON.parse('{"a":'))), "truncated")
    const html = thrownBy(() => JSON.parse("<html>"))
    assert.strictEqual(Classification.jsonIssue(new Error("reading failed", { cause: html })), "not-json")
    for (const thrown of [new SyntaxError("missing ) in expression"), new Error("JSON"), "JSON", undefined]) {
      assert.isUndefined(Classification.jsonIssue(thrown))
    }
  })

  it("knows what each decompressor says", () => {
    const bytes = Buffer.from("this is not compressed")
    for (const read of [gunzipSync, inflateSync, brotliDecompressSync, zstdDecompressSync]) {
      const reason = Classification.wrongEncoding(thrownBy(() => read(bytes)))
      assert.strictEqual(reason?.issue, "encoding", read.name)
    }
    assert.isUndefined(Classification.wrongEncoding(new Error("Z_")))
  })
})
