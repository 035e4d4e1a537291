import { PolicyError } from "@causeway/core/PolicyError"
import * as Breaker from "@causeway/resilience/Breaker"
import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { failure, reasons } from "./fixtures/calls.ts"

const fault = Effect.fail(failure(reasons.fault))

/** Makes one call after another that ends so, as far as the breaker lets it. */
const calls = (
  { circuit }: Breaker.Breaker,
  now: number,
  ...outcomes: ReadonlyArray<Breaker.Outcome | readonly [Breaker.Outcome, number]>
): number => {
  let made = 0
  for (const each of outcomes) {
    const [outcome, elapsed] = typeof each === "string" ? [each, 1] : each
    const permit = circuit.admit(now)
    if (permit === undefined) continue
    made++
    permit.end(now, outcome, elapsed)
  }
  return made
}

const times = (count: number, outcome: Breaker.Outcome): ReadonlyArray<Breaker.Outcome> =>
  Array.from({ length: count }, () => outcome)

const open = (options: Breaker.Options = {}): Breaker.Breaker => {
  const breaker = Breaker.make(options)
  calls(breaker, 0, ...times(5, "failure"))
  assert.strictEqual(breaker.circuit.state(0), "open")
  return breaker
}

const recovering = () => {
  const breaker = open({ open: "1 second", steps: [0.1, 0.5], step: "400 millis" })
  breaker.circuit.admit(1000)?.end(1000, "success", 1)
  return breaker
}

/** How long it stays open each time, where every probe ends so after so many milliseconds. */
const openTimes = (probeMs: number, outcome: Breaker.Outcome = "failure") => {
  const { circuit } = open({ open: "1 second", maxOpen: "3 seconds" })
  const waits: Array<number> = []
  let now = 0
  for (let opening = 0; opening < 4; opening++) {
    waits.push(circuit.retryInMs(now))
    now += circuit.retryInMs(now)
    circuit.admit(now)?.end(now + probeMs, outcome, probeMs)
    now += probeMs
  }
  return waits
}

describe("a breaker opens", () => {
  it("after failures in a row, which a success interrupts and an ignored call does not", () => {
    const breaker = Breaker.make()
    calls(breaker, 0, ...times(4, "failure"), "success", ...times(4, "failure"), "ignored")
    assert.strictEqual(breaker.circuit.state(0), "closed")
    calls(breaker, 0, "failure")
    assert.strictEqual(breaker.circuit.state(0), "open")
  })

  it("whatever comes in of what was sent before the failures began", () => {
    const { circuit } = Breaker.make()
    const early = Array.from({ length: 5 }, () => circuit.admit(0))
    for (const each of early) {
      circuit.admit(1)?.end(1, "failure", 1)
      each?.end(1, "success", 1)
    }
    assert.strictEqual(circuit.state(1), "open")
  })

  it("not as long as calls are under way that were sent among those that failed", () => {
    const { circuit } = Breaker.make()
    const slow: Array<Breaker.Permit | undefined> = []
    for (let call = 0; call < 10; call++) {
      slow.push(circuit.admit(call))
      slow[call - 4]?.end(call, "success", 4)
      circuit.admit(call)?.end(call, "failure", 1)
    }
    assert.strictEqual(circuit.state(10), "closed")
  })

  it("at a share of failures within its window, and of no fewer calls than it needs", () => {
    const breaker = Breaker.make({ rate: { share: 0.5, minimum: 10 } })
    for (let call = 0; call < 4; call++) calls(breaker, 0, "failure", "success")
    calls(breaker, 0, "failure")
    assert.strictEqual(breaker.circuit.state(0), "closed")
    calls(breaker, 0, "failure")
    assert.strictEqual(breaker.circuit.state(0), "open")
  })

  it("not for what is older than its window", () => {
    const breaker = Breaker.make({ rate: { share: 0.5, minimum: 10 }, window: "10 seconds" })
    for (let call = 0; call < 4; call++) calls(breaker, 0, "failure", "success")
    calls(breaker, 11_000, "failure", "success", "failure", "success")
    assert.strictEqual(breaker.circuit.state(11_000), "closed")
  })

  it("at a share of slow calls, by its own limit or by what its caller saw", () => {
    const breaker = Breaker.make({ slow: { share: 0.5, minimum: 4, over: "1 second" } })
    calls(breaker, 0, "success", "success", ["success", 1001])
    assert.strictEqual(breaker.circuit.state(0), "closed")
    calls(breaker, 0, "slow")
    assert.strictEqual(breaker.circuit.state(0), "open")
  })

  it("not at 30 slow of 100 calls by default", () => {
    const breaker = Breaker.make()
    for (let call = 0; call < 10; call++) calls(breaker, 0, ...times(7, "success"), ...times(3, "slow"))
    assert.strictEqual(breaker.circuit.state(0), "closed")
  })
})

