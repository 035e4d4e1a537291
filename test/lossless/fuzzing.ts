/** The thread of `scripts/fuzz.ts`: makes wires and judges how they are decoded. */
import { deserialize, serialize } from "node:v8"
import { parentPort, workerData } from "node:worker_threads"
import * as Lossless from "@causeway/core/Lossless"
import { classes, corpus } from "../../packages/core/test/conformance/corpus/index.ts"
import { judge, type Form } from "./decoding.ts"
import { handOf } from "./hand.ts"
import { damage, invent, mutate, seeded, vocabularyOf } from "./mutation.ts"

export interface FuzzOptions {
  /** Milliseconds. */
  readonly duration: number
  readonly seed: number
  readonly hand: SharedArrayBuffer
}

/** A wire that was not decoded as it must be, and what was wrong. */
export interface Find {
  readonly form: Form
  readonly bytes: Uint8Array
  readonly wrong: string
}

export type FuzzMessage =
  | ({ readonly _tag: "Find" } & Find)
  | ({ readonly _tag: "Progress"; readonly worst: number } & Record<
      "mutated" | "invented" | "damaged" | "finds",
      number
    >)

/** Finds after which it ends: more of them say the same. */
const mostFinds = 20
/** Milliseconds from one line of progress to the next. */
const progressEvery = 10_000

const options: FuzzOptions = workerData
const hand = handOf(options.hand)
const random = seeded(options.seed)

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

const post = (message: FuzzMessage): void => parentPort?.postMessage(message)
const report = (): void => post({ _tag: "Progress", ...counts, worst })

const start = Date.now()
let reported = start
while (Date.now() - start < options.duration && counts.finds < mostFinds) {
  for (const form of forms) {
    const bytes = bytesOf(next(form))
    if (bytes === undefined) continue
    hand.take(form.form, bytes)
    const { millis, wrong } = judge(form.form, () => deserialize(bytes))
    hand.empty()
    worst = Math.max(worst, millis)
    if (wrong === undefined) continue
    counts.finds++
    post({ _tag: "Find", form: form.form, bytes, wrong })
  }
  if (Date.now() - reported < progressEvery) continue
  reported = Date.now()
  report()
}
report()
