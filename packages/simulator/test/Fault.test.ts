import { readFileSync } from "node:fs"
import * as Address from "@causeway/simulator/Address"
import * as Fault from "@causeway/simulator/Fault"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chat, connect, dataOf, exchange, message, type Message, post, type Wire } from "./fixtures/wire.ts"

type Check = (message: Message, wire: Wire) => void

interface Expected {
  readonly plain: Check
  readonly stream: Check
}

/** Both kinds of call get the same. */
const both = (check: Check): Expected => ({ plain: check, stream: check })

/** A whole error in OpenAI's shape. */
const problem =
  (status: number, code: string | null, headers: Readonly<Record<string, string>> = {}): Check =>
  (answer, wire) => {
    assert.strictEqual(wire.error, undefined)
    assert.isTrue(answer.isWhole)
    assert.strictEqual(answer.status, status)
    assert.strictEqual(answer.headers["content-type"], "application/json")
    assert.containSubset(answer.headers, headers)
    const { error } = JSON.parse(answer.body)
    assert.deepStrictEqual(Object.keys(error), ["message", "type", "param", "code"])
    assert.strictEqual(error.code, code)
  }

/** A whole answer of a proxy. */
const proxy =
  (status: number, server: string, body: string): Check =>
  (answer) => {
    assert.isTrue(answer.isWhole)
    assert.strictEqual(answer.status, status)
    assert.strictEqual(answer.headers["server"], server)
    assert.include(answer.body, body)
  }

