/**
 * What the codec promises beside its speed on errors: the size of the wire, what a
 * success costs beyond its bare schema, a megabyte of bytes, many objects, and the
 * first use of a schema. Prints a table with the bar beside each measure. What is short
 * is told by the lowest fifth of many turns, which other work on the machine disturbs least.
 */
import { execFileSync } from "node:child_process"
import { serialize } from "node:v8"
import * as Lossless from "@causeway/core/Lossless"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { classes, Small, twin, values } from "./losslessValues.ts"

const rounds = Number(process.env["ROUNDS"] ?? 25)

const median = (list: ReadonlyArray<number>): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN

const micros = (run: () => unknown, count: number): number => {
  const start = process.hrtime.bigint()
  for (let index = 0; index < count; index++) run()
  return Number(process.hrtime.bigint() - start) / count / 1000
}

/** What a fifth of the turns did not exceed. */
const lowest = (list: ReadonlyArray<number>): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 5)] ?? Number.NaN

/** Two ways in turn: the median of each and of their ratio inside a round, and the difference of their lowest fifths. */
const compare = (one: () => unknown, two: () => unknown, count: number, turns = rounds, warm = count) => {
  micros(one, warm)
  micros(two, warm)
  const pairs = Array.from({ length: turns }, (_, round) => {
    if (round % 2 === 0) return [micros(one, count), micros(two, count)] as const
    const second = micros(two, count)
    return [micros(one, count), second] as const
  })
  return {
    one: median(pairs.map(([a]) => a)),
    two: median(pairs.map(([, b]) => b)),
    ratio: median(pairs.map(([a, b]) => a / b)),
    difference: lowest(pairs.map(([a]) => a)) - lowest(pairs.map(([, b]) => b))
  }
}

const rows: Array<readonly [what: string, measured: string, bar: string]> = []

for (const { name, value } of values) {
  const wire = JSON.stringify(Lossless.toWire(value, { classes, stack: "drop" }))
  const plain = JSON.stringify(twin(value), (key, field: unknown) => (key === "stack" ? undefined : field))
  const more = wire.length - plain.length
  rows.push([
    `bytes of the wire over plain JSON, stacks aside: ${name}`,
    `${wire.length} − ${plain.length} = ${more}`,
    "≤ 64"
  ])
}

const answer = { id: "chatcmpl-1", text: "good day", tokens: 12 }
const success = Exit.succeed(answer)
const body = Schema.Struct({ id: Schema.String, text: Schema.String, tokens: Schema.Finite })
const bare = Schema.toCodecJson(body)
const [encodeBare, decodeBare] = [Schema.encodeUnknownSync(bare), Schema.decodeUnknownSync(bare)]
const exit = Schema.toCodecJson(Lossless.Exit(body, Small))
const [encodeExit, decodeExit] = [Schema.encodeUnknownSync(exit), Schema.decodeUnknownSync(exit)]
const added = compare(
  () => decodeExit(encodeExit(success)),
  () => decodeBare(encodeBare(answer)),
  100,
  16 * rounds,
  5000
)
rows.push(["what an Exit adds to the bare schema of its success", `${added.difference.toFixed(2)} µs`, "≤ 0.3 µs"])

const megabyte = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251)
const clone = { form: "clone" } as const
const bytes = compare(
  () => Lossless.fromWire(structuredClone(Lossless.toWire(megabyte, clone)), clone),
  () => structuredClone(megabyte),
  20
)
rows.push(["a megabyte of bytes, clone form, × structuredClone", bytes.ratio.toFixed(2), "≤ 1.2"])

const many = Object.assign(new Error("many"), { list: Array.from({ length: 100_000 }, (_, index) => ({ index })) })
const objects = compare(
  () => Lossless.fromWire(structuredClone(Lossless.toWire(many, clone)), clone),
  () => structuredClone(many.list),
  1
)
rows.push([
  "100,000 objects in one error, clone form",
  `${(objects.one / 1000).toFixed(0)} ms (structuredClone of the list ${(objects.two / 1000).toFixed(0)})`,
  "–"
])
rows.push(["the same, size of the clone's bytes", `${serialize(Lossless.toWire(many, clone)).length}`, "–"])

/** In a process of its own, since only the first time counts. */
const first = (schemaOf: string): number => {
  const code = `
    import * as Lossless from "@causeway/core/Lossless"
    import * as Schema from "effect/Schema"
    import { UpstreamError } from "@causeway/core/UpstreamError"
    import { values } from "./bench/losslessValues.ts"
    import * as Exit from "effect/Exit"
    const failure = Exit.fail(values[1].value)
    const start = performance.now()
    const schema = Schema.toCodecJson(${schemaOf})
    const wire = Schema.encodeUnknownSync(schema)(failure)
    Schema.decodeUnknownSync(schema)(JSON.parse(JSON.stringify(wire)))
    console.log(performance.now() - start)`
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" }))
}
const firsts = [
  {
    name: "Lossless.Exit",
    schemaOf: "Lossless.Exit(Schema.String, UpstreamError)",
    bar: "< 5 ms",
    times: Array<number>()
  },
  {
    name: "stock Schema.Exit",
    schemaOf: "Schema.Exit(Schema.String, UpstreamError, Schema.Defect())",
    bar: "–",
    times: Array<number>()
  }
]
// In turn, so that both meet the same load.
for (let round = 0; round < 31; round++) for (const one of firsts) one.times.push(first(one.schemaOf))
for (const { bar, name, times } of firsts) {
  rows.push([
    `first use of ${name} with UpstreamError, encoded and decoded once`,
    `${lowest(times).toFixed(1)} ms (median ${median(times).toFixed(1)})`,
    bar
  ])
}

console.log("| what | measured | bar |\n|---|---|---|")
for (const row of rows) console.log(`| ${row.join(" | ")} |`)
