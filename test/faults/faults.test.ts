/**
 * Every fault of the simulator by every kind of call, through `OpenAiClient` and
 * the relay: reason, consequence, evidence, time, and the report for people.
 * `test/full/faults.test.ts` adds retries, the bare SDK and workers.
 */
import * as Address from "@causeway/simulator/Address"
import * as Fault from "@causeway/simulator/Fault"
import { Simulator } from "@causeway/simulator/Simulator"
import { assert, describe, expect, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { byClient, byRelay, type Call, kinds } from "./calls.ts"
import { bound, check, failureOf, limitsOf, reportOf } from "./check.ts"
import { addresses, cases, modelOf, table, urlOf } from "./table.ts"

const once = { seen: 1, allowed: 1 } as const

describe("the table", () => {
  it("has a row for every fault, and none for another", () => {
    assert.sameMembers(
      Object.keys(table),
      Fault.all.map(({ name }) => name)
    )
    assert.sameMembers(
      Object.keys(addresses),
      Address.all.map(({ name }) => name)
    )
  })

  it("calls nothing a fault that is none, and nothing harmless that is one", () => {
    const whole = Fault.all.filter(({ kinds, name }) => kinds.every((kind) => table[name]?.[kind] === "answered"))
    assert.sameMembers(
      whole.map(({ name }) => name),
      [...Fault.all.filter(Fault.isHarmless).map(({ name }) => name), ...takenAsAnswers]
    )
  })
})

/** Faults that a client may take as answers: what is over after some attempts, a head without a type, text behind the end. */
const takenAsAnswers = ["flaky", "no-content-type", "after-done"]

layer(Simulator.layer(), { excludeTestServices: true })("a call", (it) => {
  // What is over after some attempts needs a client that makes them.
  for (const [name, row, address] of cases.filter(([name]) => name !== "flaky")) {
    it.effect(`${address === undefined ? "fault" : "address"} ${name}`, () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const url = yield* urlOf(simulator, address)
        const calls = kinds.map((kind): Call => ({ url, model: modelOf(name), kind, limits: limitsOf(name) }))
        const errors = yield* Effect.forEach(
          calls,
          Effect.fnUntraced(function* (call) {
            const [client, relay] = yield* Effect.all(
              [byClient(call, 0), byRelay(call)].map((made) => Effect.exit(Effect.timeout(made, bound))),
              { concurrency: "unbounded" }
            )
            const error = client && failureOf(client, name)
            check(`client, ${call.kind}`, error, row[call.kind], once)
            check(`relay, ${call.kind}`, relay && failureOf(relay, name), row[call.kind], once)
            return error
          }),
          { concurrency: "unbounded" }
        )
        // A first report of each fault is kept; the other kinds of call differ in their operation.
        const error = errors.find((error) => error !== undefined)
        if (error !== undefined) expect(reportOf(error)).toMatchSnapshot()
      })
    )
  }
})
