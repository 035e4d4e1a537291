/**
 * Encoding, carrying and decoding five values, beside structuredClone and other
 * serializers, in one process: variants take turns in rounds, the ratio is taken
 * inside each round, and the median over the rounds is reported. Beside each time
 * stands what arrived, since a serializer that drops half of a value is fast.
 *
 * `ROUNDS` (25) and `MILLIS` (4, per turn) set the lengths; `ONLY` takes a part of a
 * value's name.
 */
import { availableParallelism } from "node:os"
import * as Codec from "@causeway/testing/Codec"
import { fidelity } from "./losslessFidelity.ts"
import { effectSchema, rivalsFor, type Rival } from "./losslessRivals.ts"
import { classes, twin, values, type BenchValue } from "./losslessValues.ts"

const rounds = Number(process.env["ROUNDS"] ?? 25)
const millis = Number(process.env["MILLIS"] ?? 4)
const only = process.env["ONLY"] ?? ""

interface Variant extends Rival {
  /** What it carries, where that is not the value itself. */
  readonly subject?: unknown
  readonly stack?: false
}

interface Ours {
  readonly form: "json" | "clone"
  readonly stack: "keep" | "drop"
  readonly jit: boolean
}

const lossless = ({ form, jit, stack }: Ours): Variant => {
  const codec = Codec.lossless({ form, classes, stack, jit })
  return {
    name: `**Lossless, ${form}${stack === "keep" ? "" : ", stacks dropped"}${jit ? "" : ", jit off"}**`,
    carry: (value) => Codec.roundTrip(codec, value),
    ...(stack === "drop" && { stack: false })
  }
}

/** Without `new Function` only what has a plan differs. */
const ours = (hasPlan: boolean): ReadonlyArray<Variant> =>
  (["json", "clone"] as const).flatMap((form) =>
    (["keep", "drop"] as const).flatMap((stack) =>
      (hasPlan ? [true, false] : [true]).map((jit) => lossless({ form, stack, jit }))
    )
  )

const rivals = rivalsFor(classes)

const variantsOf = ({ baseline, schema, value }: BenchValue): ReadonlyArray<Variant> => [
  ...rivals.slice(0, 1),
  { name: "structuredClone of a plain twin", carry: (subject) => structuredClone(subject), subject: twin(value) },
  ...ours(baseline === "twin"),
  ...rivals.slice(1),
  effectSchema(schema)
]

/** What of the value arrives. */
const arrives = (variant: Variant, value: unknown): string => {
  if (variant.subject !== undefined) return "a plain object"
  try {
    return fidelity(value, variant.carry(value), { stack: variant.stack !== false })
  } catch (thrown) {
    const [line = ""] = String(thrown).split("\n")
    return `throws: ${line.slice(0, 60)}`
  }
}

const time = (variant: Variant, subject: unknown, count: number): number => {
  const start = process.hrtime.bigint()
  for (let index = 0; index < count; index++) variant.carry(subject)
  return Number(process.hrtime.bigint() - start) / count / 1000
}

const median = (list: ReadonlyArray<number>): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN

/** In another order each round: a turn pays for some of the garbage of the ones before it. */
const shuffled = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> =>
  list
    .map((one) => ({ one, by: Math.random() }))
    .toSorted((a, b) => a.by - b.by)
    .map(({ one }) => one)

const measure = (bench: BenchValue): void => {
  const variants = variantsOf(bench).map((variant) => ({ variant, found: arrives(variant, bench.value) }))
  const running = variants.filter(({ found }) => !found.startsWith("throws"))
  const turns = running.map(({ variant }) => {
    const subject = variant.subject ?? bench.value
    // Warm, then as many as fill the turn.
    time(variant, subject, 2000)
    const count = Math.max(20, Math.round((millis * 1000) / time(variant, subject, 500)))
    return { variant, subject, count, micros: Array<number>() }
  })
  for (let round = 0; round < rounds; round++) {
    for (const { count, micros, subject, variant } of shuffled(turns)) {
      // What the turn before has left in the caches is not this one's.
      time(variant, subject, count >> 1)
      micros.push(time(variant, subject, count))
    }
  }
  const base = (name: string) => turns.find(({ variant }) => variant.name === name)?.micros ?? []
  const bases = [base("structuredClone"), base("structuredClone of a plain twin")]
  console.log(`### ${bench.name}${bench.baseline === "twin" ? " (to be read against the twin)" : ""}\n`)
  console.log("| way | µs | × clone | × twin | what arrives |\n|---|---|---|---|---|")
  for (const { found, variant } of variants) {
    const micros = turns.find((turn) => turn.variant === variant)?.micros
    const ratios = bases.map((baseline) =>
      micros === undefined
        ? "–"
        : median(micros.map((each, round) => each / (baseline[round] ?? Number.NaN))).toFixed(2)
    )
    console.log(
      `| ${variant.name} | ${micros === undefined ? "–" : median(micros).toFixed(2)} | ${ratios.join(" | ")} | ${found} |`
    )
  }
  console.log("")
}

console.log(`Node ${process.version}, ${availableParallelism()} cores, ${rounds} rounds; encode, carry and decode.\n`)
for (const bench of values) if (bench.name.includes(only)) measure(bench)
