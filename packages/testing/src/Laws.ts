/**
 * What must hold for a codec, an error or a contract, as checks that any test
 * runner can run: each is an Effect that fails with {@link LawBroken}, which names
 * the smallest value found and the path at which it went wrong.
 *
 * **Example** (A payload that JSON does not keep)
 *
 * ```ts
 * import * as Codec from "@causeway/testing/Codec"
 * import * as Laws from "@causeway/testing/Laws"
 * import * as Arbitrary from "effect/Arbitrary"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const json = Codec.make({ name: "JSON", form: "json", encode: (value) => value, decode: (wire) => wire })
 * const law = Laws.roundTrip(json, Arbitrary.schema(Schema.Struct({ at: Schema.Date })))
 *
 * const broken = await Effect.runPromise(Effect.flip(law))
 * broken.found // => "value.at: value should be {Date: }, but is \"1970-01-01T00:00:00.000Z\""
 * ```
 */
import { inspect } from "node:util"
import type * as Contract from "@causeway/core/Contract"
import * as Lossless from "@causeway/core/Lossless"
import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Codec from "./Codec.ts"
import * as Difference from "./Difference.ts"
import { callsOf, outcome } from "./internal/calls.ts"
import { LawBroken } from "./LawBroken.ts"
import * as Secrets from "./Secrets.ts"

export { LawBroken } from "./LawBroken.ts"

/** How a law is checked. */
export interface Options extends Arbitrary.CheckOptions {
  /** What counts as the same; `carried` is set by the law. */
  readonly same?: Omit<Difference.Options, "carried"> | undefined
}

/** Two values are the same, by {@link Difference.find}. */
export const sameValue = (
  expected: unknown,
  actual: unknown,
  options?: Difference.Options
): Effect.Effect<void, LawBroken> =>
  Effect.suspend(() => {
    const difference = Difference.find(expected, actual, options)
    return difference === undefined
      ? Effect.void
      : Effect.fail(
          new LawBroken({ law: "both are the same", subject: "two values", found: Difference.format(difference) })
        )
  })

/** Decoding gives back what was encoded, but for what cannot be carried: see `Difference.Options.carried`. */
export const roundTrip = (
  codec: Codec.Codec,
  values: Arbitrary.Arbitrary<unknown>,
  options?: Options
): Effect.Effect<void, LawBroken> =>
  check("decoding gives back what was encoded", codec.name, values, options, (value) =>
    differenceOf(value, Codec.roundTrip(codec, value), options)
  )

/**
 * A relay that decodes and encodes again, such as a gateway without the classes
 * that it passes on, changes nothing for the receiver.
 */
export const relay = (
  codec: Codec.Codec,
  relay: Codec.Codec,
  values: Arbitrary.Arbitrary<unknown>,
  options?: Options
): Effect.Effect<void, LawBroken> =>
  check(`${relay.name} in between changes nothing`, codec.name, values, options, (value) => {
    const wire = Codec.carry(codec, codec.encode(value))
    const passed = Codec.carry(relay, relay.encode(relay.decode(structuredClone(wire))))
    return differenceOf(codec.decode(wire), codec.decode(passed), options)
  })

/**
 * Encoding a value twice gives the same bytes. As a structured clone it gives the same
 * wire value: its bytes also depend on how the engine holds a number, as an integer or
 * as a double, and that may change while a program runs.
 */
export const stable = (
  codec: Codec.Codec,
  values: Arbitrary.Arbitrary<unknown>,
  options?: Options
): Effect.Effect<void, LawBroken> =>
  check("encoding twice gives the same bytes", codec.name, values, options, (value) => {
    const [first, second] = [codec.encode(value), codec.encode(value)]
    const [one, two] = [Codec.bytes(codec, first), Codec.bytes(codec, second)]
    if (Buffer.compare(one, two) === 0) return undefined
    return codec.form === "clone" && Difference.find(first, second) === undefined
      ? undefined
      : `${one.length} bytes, then other ${two.length} bytes`
  })

/** Encoding gives a wire value that can be sent, whatever the value. */
export const total = (
  codec: Codec.Codec,
  values: Arbitrary.Arbitrary<unknown>,
  options?: Options
): Effect.Effect<void, LawBroken> =>
  check("every value can be encoded and sent", codec.name, values, options, (value) => {
    Codec.carry(codec, codec.encode(value))
    return undefined
  })

/** A secret is not in the bytes: neither in clear nor percent-encoded nor in base64. */
export const discreet = (
  codec: Codec.Codec,
  secret: string,
  values: Arbitrary.Arbitrary<unknown>,
  options?: Options
): Effect.Effect<void, LawBroken> =>
  check("a secret never leaves", codec.name, values, options, (value) => {
    const how = Secrets.find(Codec.bytes(codec, codec.encode(value)), secret)
    return how === undefined ? undefined : `It is there ${how}.`
  })

