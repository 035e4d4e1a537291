/**
 * `npm run fuzz`: decodes mutated and invented wires in both forms. Each must give a
 * value or the codec's typed failure, touch no prototype, and take less than 100 ms
 * and 64 MB. What fails is added to `test/lossless/regressions.json`, which a test
 * replays from then on.
 *
 * `DURATION` sets the length (`10s`, `10m`; default 10 s), `SEED` the seed.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { deserialize, serialize } from "node:v8"
import * as Lossless from "@causeway/core/Lossless"
import { classes, corpus } from "../packages/core/test/conformance/corpus/index.ts"
import { millisOf } from "../test/duration.ts"
import { judge, type Form } from "../test/lossless/decoding.ts"
import { damage, invent, mutate, seeded, vocabularyOf } from "../test/lossless/mutation.ts"

const regressions = "test/lossless/regressions.json"

const duration = millisOf(process.env["DURATION"] ?? "10s", 10_000)
const seed = Number(process.env["SEED"] ?? Math.trunc(Date.now() % 4_294_967_296))
const random = seeded(seed)

console.log(`seed ${seed}, ${duration / 1000} s`)

/** Real wires to start from, the small ones: a change somewhere in a megabyte of bytes finds nothing. */
const wiresOf = (form: Form): ReadonlyArray<Uint8Array> =>
  Object.values(corpus)
    .flat()
    .flatMap((one) => {
      const bytes = serialize(Lossless.toWire(one.make(), { classes, ...one.options, form }))
      return bytes.length < 20_000 ? [bytes] : []
    })

const forms = (["json", "clone"] as const).map((form) => {
  const wires = wiresOf(form)
  return { form, wires, words: vocabularyOf(wires.map((bytes) => deserialize(bytes))) }
})

const counts = { mutated: 0, invented: 0, damaged: 0, finds: 0 }
const start = Date.now()
let worst = 0

const next = ({ form, wires, words }: (typeof forms)[number]): unknown => {
  const dice = random.next()
  const bytes = random.of(wires, new Uint8Array())
  if (dice < 0.7) {
    counts.mutated++
    return mutate(random, deserialize(bytes), words, form === "clone")
  }
  if (dice < 0.85 || form === "clone") {
    counts.invented++
    return invent(random, words, form === "clone")
  }
  counts.damaged++
  return damage(random, JSON.stringify(deserialize(bytes)))
}

const keep = (form: Form, bytes: Uint8Array, wrong: string): void => {
  const known: Array<object> = JSON.parse(readFileSync(regressions, "utf8"))
  known.push({ form, wrong, seed, wire: Buffer.from(bytes).toString("base64") })
  writeFileSync(regressions, `${JSON.stringify(known, undefined, 2)}\n`)
}

/** A wire as bytes, of which each try makes one of its own; none where it nests too deep for that: those have tests. */
const bytesOf = (wire: unknown): Uint8Array | undefined => {
  try {
    const bytes = serialize(wire)
    deserialize(bytes)
    return bytes
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined
    throw thrown
  }
}

while (Date.now() - start < duration && counts.finds < 20) {
  for (const form of forms) {
    const wire = next(form)
    const bytes = bytesOf(wire)
    if (bytes === undefined) continue
    const { millis, wrong } = judge(form.form, () => deserialize(bytes))
    worst = Math.max(worst, millis)
    if (wrong === undefined) continue
    counts.finds++
    console.error(`${form.form}: ${wrong}: ${JSON.stringify(wire)?.slice(0, 500)}`)
    keep(form.form, bytes, wrong)
  }
}

const decoded = counts.mutated + counts.invented + counts.damaged
console.log(
  `${decoded} wires (${counts.mutated} mutated, ${counts.invented} invented, ${counts.damaged} damaged), worst ${worst.toFixed(1)} ms, ${counts.finds} finds`
)
if (counts.finds > 0) {
  console.error(`kept in ${regressions}`)
  process.exitCode = 1
}