describe("an open breaker", () => {
  it("lets one probe through when its time is over, and no second one beside it", () => {
    const { circuit } = open({ open: "1 second" })
    assert.isUndefined(circuit.admit(999))
    const probe = circuit.admit(1000)
    assert.isTrue(probe?.isProbe)
    assert.strictEqual(circuit.state(1000), "probing")
    assert.isUndefined(circuit.admit(1000))
    probe?.end(1100, "success", 100)
    assert.strictEqual(circuit.state(1100), "recovering")
  })

  it("frees the slot of a probe that is ignored, and of one that hangs", () => {
    const { circuit } = open({ open: "1 second", probe: "5 seconds" })
    const first = circuit.admit(1000)
    first?.end(1000, "ignored", 0)
    const hung = circuit.admit(1000)
    assert.isTrue(hung?.isProbe)
    assert.isUndefined(circuit.admit(5999))
    const next = circuit.admit(6000)
    assert.isTrue(next?.isProbe)
    // What the hung one says at last frees no other's slot.
    hung?.end(6100, "ignored", 5100)
    assert.isUndefined(circuit.admit(6100))
    next?.end(6200, "failure", 200)
    assert.strictEqual(circuit.state(6200), "open")
  })

  it("stays open twice as long with every probe that somebody waited for, up to its limit", () => {
    assert.deepStrictEqual(openTimes(501), [1000, 2000, 3000, 3000])
    assert.deepStrictEqual(openTimes(100, "slow"), [1000, 2000, 3000, 3000])
  })

  it("stays open no longer where its probes fail soon", () => {
    assert.deepStrictEqual(openTimes(500), [1000, 1000, 1000, 1000])
  })

  it("stays open twice as long with every relapse", () => {
    const { circuit } = open({ open: "1 second" })
    const waits: Array<number> = []
    let now = 0
    for (let relapse = 0; relapse < 3; relapse++) {
      waits.push(circuit.retryInMs(now))
      now += circuit.retryInMs(now)
      circuit.admit(now)?.end(now, "success", 1)
      while (circuit.state(now) === "recovering") circuit.admit(now)?.end(now, "failure", 1)
    }
    assert.deepStrictEqual(waits, [1000, 2000, 4000])
  })

  it("learns nothing from calls of before it opened", () => {
    const { circuit } = Breaker.make({ consecutive: 1, open: "1 second" })
    const early = circuit.admit(0)
    circuit.admit(0)?.end(0, "failure", 1)
    early?.end(10, "success", 10)
    assert.strictEqual(circuit.state(10), "open")
  })

  it("nor does it on its way back", () => {
    const breaker = Breaker.make({ open: "1 second" })
    const early = Array.from({ length: 5 }, () => breaker.circuit.admit(0))
    calls(breaker, 0, ...times(5, "failure"))
    // What was sent before it opened fails late.
    breaker.circuit.admit(1000)?.end(1000, "success", 1)
    for (const each of early) each?.end(1010, "failure", 1010)
    assert.strictEqual(breaker.circuit.state(1010), "recovering")
  })

  it("is not closed by a 429, which says nothing of its health", () => {
    const breaker = open({ open: "1 second" })
    calls(breaker, 1000, "ignored")
    assert.strictEqual(breaker.circuit.state(1000), "open")
  })
})