/** A plain answer of which only a part came. */
const partial =
  (error: string | undefined): Check =>
  (answer, wire) => {
    assert.strictEqual(wire.error, error)
    assert.strictEqual(answer.status, 200)
    assert.isFalse(answer.isWhole)
    assert.match(answer.body, /^\{"id":"chatcmpl-sim-/)
    assert.throws(() => JSON.parse(answer.body))
  }

/** The first three events of a stream, and what came behind them. */
const begun = (answer: Message): string => {
  assert.strictEqual(answer.status, 200)
  assert.match(answer.headers["content-type"] ?? "", /^text\/event-stream/)
  const [first = "", second = "", third = "", ...rest] = answer.body.split("\n\n")
  assert.include(first, '"role":"assistant"')
  assert.include(second, '"content":"You"')
  assert.include(third, '"content":" said:"')
  return rest.join("\n\n")
}

const good: Check = (answer, wire) => {
  assert.strictEqual(wire.error, undefined)
  assert.strictEqual(answer.status, 200)
  assert.isTrue(answer.isWhole)
  assert.include(JSON.parse(answer.body).choices[0].message.content, "good day")
}

/** What each fault does, except for those that never end. */
const expected: Readonly<Record<string, Expected>> = {
  "no-healthy-upstream": both((answer) => {
    proxy(503, "envoy", "no healthy upstream")(answer, { text: "", error: undefined })
    assert.strictEqual(answer.headers["content-type"], "text/plain")
    assert.strictEqual(answer.body, "no healthy upstream")
  }),
  "rate-limited": both(
    problem(429, "rate_limit_exceeded", {
      "retry-after": "2",
      "retry-after-ms": "2000",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "2s"
    })
  ),
  quota: both((answer, wire) => {
    problem(429, "insufficient_quota")(answer, wire)
    assert.notProperty(answer.headers, "retry-after")
  }),
  overloaded: both(problem(503, "overloaded", { "retry-after": "1" })),
  unauthorized: both((answer, wire) => {
    problem(401, "invalid_api_key")(answer, wire)
    assert.match(answer.body, /sk-simul\*+0000/)
  }),
  "cut-stream": {
    plain: partial(undefined),
    stream: (answer, wire) => {
      assert.strictEqual(wire.error, undefined)
      assert.isTrue(answer.isWhole)
      assert.strictEqual(begun(answer), "")
    }
  },
  "stream-error": {
    plain: problem(500, null),
    stream: (answer, wire) => {
      assert.strictEqual(wire.error, undefined)
      assert.isTrue(answer.isWhole)
      const [error, ...rest] = dataOf(begun(answer))
      assert.nestedPropertyVal(error, "error.type", "server_error")
      assert.deepStrictEqual(rest, [])
    }
  },
  html: both((answer) => {
    assert.strictEqual(answer.status, 200)
    assert.match(answer.headers["content-type"] ?? "", /^text\/html/)
    assert.match(answer.body, /^<!doctype html>/)
  }),
  empty: both((answer) => {
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.headers["content-length"], "0")
    assert.strictEqual(answer.body, "")
  }),
  reset: both((_, wire) => assert.deepStrictEqual(wire, { text: "", error: "ECONNRESET" })),
  "server-error": both(problem(500, null)),
  "context-length": both(problem(400, "context_length_exceeded")),
  "content-filter": both(problem(400, "content_filter")),
  "model-not-found": both(problem(404, "model_not_found")),
  "gateway-timeout": both(proxy(504, "envoy", "upstream request timeout")),
  "gateway-reset": both(proxy(503, "envoy", "reset reason: connection termination")),
  "gateway-overflow": both((answer, wire) => {
    proxy(503, "envoy", "reset reason: overflow")(answer, wire)
    assert.strictEqual(answer.headers["x-envoy-overloaded"], "true")
  }),
  "bad-gateway": both(proxy(502, "nginx", "502 Bad Gateway")),
  "truncated-json": {
    plain: (answer) => {
      assert.isTrue(answer.isWhole)
      assert.strictEqual(answer.status, 200)
      assert.throws(() => JSON.parse(answer.body))
    },
    stream: (answer) => {
      assert.isTrue(answer.isWhole)
      assert.strictEqual(begun(answer), 'data: {"id":"chatcmpl-sim"')
    }
  },
  "reset-body": {
    plain: partial("ECONNRESET"),
    stream: (answer, wire) => {
      assert.strictEqual(wire.error, "ECONNRESET")
      assert.isFalse(answer.isWhole)
      assert.strictEqual(begun(answer), "")
    }
  },
  "stream-reset": {
    plain: partial("ECONNRESET"),
    stream: (answer, wire) => {
      assert.strictEqual(wire.error, "ECONNRESET")
      assert.isFalse(answer.isWhole)
      assert.strictEqual(begun(answer), 'data: {"id":')
    }
  },
  "error-in-200": both(problem(200, null)),
  "wrong-shape": both((answer) => {
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.body, "[null]")
  }),
  "error-first": {
    plain: problem(500, null),
    stream: (answer) => {
      assert.isTrue(answer.isWhole)
      const [error, ...rest] = dataOf(answer.body)
      assert.nestedPropertyVal(error, "error.type", "server_error")
      assert.deepStrictEqual(rest, [])
    }
  },
  "malformed-event": {
    plain: good,
    stream: (answer) => {
      const [broken, next] = dataOf(begun(answer))
      assert.strictEqual(broken, '{"id":')
      assert.nestedPropertyVal(next, "choices[0].delta.content", ' "good')
      assert.match(answer.body, /data: \[DONE\]\n\n$/)
    }
  },
  "no-finish": {
    plain: good,
    stream: (answer) => {
      assert.include(begun(answer), "running)")
      assert.notMatch(answer.body, /"finish_reason":"/)
      assert.match(answer.body, /data: \[DONE\]\n\n$/)
    }
  },
  "odd-framing": {
    plain: good,
    stream: (answer) => {
      assert.isTrue(answer.isWhole)
      assert.include(answer.body, "\r\n: \u2713\r\n\r\n")
      const normal = answer.body.replaceAll("\r\n", "\n").replaceAll(": \u2713\n", "")
      assert.strictEqual(dataOf(normal).length, 15)
      assert.strictEqual(dataOf(normal).at(-1), "[DONE]")
    }
  },
  "not-http": both((_, wire) => assert.deepStrictEqual(wire, { text: "SSH-2.0-OpenSSH_9.9\r\n", error: undefined })),
  "broken-gzip": both((answer) => {
    assert.strictEqual(answer.headers["content-encoding"], "gzip")
    assert.strictEqual(answer.body, "{}")
  })
}

/** These never end, and have tests of their own below. */
const endless = ["stall", "stall-body"]

describe("Fault", () => {
  it("has a row for each test", () => {
    assert.includeMembers(
      Fault.all.map(({ name }) => name),
      [...Object.keys(expected), ...endless]
    )
  })

  it("names each row once, and describes it in a line", () => {
    const names = Fault.all.map(({ name }) => name)
    assert.strictEqual(new Set(names).size, names.length)
    for (const { description, kinds, name } of Fault.all) {
      assert.match(name, /^[a-z0-9-]+$/)
      assert.match(description, /^[^\n]{8,120}$/, name)
      assert.isAbove(kinds.length, 0, name)
    }
  })

  it("shows the twelve faults of the demonstration first", () => {
    assert.deepStrictEqual(
      Fault.all.slice(0, 12).map(({ name }) => name),
      [
        "no-healthy-upstream",
        "rate-limited",
        "quota",
        "overloaded",
        "unauthorized",
        "stall",
        "stall-body",
        "cut-stream",
        "stream-error",
        "html",
        "empty",
        "reset"
      ]
    )
  })

  it("has each row in the documentation", () => {
    const docs = readFileSync(new URL("../../../docs/simulator.md", import.meta.url), "utf8")
    const [, faults = ""] = docs.split("\n## The faults\n")
    const rows = faults.split("\n").flatMap((line) => {
      const [, name, description] = /^\| `([a-z0-9-]+)` +\| (.+?) +\|$/.exec(line) ?? []
      return name === undefined ? [] : [`${name}: ${description}`]
    })
    assert.sameMembers(
      rows,
      Fault.all.map(({ description, name }) => `${name}: ${description}`)
    )
    for (const { description, name } of Address.all) {
      assert.include(docs, `| \`${name}\``)
      assert.include(docs, description)
    }
  })

  it("reads a model's name", () => {
    assert.strictEqual(Fault.parse("fault:stall")?.times, Number.POSITIVE_INFINITY)
    assert.strictEqual(Fault.parse("fault:stall*12")?.times, 12)
    assert.strictEqual(Fault.parse("stall?n=12")?.times, 12)
    assert.strictEqual(Fault.parse("flaky")?.times, 2)
    const slow = Fault.parse("fault:slow?millis=5&share=0.5&delay=7")
    assert.deepStrictEqual([slow?.value("millis"), slow?.share, slow?.delay], [5, 0.5, 7])
    assert.strictEqual(Fault.parse("slow")?.value("millis"), 3_000)
    for (const model of [
      "fault:",
      "fault:nope",
      "fault:stall*",
      "fault:stall*0",
      "fault:stall*-1",
      "Fault:stall",
      "stall?n=0",
      "stall?n=1.5",
      "stall*2?n=2",
      "stall?n=2&n=3",
      "stall?share=1.1",
      "stall?share=",
      "stall?millis=5",
      "slow?millis=-1",
      "slow?millis=5?millis=6",
      "stall?delay=Infinity"
    ]) {
      assert.strictEqual(Fault.parse(model), undefined, model)
    }
  })
})

layer(Simulator.layer())("on the wire", (it) => {
  const kinds = Object.entries(expected).flatMap(([name, { plain, stream }]) => [
    [name, "a plain call", plain, false] as const,
    [name, "a stream", stream, true] as const
  ])
  it.effect.each(kinds)("fault:%s does to %s what it says", ([name, , check, stream]) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const wire = yield* exchange(simulator, chat(`fault:${name}`, { stream }))
      const answer = message(wire.text)
      check(answer, wire)
      const isHttp = wire.text.startsWith("HTTP/1.1 ")
      if (isHttp) {
        assert.match(answer.headers["x-request-id"] ?? "", /^sim-req-\d+$/)
        const befalls = Fault.parse(name)?.fault.kinds.includes(stream ? "stream" : "json")
        assert.strictEqual(answer.headers["x-causeway-simulator"], befalls === true ? name : "no-fault")
      }
    })
  )

  it.effect("stall answers nothing until the client leaves", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const connection = yield* connect(simulator)
      connection.send(chat("fault:stall"))
      const { number } = yield* simulator.awaitRequest(({ fault }) => fault === "stall")
      yield* connection.leave
      const seen = yield* simulator.awaitClosed(number)
      assert.strictEqual((yield* connection.closed).text, "")
      assert.strictEqual(seen.outcome, "abandoned")
    })
  )

  it.effect("stall-body answers half of a body, or some events, and then nothing", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const plain = yield* connect(simulator)
      plain.send(chat("fault:stall-body"))
      const half = message(yield* plain.until('"choices"'))
      const stream = yield* connect(simulator)
      stream.send(chat("fault:stall-body", { stream: true }))
      const events = message(yield* stream.until(" said:"))
      yield* plain.leave
      yield* stream.leave
      partial(undefined)(half, { text: "", error: undefined })
      assert.strictEqual(events.isWhole, false)
      assert.strictEqual(begun(message((yield* stream.closed).text)), "")
    })
  )

  const statuses = Fault.all.flatMap(({ description, name }) => {
    const [, status] = /^(\d{3}) /.exec(description) ?? []
    return status === undefined || expected[name] !== undefined || endless.includes(name)
      ? []
      : [[name, Number(status)] as const]
  })
  it.effect.each(statuses.filter(([name]) => !/^(?:oversized|gzip-bomb|stall)/.test(name)))(
    "fault:%s has the status that it says: %i",
    ([name, status]) =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        for (const stream of [false, true]) {
          const { text } = yield* exchange(simulator, chat(`fault:${name}`, { stream }))
          const isHit = Fault.parse(name)?.fault.kinds.includes(stream ? "stream" : "json") === true
          assert.match(text, new RegExp(`^HTTP/1.1 ${isHit && name !== "flaky" ? status : "\\d+"} `), name)
        }
      })
  )

  it.effect("a fault of embeddings is that of a plain call", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const embed = (model: string) => post(simulator, "/embeddings", { model, input: "x", stream: true })
      const limited = yield* embed("fault:rate-limited")
      const truncated = yield* embed("fault:truncated-json")
      assert.strictEqual(limited.status, 429)
      assert.strictEqual(truncated.json, undefined)
      assert.match(truncated.text, /^\{"object":"list"/)
    })
  )
})
