/**
 * Generators of failures, for property tests: the errors of Causeway, native ones
 * with causes and properties of their own, `Cause`s, `Exit`s, and any graph of
 * values, with shared references and cycles. Plain Effect `Arbitrary`s: any test
 * runner runs them, and they shrink.
 *
 * **Example** (A handler is total over what an upstream can do to it)
 *
 * ```ts
 * import type { UpstreamError } from "@causeway/core/UpstreamError"
 * import * as Arbitraries from "@causeway/testing/Arbitraries"
 * import * as Arbitrary from "effect/Arbitrary"
 * import * as Effect from "effect/Effect"
 *
 * const apology = (error: UpstreamError) => `Sorry: ${error.reason._tag}`
 *
 * const check = Arbitrary.checkEffect(Arbitraries.upstreamError, (error) => apology(error).startsWith("Sorry"))
 *
 * (await Effect.runPromise(check))._tag // => "Passed"
 * ```
 */
import * as BoundaryError_ from "@causeway/core/BoundaryError"
import * as Disposition_ from "@causeway/core/Disposition"
import * as Evidence_ from "@causeway/core/Evidence"
import * as PolicyError_ from "@causeway/core/PolicyError"
import * as UpstreamError_ from "@causeway/core/UpstreamError"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as graphs from "./internal/graph.ts"

/** Any `UpstreamError`: every reason, with evidence. */
export const upstreamError: Arbitrary.Arbitrary<UpstreamError_.UpstreamError> = Arbitrary.schema(
  UpstreamError_.UpstreamError
)

/** Any `BoundaryError`. */
export const boundaryError: Arbitrary.Arbitrary<BoundaryError_.BoundaryError> = Arbitrary.schema(
  BoundaryError_.BoundaryError
)

/** Any `PolicyError`. */
export const policyError: Arbitrary.Arbitrary<PolicyError_.PolicyError> = Arbitrary.schema(PolicyError_.PolicyError)

/** Any `Evidence`. */
export const evidence: Arbitrary.Arbitrary<Evidence_.Evidence> = Arbitrary.schema(Evidence_.Evidence)

/** Any `Disposition` that `Disposition.make` can give: with a wait exactly where `retry` is `after`. */
export const disposition: Arbitrary.Arbitrary<Disposition_.Disposition> = Arbitrary.map(
  Arbitrary.all({
    blame: graphs.element<Disposition_.Blame>("caller", "upstream", "us"),
    retry: graphs.element<"never" | "backoff">("never", "backoff"),
    retryAfter: graphs.element<Duration.Duration | undefined>(
      undefined,
      Duration.zero,
      Duration.seconds(2),
      Duration.infinity
    ),
    fallback: graphs.element<Disposition_.Fallback>(
      "never",
      "any",
      "larger-context",
      "other-provider",
      "other-credential"
    ),
    health: graphs.element<Disposition_.Health>("ignored", "counts", "pauses"),
    delivery: graphs.element<Disposition_.Delivery>("may-have-run", "not-sent", "ran")
  }),
  Disposition_.make
)

/**
 * Any value that a program can hold, the odd ones included: native errors, null
 * prototypes, holes, hidden properties, accessors, symbols, `-0`, lone surrogates,
 * frozen objects, and up to twelve objects that refer to each other in any way.
 * Everything in it can be carried: no functions, no handles.
 */
export const graph: Arbitrary.Arbitrary<unknown> = graphs.graph

/** Anything that can be thrown: graphs, and values without parts. */
export const defect: Arbitrary.Arbitrary<unknown> = graphs.oneOf<unknown>(graphs.graph, graphs.leaf)

/** Native errors of every kind, with causes and own properties: an `Error` graph for sure at its root. */
export const error: Arbitrary.Arbitrary<Error> = Arbitrary.map(
  Arbitrary.all({
    kind: graphs.element<ErrorConstructor>(
      Error,
      TypeError,
      RangeError,
      SyntaxError,
      EvalError,
      ReferenceError,
      URIError
    ),
    message: Arbitrary.schema(Schema.String),
    cause: graphs.oneOf<{ readonly cause?: unknown }>(
      Arbitrary.Constant({}),
      Arbitrary.map(defect, (cause) => ({ cause }))
    ),
    own: graphs.oneOf<object>(
      Arbitrary.Constant({}),
      Arbitrary.schema(Schema.Struct({ code: Schema.String, errno: Schema.Int, syscall: Schema.String })),
      Arbitrary.map(defect, (details) => ({ details }))
    )
  }),
  ({ cause, kind, message, own }) => Object.assign(new kind(message, cause), own)
)

/** Causes of any shape over a typed error: empty, failed, died, interrupted, combined, annotated. */
export const cause = <E>(
  error: Arbitrary.Arbitrary<E>,
  options?: {
    /** What it may die of. Default: {@link defect}. */
    readonly defect?: Arbitrary.Arbitrary<unknown> | undefined
  }
): Arbitrary.Arbitrary<Cause.Cause<E>> => {
  const fiber = graphs.oneOf<number | undefined>(Arbitrary.Constant(undefined), Arbitrary.schema(Schema.Int))
  const reason = graphs.oneOf<Cause.Cause<E>>(
    Arbitrary.map(error, (error): Cause.Cause<E> => Cause.fail(error)),
    Arbitrary.map(options?.defect ?? defect, (defect): Cause.Cause<E> => Cause.die(defect)),
    Arbitrary.map(fiber, (id): Cause.Cause<E> => Cause.interrupt(id))
  )
  const annotated = graphs.oneOf<Cause.Cause<E>>(
    reason,
    Arbitrary.map(Arbitrary.all([reason, Arbitrary.schema(Schema.String)]), ([cause, note]) =>
      Cause.annotate(cause, Context.make(Note, note))
    )
  )
  return Arbitrary.map(Arbitrary.array(annotated, { maxLength: 4 }), (causes) =>
    Cause.fromReasons(causes.flatMap((cause) => cause.reasons))
  )
}

/** The annotation that generated causes carry. */
export class Note extends Context.Service<Note, string>()("@causeway/testing/Arbitraries/Note") {}

/** Exits: successes, and failures of any shape. */
export const exit = <A, E>(
  success: Arbitrary.Arbitrary<A>,
  error: Arbitrary.Arbitrary<E>,
  options?: {
    /** What it may die of. Default: {@link defect}. */
    readonly defect?: Arbitrary.Arbitrary<unknown> | undefined
  }
): Arbitrary.Arbitrary<Exit.Exit<A, E>> =>
  graphs.oneOf<Exit.Exit<A, E>>(
    Arbitrary.map(success, (value): Exit.Exit<A, E> => Exit.succeed(value)),
    Arbitrary.map(cause(error, options), (cause): Exit.Exit<A, E> => Exit.failCause(cause))
  )
