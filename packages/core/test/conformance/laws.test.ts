/** The laws of the codec, over generated values, in both forms. */
import * as Lossless from "@causeway/core/Lossless"
import { PolicyError } from "@causeway/core/PolicyError"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Arbitraries from "@causeway/testing/Arbitraries"
import * as Codec from "@causeway/testing/Codec"
import * as Laws from "@causeway/testing/Laws"
import { describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { classes } from "./corpus/index.ts"

const subjects: Readonly<Record<string, Arbitrary.Arbitrary<unknown>>> = {
  graphs: Arbitraries.graph,
  errors: Arbitraries.error,
  UpstreamErrors: Arbitraries.upstreamError,
  BoundaryErrors: Arbitraries.boundaryError,
  PolicyErrors: Arbitraries.policyError,
  Causes: Arbitraries.cause(Arbitraries.upstreamError),
  Exits: Arbitraries.exit(Arbitraries.graph, Arbitraries.policyError)
}

const isInvalidWire = (thrown: unknown): boolean => thrown instanceof Lossless.InvalidWire

const secret = "tarnhelm-4711/zauberflöte+0815"
const redacted = Redacted.make(secret)

/** A secret beside a graph: where it is a `Redacted`, and where its header or key says what it is. */
const hiding = Arbitrary.map(Arbitrary.all([Arbitraries.graph, Arbitraries.graph]), ([one, two]) => ({
  one,
  headers: { authorization: `Bearer ${secret}`, "x-api-key": secret, cookie: `session=${secret}` },
  pairs: [
    ["Authorization", secret],
    ["accept", "*/*"]
  ],
  password: secret,
  held: new Map<unknown, unknown>([
    [redacted, redacted],
    ["two", two]
  ]),
  error: Object.assign(new Error("x", { cause: redacted }), { apiKey: secret })
}))

/** A secret in plain texts, which only one who knows it can find. */
const telling = Arbitrary.map(Arbitraries.graph, (graph) => ({
  graph,
  error: new Error(`bad token ${secret}`, { cause: [secret, encodeURIComponent(secret)] }),
  map: new Map([[secret, Buffer.from(`user:${secret}`).toString("base64")]]),
  [secret]: Buffer.from(secret)
}))

/** One limit at a time, so low that it cuts most values somewhere. */
const limits: Arbitrary.Arbitrary<Lossless.Limits> = Arbitrary.map(
  Arbitrary.schema(
    Schema.Struct({
      limit: Schema.Literals(["depth", "nodes", "bytes", "string", "collection"]),
      most: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 }))
    })
  ),
  ({ limit, most }) => ({ [limit]: limit === "bytes" ? most * 25 : most })
)

for (const form of ["json", "clone"] as const) {
  describe(`as ${form}`, () => {
    // Generated text can look like a credential, and is then masked: what redaction does has cases of its own.
    const faithful = { form, classes, redaction: false } as const
    const codec = Codec.lossless(faithful)
    const discreet = Codec.lossless({ form, classes })
    const stackless = Codec.lossless({ ...faithful, stack: "drop" })
    const stranger = { ...Codec.lossless({ form, redaction: false }), name: "a relay without the classes" }

    for (const [name, values] of Object.entries(subjects)) {
      it.effect(`gives back ${name}`, () => Laws.roundTrip(codec, values))
      it.effect(`gives back ${name} but for stacks that were dropped`, () =>
        Laws.roundTrip(stackless, values, { same: { stack: false } })
      )
      it.effect(`passes ${name} through a relay that does not know their classes`, () =>
        Laws.relay(codec, stranger, values)
      )
      it.effect(`writes ${name} in the same bytes each time`, () => Laws.stable(codec, values))
    }

    it.effect("never lets out a secret that its place gives away", () => Laws.discreet(discreet, secret, hiding))

    it.effect("never lets out a secret that it was told", () =>
      Laws.discreet(Codec.lossless({ form, classes, secrets: [redacted] }), secret, telling)
    )

    const options = { form, redaction: false }
    const schemas: Readonly<Record<string, readonly [Schema.Codec<unknown, unknown>, Arbitrary.Arbitrary<unknown>]>> = {
      Defect: [Lossless.Defect(options), Arbitraries.graph],
      Cause: [Lossless.Cause(UpstreamError, options), Arbitraries.cause(Arbitraries.upstreamError)],
      Exit: [
        // A success goes by its own schema, and is what that makes of it.
        Lossless.Exit(Schema.String, PolicyError, options),
        Arbitraries.exit(Arbitrary.schema(Schema.String), Arbitraries.policyError)
      ]
    }
    for (const [name, [schema, values]] of Object.entries(schemas)) {
      it.effect(`gives back what the schema ${name} encodes`, () =>
        Laws.roundTrip({ ...Codec.schema(schema, `Lossless.${name}`), form }, values)
      )
    }

    for (const [name, values] of Object.entries(subjects)) {
      it.effect(`reads what is left of ${name} wherever a limit cuts`, () =>
        Laws.robust(
          {
            ...codec,
            decode: (cut) => {
              const [value, limits] = cut as readonly [unknown, Lossless.Limits]
              const limited = Codec.lossless({ ...faithful, limits })
              return Codec.roundTrip(limited, value)
            }
          },
          Arbitrary.all([values, limits]),
          () => false
        )
      )
    }

    it.effect("decodes its own wire under another's options", () =>
      Laws.robust(
        { ...stranger, decode: (wire) => stranger.decode(codec.encode(wire)) },
        Arbitraries.graph,
        isInvalidWire
      )
    )
  })
}
