import { InvalidPolicy } from "@causeway/resilience/InvalidPolicy"
import * as Policy from "@causeway/resilience/Policy"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"

/** What is said about options that TypeScript may not let pass, as they come from a file. */
const refusal = (options: unknown): string => {
  try {
    Reflect.apply(Policy.make, undefined, [options])
  } catch (error) {
    assert.instanceOf(error, InvalidPolicy)
    return error.message
  }
  return assert.fail("it was taken")
}

describe("make", () => {
  it("has a default for everything", () => {
    const { attempt, deadline, fallback, firstElement, idle, replay, retry } = Policy.make()
    assert.strictEqual(deadline, undefined)
    assert.isFalse(Duration.isFinite(attempt))
    assert.deepStrictEqual([firstElement, idle].map(Duration.toMillis), [60_000, 60_000])
    assert.strictEqual(Duration.toMillis(retry.maxRetryAfter), 60_000)
    assert.deepStrictEqual([retry.times, Duration.toMillis(retry.base), Duration.toMillis(retry.max)], [2, 500, 8000])
    assert.deepStrictEqual(Object.values(fallback), [[], [], [], []])
    assert.strictEqual(replay, "safe")
  })

  it("takes what is said, and nothing is left out", () => {
    const policy = Policy.make({
      deadline: "2 minutes",
      attempt: "30 seconds",
      firstElement: "Infinity",
      idle: 5000,
      retry: { times: 0, base: "1 second", max: "2 seconds" },
      fallback: { any: ["a", "b"], "other-credential": ["c"] },
      replay: "never"
    })
    assert.strictEqual(Duration.toMillis(policy.deadline ?? 0), 120_000)
    assert.deepStrictEqual(
      [policy.attempt, policy.firstElement, policy.idle].map((limit) => Duration.toMillis(limit)),
      [30_000, Number.POSITIVE_INFINITY, 5000]
    )
    assert.deepStrictEqual(policy.fallback, {
      any: ["a", "b"],
      "larger-context": [],
      "other-provider": [],
      "other-credential": ["c"]
    })
  })

  it("keeps its own copy of a list", () => {
    const fallback = ["a"]
    const policy = Policy.make({ fallback })
    fallback.push("b")
    assert.deepStrictEqual(policy.fallback.any, ["a"])
  })

  it("recognises a policy", () => {
    assert.isTrue(Policy.isPolicy(Policy.make()))
    assert.isFalse(Policy.isPolicy({ deadline: "1 second" }))
    assert.isFalse(Policy.isPolicy(undefined))
  })

  it.each([
    [null, "policy option options: got null, allowed is an object of deadline, attempt"],
    [[], "policy option options: got an empty list, allowed is an object of"],
    [
      { dedline: "1 second" },
      "policy option dedline: got an unknown option, allowed is deadline, attempt, firstElement"
    ],
    [
      { retry: { time: 1 } },
      "policy option retry.time: got an unknown option, allowed is times, base, max, maxRetryAfter"
    ],
    [{ deadline: [[]] }, "policy option deadline: got an empty list, allowed is a time above zero"],
    [{ retry: 3 }, "policy option retry: got 3, allowed is an object of times"],
    [{ retry: { times: -1 } }, "policy option retry.times: got -1, allowed is a whole number, 0 to 100"],
    [{ retry: { times: 1.5 } }, "policy option retry.times: got 1.5,"],
    [{ retry: { times: 101 } }, "policy option retry.times: got 101,"],
    [{ retry: { times: "2" } }, 'policy option retry.times: got "2",'],
    [
      { retry: { base: "Infinity" } },
      'policy option retry.base: got "Infinity", allowed is a time above zero such as "5 seconds"'
    ],
    [{ retry: { maxRetryAfter: 0 } }, "policy option retry.maxRetryAfter: got 0, allowed is a time above zero"],
    [{ retry: { maxRetryAfter: Number.NaN } }, "policy option retry.maxRetryAfter: got NaN,"],
    [{ retry: { base: "9 seconds" } }, "policy option retry.base: got 9s, allowed is at most retry.max, which is 8s"],
    [{ deadline: 0 }, "policy option deadline: got 0, allowed is a time above zero"],
    [{ deadline: "soon" }, 'policy option deadline: got "soon",'],
    [{ deadline: "-5 seconds" }, 'policy option deadline: got "-5 seconds",'],
    [{ deadline: Number.NaN }, "policy option deadline: got NaN,"],
    [{ deadline: {} }, "policy option deadline: got [object Object],"],
    [{ deadline: Object.create(null) }, "policy option deadline: got object,"],
    [
      { deadline: "1 second", attempt: "2 seconds" },
      "policy option attempt: got 2s, allowed is at most the deadline, which is 1s"
    ],
    [{ attempt: "11 minutes" }, "policy option attempt: got 11m, allowed is at most the deadline, which is 10m"],
    [
      { deadline: "1 second", firstElement: "1 minute" },
      "policy option firstElement: got 1m, allowed is at most the deadline"
    ],
    [{ deadline: "1 second", idle: "1 minute" }, "policy option idle: got 1m, allowed is at most the deadline"],
    [{ fallback: ["a", ""] }, 'policy option fallback[1]: got "", allowed is the name of an upstream'],
    [{ fallback: ["a", 1] }, "policy option fallback[1]: got 1, allowed is the name of an upstream"],
    [{ fallback: ["a", "b", "a"] }, 'policy option fallback[2]: got "a", allowed is each upstream once'],
    [
      { fallback: { outage: ["a"] } },
      "policy option fallback.outage: got an unknown option, allowed is any, larger-context"
    ],
    [{ fallback: { any: ["a", "a"] } }, 'policy option fallback.any[1]: got "a", allowed is each upstream once'],
    [
      { fallback: { any: "a" } },
      'policy option fallback.any: got "a", allowed is a list of at most 100 names of upstreams'
    ],
    [
      { fallback: "backup" },
      'policy option fallback: got "backup", allowed is a list such as ["backup"], or an object of any, larger-context'
    ],
    [{ fallback: Array.from({ length: 101 }, (_, index) => `u${index}`) }, "policy option fallback: got u0,u1,u2"],
    [
      { hedge: true },
      "policy option hedge: got true, allowed is false, or {} for the defaults, or an object of medianTimes"
    ],
    [{ replay: "always" }, 'policy option replay: got "always", allowed is "safe", "never"'],
    [{ upstreams: "primary" }, 'policy option upstreams: got "primary", allowed is a list of names, or an object'],
    [{ retry: { times: null } }, "policy option retry.times: got null, allowed is a value, or to be left out"],
    [{ fallback: null }, "policy option fallback: got null, allowed is a value, or to be left out"],
    [
      { breaker: { consecutive: 1.5 } },
      "policy option breaker.consecutive: got 1.5, allowed is a whole number, 1 to 1000"
    ],
    [
      { breaker: { steps: 0.1 } },
      "policy option breaker.steps: got 0.1, allowed is a list of at most 100 shares of calls"
    ]
  ] as const)("refuses %o", (options, message) => {
    assert.strictEqual(refusal(options).slice(0, message.length), message)
  })
})

