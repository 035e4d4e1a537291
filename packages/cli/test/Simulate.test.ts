import * as Simulate from "@causeway/cli/Simulate"
import * as Fault from "@causeway/simulator/Fault"
import type { SeenRequest } from "@causeway/simulator/SeenRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

const options = (flags: Simulate.Flags) => Result.getOrThrow(Simulate.optionsOf(flags))

const seen: SeenRequest = {
  number: 7,
  id: "sim-req-7",
  method: "POST",
  path: "/v1/chat/completions",
  headers: [],
  model: "gpt-5",
  fault: undefined,
  phase: undefined,
  status: 200,
  stream: false,
  fields: [],
  bytes: 60,
  body: undefined,
  bearer: false,
  connection: 1,
  socketOpen: true,
  outcome: "answered",
  millis: 41.4
}

describe("Simulate", () => {
  it("takes port 9000, and nothing else, by itself", () => {
    assert.deepStrictEqual(options({}), { port: 9000 })
  })

  it("reads every flag", () => {
    assert.deepStrictEqual(
      options({
        port: "0",
        fault: "overloaded?share=0.3",
        latency: "typical",
        rateLimit: "20/second",
        tokenLimit: "6000/5 minutes",
        seed: "7",
        recordBodies: true
      }),
      {
        port: 0,
        seed: 7,
        latency: "typical",
        rateLimit: { requests: { limit: 20, per: "1 second" }, tokens: { limit: 6000, per: "5 minutes" } },
        fault: "overloaded?share=0.3",
        recordBodies: true
      }
    )
    assert.deepStrictEqual(options({ latency: "80 millis" }).latency, { answer: "80 millis" })
    assert.deepStrictEqual(options({ latency: "1 second, 20 millis" }).latency, {
      answer: "1 second",
      event: "20 millis"
    })
  })

  it.each([
    [{ port: "70000" }, "--port"],
    [{ port: "9e3" }, "--port"],
    [{ seed: "-1" }, "--seed"],
    [{ fault: "nope" }, "--fault"],
    [{ latency: "quick" }, "--latency"],
    [{ latency: "1 second,2 seconds,3 seconds" }, "--latency"],
    [{ rateLimit: "20" }, "--rate-limit"],
    [{ rateLimit: "0/second" }, "--rate-limit"],
    [{ tokenLimit: "20/blink" }, "--token-limit"]
  ] as const)("refuses %j with an error that names the flag", (flags, flag) => {
    const { message } = Result.getOrThrow(Result.flip(Simulate.optionsOf(flags)))
    assert.match(message, new RegExp(`^${flag} is ".*", and has to be `))
  })

  it("lists each fault with its sentence", () => {
    const lines = Simulate.list().split("\n")
    for (const { description, name } of Fault.all) {
      assert.isTrue(
        lines.some((line) => line.startsWith(`  ${name} `) && line.endsWith(description)),
        name
      )
    }
  })

  it("tells of a request in one line, whatever the client wrote into it", () => {
    assert.strictEqual(Simulate.line(seen), "#7 POST /v1/chat/completions gpt-5 200 answered 41ms")
    assert.strictEqual(
      Simulate.line({
        ...seen,
        model: "a\u001b[31m\nb",
        stream: true,
        status: undefined,
        outcome: "broken",
        fault: "reset",
        phase: "outage"
      }),
      "#7 POST /v1/chat/completions a\\u001b[31m b stream - broken 41ms fault=reset phase=outage"
    )
  })
})
