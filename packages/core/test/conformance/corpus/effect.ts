/** The values of Effect, and every shape of a Cause and an Exit. */
import assert from "node:assert"
import * as Cause from "effect/Cause"
import * as BigDecimal from "effect/BigDecimal"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { boundaryReasons, policyReasons, upstreamReasons } from "../../catalogue.ts"
import * as BoundaryError from "@causeway/core/BoundaryError"
import { Evidence } from "@causeway/core/Evidence"
import * as PolicyError from "@causeway/core/PolicyError"
import * as UpstreamError from "@causeway/core/UpstreamError"
import * as UpstreamReason from "@causeway/core/UpstreamReason"
import { Declared, Nested } from "./classes.ts"
import { edited, whole, type Case } from "./Case.ts"

class Note extends Context.Service<Note, { readonly text: string }>()(
  "@causeway/core/test/conformance/corpus/effect/Note"
) {}

const declared = () => new Declared({ key: "a", nested: new Nested({ at: new Date(0), tags: [] }) })

const evidence = new Evidence({
  attempt: 2,
  timing: { startedAt: 1_767_225_600_000, totalMs: 12.5, headersMs: 3 },
  request: { method: "POST", url: "http://127.0.0.1:8001/v1/chat/completions", bytes: 812 },
  response: {
    status: 503,
    headers: [
      ["server", "envoy"],
      ["x-request-id", "req_1"]
    ],
    body: "no healthy upstream",
    bodyBytes: 19
  },
  provider: { message: "no healthy upstream", code: "503" },
  requestId: "req_1",
  shouldRetry: true,
  rateLimit: { "remaining-requests": "0" },
  stream: { events: 3, bytes: 300, partial: "Hel" },
  system: [{ name: "Error", message: "connect ECONNREFUSED", code: "ECONNREFUSED", port: 8001 }]
})

const failed = <E>(effect: Effect.Effect<unknown, E>): Exit.Exit<unknown, E> => Effect.runSyncExit(effect)

/** Classes of core, known to the receiver. */
export const coreClasses = [
  UpstreamError.UpstreamError,
  Evidence,
  ...UpstreamReason.UpstreamReason.members,
  BoundaryError.BoundaryError,
  ...BoundaryError.BoundaryReason.members,
  PolicyError.PolicyError,
  ...PolicyError.PolicyReason.members
]

