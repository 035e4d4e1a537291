/**
 * Encoding, carrying and decoding five values, beside structuredClone and other
 * serializers, in one process: variants take turns in rounds, the ratio is taken
 * inside each round, and the median over the rounds is reported. Beside each time
 * stands what arrived, since a serializer that drops half of a value is fast, and
 * beside ours the most that it may take.
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
  /** The most that it may take, as a multiple of the value's baseline; ours have one. */
  readonly bar?: number
}

interface Ours {
  readonly form: "json" | "clone"
  readonly stack: "keep" | "drop"
  readonly jit: boolean
}

const lossless = ({ bars, barsWithoutJit }: BenchValue, { form, jit, stack }: Ours): Variant => {
  const codec = Codec.lossless({ form, classes, stack, jit })
  return {
    name: `**Lossless, ${form}${stack === "keep" ? "" : ", stacks dropped"}${jit ? "" : ", jit off"}**`,
    carry: (value) => Codec.roundTrip(codec, value),
    bar: (jit ? bars : (barsWithoutJit ?? bars))[form][stack],
    ...(stack === "drop" && { stack: false })
  }
}

/** Without `new Function` only what has a plan differs. */
const ours = (bench: BenchValue): ReadonlyArray<Variant> =>
  (["json", "clone"] as const).flatMap((form) =>
    (["keep", "drop"] as const).flatMap((stack) =>
      (bench.barsWithoutJit === undefined ? [true] : [true, false]).map((jit) => lossless(bench, { form, stack, jit }))
    )
  )

const rivals = rivalsFor(classes)

const variantsOf = (bench: BenchValue): ReadonlyArray<Variant> => [
  ...rivals.slice(0, 1),
  { name: "structuredClone of a plain twin", carry: (subject) => structuredClone(subject), subject: twin(bench.value) },
  ...ours(bench),
  ...rivals.slice(1),
  effectSchema(bench.schema)
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
  console.log("| way | µs | × clone | × twin | bar | what arrives |\n|---|---|---|---|---|---|")
  for (const { found, variant } of variants) {
    const micros = turns.find((turn) => turn.variant === variant)?.micros
    const ratios = bases.map((baseline) =>
      micros === undefined
        ? "–"
        : median(micros.map((each, round) => each / (baseline[round] ?? Number.NaN))).toFixed(2)
    )
    const time = micros === undefined ? "–" : median(micros).toFixed(2)
    console.log(`| ${variant.name} | ${time} | ${ratios.join(" | ")} | ${variant.bar ?? "–"} | ${found} |`)
  }
  console.log(`\nFaster than ours with stacks, and whole: ${ahead(variants, turns).join(", ") || "none"}.\n`)
}

interface Turns {
  readonly variant: Variant
  readonly micros: ReadonlyArray<number>
}

/** Others that deliver the value and take less than the faster of our two forms. */
const ahead = (
  variants: ReadonlyArray<{ readonly variant: Variant; readonly found: string }>,
  turns: ReadonlyArray<Turns>
): ReadonlyArray<string> => {
  const timeOf = (variant: Variant): number => median(turns.find((turn) => turn.variant === variant)?.micros ?? [])
  const own = variants.flatMap(({ variant: { bar, stack }, variant }) =>
    bar !== undefined && stack !== false ? [timeOf(variant)] : []
  )
  return variants.flatMap(({ found, variant }) =>
    variant.bar === undefined && found.startsWith("whole") && timeOf(variant) < Math.min(...own) ? [variant.name] : []
  )
}

console.log(`Node ${process.version}, ${availableParallelism()} cores, ${rounds} rounds; encode, carry and decode.\n`)
for (const bench of values) if (bench.name.includes(only)) measure(bench)