describe("a breaker on its way back", () => {
  it("lets a tenth through, then a half, then all", () => {
    const breaker = recovering()
    assert.isAtMost(calls(breaker, 1010, ...times(100, "success")), 12)
    calls(breaker, 1400, "success")
    assert.closeTo(calls(breaker, 1401, ...times(100, "success")), 50, 2)
    calls(breaker, 1801, ...times(2, "success"))
    assert.strictEqual(breaker.circuit.state(1801), "closed")
    assert.strictEqual(calls(breaker, 1802, ...times(100, "success")), 100)
  })

  it("does not go on without a success", () => {
    const breaker = recovering()
    assert.strictEqual(breaker.circuit.state(60_000), "recovering")
  })

  it("opens again at two failures in a row, for longer", () => {
    const breaker = recovering()
    calls(breaker, 1010, "failure", ...times(20, "failure"))
    assert.strictEqual(breaker.circuit.state(1010), "open")
    assert.strictEqual(breaker.circuit.retryInMs(1010), 2000)
  })
})

describe("an operator's hand", () => {
  it.effect("opens, closes and lets go", () =>
    Effect.gen(function* () {
      const breaker = Breaker.make()
      yield* breaker.force("open")
      const refused = yield* Effect.succeed(1).pipe(Breaker.apply(breaker), Effect.flip)
      assert.instanceOf(refused, PolicyError)
      assert.strictEqual(refused.reason._tag, "CircuitOpen")
      yield* breaker.force("closed")
      for (let call = 0; call < 9; call++) yield* Effect.exit(Breaker.apply(breaker)(fault))
      assert.strictEqual(yield* breaker.state, "closed")
      yield* breaker.force("auto")
      assert.strictEqual(yield* breaker.state, "open")
      yield* breaker.reset
      assert.strictEqual(yield* Breaker.apply(breaker)(Effect.succeed(1)), 1)
    })
  )

  it("only watches where it is told to", () => {
    const breaker = open({ observe: true })
    assert.strictEqual(calls(breaker, 10, ...times(9, "failure")), 9)
    assert.strictEqual(breaker.circuit.state(10), "open")
  })
})

describe("apply", () => {
  it.effect("does not run the effect while it is open, and says when to come back", () =>
    Effect.gen(function* () {
      const breaker = Breaker.make({ consecutive: 1, open: "3 seconds" })
      yield* Effect.flip(Breaker.apply(breaker)(fault))
      const error = yield* Effect.flip(Breaker.apply(breaker)(Effect.die("it ran")))
      assert.strictEqual(error.message, "CircuitOpen: the breaker is open")
    })
  )

  it.effect("counts neither the caller's fault, nor a 429, nor a defect, nor an interruption", () =>
    Effect.gen(function* () {
      const breaker = Breaker.make({ consecutive: 1 })
      for (const reason of [reasons.invalid, reasons.rateLimited]) {
        yield* Effect.exit(Breaker.apply(breaker)(Effect.fail(failure(reason))))
      }
      yield* Effect.exit(Breaker.apply(breaker)(Effect.die("a mistake")))
      const fiber = yield* Effect.forkChild(Breaker.apply(breaker)(Effect.never), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* breaker.state, "closed")
    })
  )

  it.effect.prop(
    "loses no probe's slot, however its caller goes away",
    { after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2000 })), fails: Schema.Boolean },
    ({ after, fails }) =>
      Effect.gen(function* () {
        const breaker = Breaker.make({ consecutive: 1, open: "1 second", maxOpen: "1 second", steps: [] })
        yield* Effect.exit(Breaker.apply(breaker)(fault))
        yield* TestClock.adjust("1 second")
        const slow = Effect.andThen(Effect.sleep("1 second"), fails ? fault : Effect.void)
        const fiber = yield* Effect.forkChild(Breaker.apply(breaker)(slow), { startImmediately: true })
        yield* TestClock.adjust(after)
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("2 seconds")
        yield* Breaker.apply(breaker)(Effect.void)
        assert.strictEqual(yield* breaker.state, "closed")
      })
  )
})

describe("make", () => {
  it("refuses options that contradict each other, and names both", () => {
    assert.throws(
      () => Breaker.make({ open: "10 seconds", maxOpen: "5 seconds" }),
      InvalidPolicy,
      "policy option breaker.open: got 10s, allowed is at most breaker.maxOpen, which is 5s"
    )
    assert.throws(() => Breaker.make({ consecutive: 0 }), InvalidPolicy, "breaker.consecutive: got 0")
    assert.throws(() => Breaker.make({ rate: { share: 2 } }), InvalidPolicy, "breaker.rate.share: got 2")
    assert.throws(() => Breaker.make({ steps: [0] }), InvalidPolicy, "breaker.steps[0]: got 0")
  })
})