export const cases: ReadonlyArray<Case> = [
  ...whole({
    "an Option": () => [Option.some(1), Option.none(), Option.some(Option.some(undefined))],
    "a Result": () => [Result.succeed(1), Result.fail(new Error("x"))],
    "a Duration": () => [
      Duration.seconds(2),
      Duration.zero,
      Duration.infinity,
      Duration.nanos(1n),
      Duration.millis(1.5)
    ],
    "a negative infinite Duration": () => Duration.negativeInfinity,
    "a DateTime": () => DateTime.makeUnsafe(1_767_225_600_123),
    "a DateTime in a zone": () => DateTime.makeZonedUnsafe(0, { timeZone: "Europe/Berlin" }),
    "a DateTime with an offset": () => DateTime.makeZonedUnsafe(0, { timeZone: 3_600_000 }),
    "a DateTime that has been looked at": () => edited(DateTime.makeUnsafe(0), (date) => DateTime.toParts(date)),
    "a zone with a name": () => DateTime.zoneMakeNamedUnsafe("Europe/Berlin"),
    "a zone": () => DateTime.zoneMakeOffset(7_200_000),
    "a Chunk": () => [
      Chunk.empty(),
      Chunk.of(1),
      Chunk.make(1, { a: 2 }),
      Chunk.appendAll(Chunk.make(1), Chunk.make(2))
    ],
    "a BigDecimal": () => [BigDecimal.make(12345n, 2), BigDecimal.make(-1n, -5), BigDecimal.fromStringUnsafe("0.00")],
    "a HashMap": () => HashMap.make(["a", 1], ["b", { c: Option.some(2) }]),
    "a HashMap with structural keys": () => HashMap.make([Option.some(1), "x"], [Option.none(), "y"]),
    "a HashSet": () => HashSet.make(1, "a", Option.none()),
    "an error with Effect's values on it": () =>
      Object.assign(new Error("x"), {
        wait: Duration.seconds(1),
        at: DateTime.makeUnsafe(0),
        last: Option.some(new Error("y"))
      }),
    "Effect's own errors": () => [
      new Cause.NoSuchElementError("none"),
      new Cause.TimeoutError("late"),
      new Cause.IllegalArgumentError("no"),
      new Cause.ExceededCapacityError("full"),
      new Cause.UnknownError(new Error("inner"), "unknown")
    ],
    Evidence: () => evidence,
    "an empty Cause": () => Cause.empty,
    "a Cause of a failure": () => Cause.fail(declared()),
    "a Cause of a plain failure": () => Cause.fail("text"),
    "a Cause of an undefined failure": () => Cause.fail(undefined),
    "a Cause of a defect": () => Cause.die(new TypeError("bug", { cause: new Error("why") })),
    "a Cause of a thrown text": () => Cause.die("text"),
    "a Cause of a thrown undefined": () => Cause.die(undefined),
    "a Cause of an interrupt": () => Cause.interrupt(42),
    "a Cause of an interrupt by nobody": () => Cause.interrupt(),
    "a combined Cause": () =>
      Cause.combine(Cause.combine(Cause.fail(declared()), Cause.die(new Error("bug"))), Cause.interrupt(1)),
    "a Cause with one reason in it twice": () =>
      Cause.fromReasons([...Cause.fail("x").reasons, ...Cause.fail("x").reasons]),
    "an annotated Cause": () => Cause.annotate(Cause.fail(declared()), Context.make(Note, { text: "while fetching" })),
    "a Cause of which one reason is annotated": () =>
      Cause.combine(Cause.annotate(Cause.fail("a"), Context.make(Note, { text: "x" })), Cause.die("b")),
    "a Cause in a Cause": () => Cause.die(Cause.fail(new Error("inner"))),
    "a Cause as an error's cause": () => new Error("outer", { cause: Cause.fail(declared()) }),
    "one error in two reasons": () => {
      const error = new Error("shared")
      return Cause.combine(Cause.fail(error), Cause.die(error))
    },
    "a successful Exit": () => Exit.succeed({ a: 1 }),
    "an Exit of nothing": () => Exit.void,
    "an Exit of an undefined": () => Exit.succeed(undefined),
    "a failed Exit": () => Exit.fail(declared()),
    "an Exit that died": () => Exit.die(new Error("bug")),
    "an interrupted Exit": () => Exit.interrupt(7),
    "an Exit of a combined Cause": () => Exit.failCause(Cause.combine(Cause.fail("a"), Cause.interrupt(1))),
    "a failure that ran through a span": () => failed(Effect.withSpan(Effect.fail(declared()), "outer")),
    "a defect that ran": () => failed(Effect.sync(() => JSON.parse("{"))),
    "every upstream reason": () => upstreamReasons,
    "every boundary reason": () => boundaryReasons,
    "every policy reason": () => policyReasons,
    "an UpstreamError with everything on it": () =>
      new UpstreamError.UpstreamError({
        upstream: "primary",
        operation: "chat.completions.create",
        reason: new UpstreamReason.Gateway({
          message: "no healthy upstream",
          seenIn: "status",
          gateway: "envoy",
          flag: "no-healthy-upstream",
          status: 503,
          retryAfter: Duration.seconds(2)
        }),
        evidence,
        cause: new TypeError("fetch failed", { cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) })
      }),
    "a BoundaryError": () =>
      new BoundaryError.BoundaryError({ boundary: "worker 1", reason: new BoundaryError.Draining({ message: "x" }) }),
    "a PolicyError": () =>
      new PolicyError.PolicyError({ reason: new PolicyError.Shed({ message: "x", retryAfter: Duration.seconds(1) }) })
  }),
  {
    name: "what arrived is Equal to what was sent",
    make: () => [
      declared(),
      Option.some(declared()),
      Duration.seconds(1),
      Exit.fail(declared()),
      HashMap.make(["a", 1])
    ],
    holds: (arrived) => {
      assert.ok(Array.isArray(arrived))
      const [error, option, wait, exit, map]: ReadonlyArray<unknown> = arrived
      const sent = declared()
      // Stacks are hidden and do not count for `Equal`; times and fields do.
      assert.ok(Equal.equals(option, Option.some(error)))
      assert.ok(Equal.equals(wait, Duration.seconds(1)))
      assert.ok(Equal.equals(map, HashMap.make(["a", 1])))
      assert.ok(Exit.isExit(exit) && Exit.isFailure(exit))
      assert.ok(error instanceof Declared && Equal.equals(error.nested, sent.nested))
    }
  },
  {
    name: "a typed failure that arrived can be caught by its tag",
    make: () => Exit.fail(declared()),
    holds: (arrived) => {
      assert.ok(Exit.isExit(arrived))
      const failure = Exit.isFailure(arrived) ? Cause.squash(arrived.cause) : undefined
      assert.ok(failure instanceof Declared)
      const caught = Effect.runSync(
        Effect.catchTag(Effect.fail(failure), "Declared", (error) => Effect.succeed(error.key))
      )
      assert.strictEqual(caught, "a")
    }
  },
  {
    name: "an annotation can be read by its key",
    make: () => Cause.annotate(Cause.fail("x"), Context.make(Note, { text: "while fetching" })),
    holds: (arrived) => {
      assert.ok(Cause.isCause(arrived))
      assert.deepStrictEqual(Context.getOrUndefined(Cause.annotations(arrived), Note), { text: "while fetching" })
    }
  },
  {
    name: "the frames of a span can be read",
    make: () => failed(Effect.withSpan(Effect.fail("x"), "outer")),
    holds: (arrived) => {
      assert.ok(Exit.isExit(arrived) && Exit.isFailure(arrived))
      assert.match(Cause.pretty(arrived.cause), /x/)
    }
  },
  {
    name: "a SchemaError says what it said",
    make: () => {
      const exit = Effect.runSyncExit(Schema.decodeUnknownEffect(Schema.Struct({ a: Schema.Finite }))({ a: "x" }))
      return Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    },
    ignore: (path) => path === "value",
    holds: (arrived) => {
      assert.ok(arrived instanceof Error)
      assert.match(arrived.message, /number/i)
      assert.match(arrived.message, /a/)
      assert.strictEqual(Reflect.get(arrived, "_tag"), "SchemaError")
    }
  }
]