/** Options of which one, at this path, is a value. */
const withOption = (path: string, value: unknown): object =>
  path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object

/** Each value for each path. */
const cases = (paths: ReadonlyArray<string>, values: ReadonlyArray<unknown>) =>
  paths.flatMap((path) => values.map((value) => [path, value] as const))

describe("what is no number, no time, and no part", () => {
  /** Each part that is an object of options, and how it is stated. */
  const parts = ["concurrency", "shed", "hedge", "breaker", "budget", "retry"] as const
  const notParts = [Number.NaN, 0, 1, "", "on", true, null, []]

  it.each(parts.flatMap((part) => notParts.map((value) => [part, value] as const)))(
    "refuses %s: %o, which is neither on nor off",
    (part, value) => assert.include(refusal({ [part]: value, fallback: ["b"] }), `policy option ${part}: got `)
  )

  const numbers = [
    "retry.times",
    "budget.share",
    "budget.floor",
    "breaker.consecutive",
    "breaker.rate.share",
    "breaker.rate.minimum",
    "breaker.slow.share",
    "breaker.slow.minimum",
    "hedge.medianTimes",
    "hedge.budget.share",
    "hedge.budget.floor",
    "concurrency.initial",
    "concurrency.min",
    "concurrency.max",
    "concurrency.queue",
    "shed.times",
    "shed.most",
    "shed.minimum"
  ]
  const finite = [
    "retry.base",
    "retry.max",
    "budget.window",
    "breaker.window",
    "breaker.open",
    "breaker.maxOpen",
    "breaker.probe",
    "breaker.step",
    "breaker.slow.over",
    "hedge.budget.window",
    "shed.window"
  ]
  const times = ["deadline", "attempt", "firstElement", "idle", "retry.maxRetryAfter", "hedge.otherwise"]
  const nonsense = [Number.NaN, -1, Number.NEGATIVE_INFINITY, "much", {}, [], true]
  it.each([...cases([...numbers, ...finite], [...nonsense, Number.POSITIVE_INFINITY]), ...cases(times, nonsense)])(
    "refuses %s: %o",
    (path, value) =>
      assert.include(refusal({ ...withOption(path, value), fallback: ["b"] }), `policy option ${path}: got `)
  )
})

