/**
 * `npm run fuzz`: decodes mutated and invented wires in both forms. Each must give a
 * value or the codec's typed failure, touch no prototype, and take less than 100 ms
 * and 64 MB. What fails is added to `test/lossless/regressions.json`, which a test
 * replays from then on. The wires are decoded in a second thread, so that one whose
 * decoding does not end is found as well.
 *
 * `DURATION` sets the length (`10s`, `10m`; default 10 s), `SEED` the seed.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { Worker } from "node:worker_threads"
import { millisOf } from "../test/duration.ts"
import type { Find, FuzzMessage, FuzzOptions } from "../test/lossless/fuzzing.ts"
import { handOf, sharedHand } from "../test/lossless/hand.ts"

const regressions = "test/lossless/regressions.json"

const duration = millisOf(process.env["DURATION"] ?? "10s", 10_000)
const seed = Number(process.env["SEED"] ?? Math.trunc(Date.now() % 4_294_967_296))
/** How long one wire may be in hand before it counts as one that has no end: far longer than a busy machine takes. */
const patience = 20_000

console.log(`seed ${seed}, ${duration / 1000} s`)

const shared = sharedHand()
const hand = handOf(shared)
const options: FuzzOptions = { duration, seed, hand: shared }
const thread = new Worker(new URL("../test/lossless/fuzzing.ts", import.meta.url), { workerData: options })

const keep = ({ form, bytes, wrong }: Find): void => {
  console.error(`${form}: ${wrong}`)
  const known: Array<object> = JSON.parse(readFileSync(regressions, "utf8"))
  known.push({ form, wrong, seed, wire: Buffer.from(bytes).toString("base64") })
  writeFileSync(regressions, `${JSON.stringify(known, undefined, 2)}\n`)
  console.error(`kept in ${regressions}`)
  process.exitCode = 1
}

let seen = { turn: hand.turn(), at: Date.now() }
const watch = setInterval(() => {
  const turn = hand.turn()
  if (turn !== seen.turn) {
    seen = { turn, at: Date.now() }
    return
  }
  if (Date.now() - seen.at < patience) return
  clearInterval(watch)
  const held = hand.read()
  if (held === undefined) {
    console.error(`the thread stood still for ${patience / 1000} s, with no wire in hand`)
    process.exitCode = 1
  } else {
    keep({ ...held, wrong: `did not end in ${patience / 1000} s` })
  }
  void thread.terminate()
}, 1000)

thread.on("message", (message: FuzzMessage) => {
  if (message._tag === "Find") return keep(message)
  const { damaged, finds, invented, mutated, worst } = message
  console.log(
    `${damaged + invented + mutated} wires (${mutated} mutated, ${invented} invented, ${damaged} damaged), worst ${worst.toFixed(1)} ms, ${finds} finds`
  )
})
thread.on("error", (error) => {
  console.error(error)
  process.exitCode = 1
})
thread.on("exit", () => clearInterval(watch))