/** Decoding anything gives a value, or throws what `isFailure` knows as the codec's own failure. */
export const robust = (
  codec: Codec.Codec,
  wires: Arbitrary.Arbitrary<unknown>,
  isFailure: (thrown: unknown) => boolean,
  options?: Options
): Effect.Effect<void, LawBroken> =>
  check("no wire value throws but the codec's own failure", codec.name, wires, options, (wire) => {
    try {
      codec.decode(wire)
    } catch (thrown) {
      if (!isFailure(thrown)) return `It throws ${text(thrown)}.`
    }
    return undefined
  })

/** Options of {@link sameResult}. */
export interface SameResultOptions extends Options {
  /** Payloads of calls by their tag. Default: generated from the payload's schema. */
  readonly payloads?: Readonly<Record<string, Arbitrary.Arbitrary<unknown>>> | undefined
  /** Only these calls. Default: every call of the contract. */
  readonly calls?: ReadonlyArray<string> | undefined
}

/**
 * The same contract gives the same result in every place: equal `Exit`s for equal
 * payloads, a stream's elements and end included. Stacks and annotations differ
 * between places and do not count; `same.ignore` leaves out what else may differ,
 * such as timings.
 *
 * Handlers must be deterministic, and the places independent of each other.
 */
export const sameResult = <Self, Id extends string, R extends Rpc.Any, E = never>(
  contract: Contract.Contract<Self, Id, R>,
  places: Readonly<Record<string, Layer.Layer<Self, E>>>,
  options?: SameResultOptions
): Effect.Effect<void, LawBroken | E> =>
  Effect.scoped(
    Effect.gen(function* () {
      const clients = yield* Effect.forEach(Object.entries(places), ([place, layer]) =>
        Effect.map(Layer.build(layer), (context) => ({ place, client: Context.get(context, contract) }))
      )
      const [first, ...others] = clients
      if (first === undefined) return
      for (const { payload, tag } of callsOf(contract.group.requests)) {
        if (options?.calls?.includes(tag) === false) continue
        const own = copying(payload)
        yield* checkEffect(
          `${tag} gives the same in every place`,
          contract.key,
          options?.payloads?.[tag] ?? Arbitrary.schema(payload),
          options,
          (value) =>
            Effect.gen(function* () {
              const expected = yield* outcome(first.client, tag, own(value))
              for (const { client, place } of others) {
                const actual = yield* outcome(client, tag, own(value))
                const difference = Difference.find(expected, actual, {
                  stack: false,
                  annotations: false,
                  ...options?.same,
                  carried: true
                })
                if (difference !== undefined)
                  return `In ${place}, unlike in ${first.place}, ${Difference.format(difference)}`
              }
              return undefined
            })
        )
      }
    })
  )

/**
 * A call takes from its caller the memory that its payload gives away: each place is
 * then given a payload of its own.
 */
const copying = (payload: Schema.Top): ((value: unknown) => unknown) => {
  if (!Lossless.hasTransfers(payload)) return (value) => value
  // What services it needs are not known here; a payload that cannot be coded without them stays as it is.
  const codec = Lossless.codecFor({ form: "clone", redaction: false })(payload) as Schema.Codec<unknown, unknown>
  return (value) => {
    try {
      return Schema.decodeUnknownSync(codec)(structuredClone(Schema.encodeUnknownSync(codec)(value)))
    } catch {
      return value
    }
  }
}

const differenceOf = (expected: unknown, actual: unknown, options: Options | undefined): string | undefined => {
  const difference = Difference.find(expected, actual, { ...options?.same, carried: true })
  return difference && Difference.format(difference)
}

const text = (value: unknown): string => {
  try {
    return inspect(value, { depth: 8, breakLength: 120, maxArrayLength: 20, maxStringLength: 500 })
  } catch {
    return "a value that cannot be shown"
  }
}

/** Checks a property that says what is wrong with a value; what it throws is wrong as well. */
const check = (
  law: string,
  subject: string,
  values: Arbitrary.Arbitrary<unknown>,
  options: Options | undefined,
  wrong: (value: unknown) => string | undefined
): Effect.Effect<void, LawBroken> =>
  checkEffect(law, subject, values, options, (value) =>
    Effect.sync(() => {
      try {
        return wrong(value)
      } catch (thrown) {
        return `It throws ${text(thrown)}.`
      }
    })
  )

const checkEffect = <A>(
  law: string,
  subject: string,
  values: Arbitrary.Arbitrary<A>,
  options: Options | undefined,
  wrong: (value: A) => Effect.Effect<string | undefined>
): Effect.Effect<void, LawBroken> =>
  Effect.flatMap(
    Arbitrary.checkEffect(
      values,
      (value) =>
        Effect.flatMap(wrong(value), (found) => (found === undefined ? Effect.succeed(true) : Effect.fail(found))),
      options
    ),
    (result) => {
      switch (result._tag) {
        case "Passed":
          return Effect.void
        case "Falsified":
          return Effect.fail(
            new LawBroken({
              law,
              subject,
              found: result.failure._tag === "PropertyError" ? result.failure.error : "It does not hold.",
              input: text(result.shrunkInput),
              replay: result.replay
            })
          )
        default:
          return Effect.fail(
            new LawBroken({ law, subject, found: Arbitrary.formatCheckFailure(result) ?? "It could not be checked." })
          )
      }
    }
  )