describe("several mistakes", () => {
  it("are all told, each on a line", () => {
    const options = {
      deadlin: 1,
      attempt: "soon",
      retry: { times: -1, tiems: 1, max: 0 },
      breaker: { rate: { share: 2 }, steps: [3] },
      concurrency: Number.NaN
    }
    assert.deepStrictEqual(
      refusal(options)
        .split("\n")
        .map((line) => line.slice("policy option ".length, line.indexOf(":"))),
      [
        "deadlin",
        "attempt",
        "retry.tiems",
        "retry.times",
        "retry.max",
        "breaker.rate.share",
        "breaker.steps[0]",
        "concurrency"
      ]
    )
  })

  it("that contradict each other are told too", () => {
    const lines = refusal({
      deadline: "1 second",
      attempt: "2 seconds",
      idle: "3 seconds",
      upstreams: ["a", "b"],
      fallback: ["a"],
      hedge: {},
      replay: "never"
    }).split("\n")
    assert.deepStrictEqual(
      lines.map((line) => line.slice("policy option ".length, line.indexOf(":"))),
      ["attempt", "idle", "fallback.any[0]", "hedge"]
    )
  })
})

describe("upstreams that are stated", () => {
  const upstreams = ["primary", "backup", "large"] as const

  it("are what every list is checked against", () => {
    Policy.make({ upstreams, fallback: { any: ["backup"], "larger-context": ["large"] } })
    Policy.make({ upstreams: { primary: {}, backup: {} } })
    assert.strictEqual(
      refusal({ upstreams, fallback: ["bakcup", "large"] }),
      'policy option fallback.any[0]: got "bakcup", allowed is one of upstreams, which are primary, backup, large'
    )
  })

  it("are no fallback of themselves", () => {
    assert.strictEqual(
      refusal({ upstreams, fallback: ["backup", "primary", "large"] }),
      'policy option fallback.any[1]: got "primary", allowed is another upstream than the first of upstreams, which is primary'
    )
  })

  it("are all in some list", () => {
    assert.strictEqual(
      refusal({ upstreams, fallback: ["backup"] }),
      'policy option upstreams: got "large", allowed is only upstreams that a list of fallback names'
    )
    assert.include(refusal({ upstreams: [] }), "policy option upstreams: got none")
  })
})

describe("a hedge", () => {
  it("needs another upstream, and a call that may be made twice", () => {
    Policy.make({ hedge: {}, fallback: ["backup"] })
    assert.include(
      refusal({ hedge: {}, fallback: [] }),
      "policy option hedge: got on, allowed is only with another upstream"
    )
    assert.include(refusal({ hedge: {}, fallback: ["backup"], replay: "never" }), 'only with replay: "safe"')
    assert.include(refusal({ hedge: { medianTimes: 0.5 }, fallback: ["backup"] }), "hedge.medianTimes: got 0.5")
  })
})
