/**
 * Every case of the corpus, in both forms: encoded, carried and decoded here, and
 * through a second thread that looks at it, encodes it again and sends it back.
 */
import { Worker } from "node:worker_threads"
import * as Lossless from "@causeway/core/Lossless"
import * as Codec from "@causeway/testing/Codec"
import * as Difference from "@causeway/testing/Difference"
import * as Secrets from "@causeway/testing/Secrets"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Case } from "./corpus/Case.ts"
import { classes, corpus } from "./corpus/index.ts"
import type { Reply, Sent } from "./receiver.ts"

const calls = new Map<number, (reply: Reply) => void>()
let receiver: Worker | undefined

beforeAll(async () => {
  const worker = new Worker(new URL("./receiver.ts", import.meta.url))
  worker.on("message", (reply: Reply) => calls.get(reply.id)?.(reply))
  // A thread that dies answers everybody who waits.
  worker.on("error", (error) => {
    for (const [id, answer] of calls) answer({ id, wrong: `the thread died: ${String(error)}`, wire: undefined })
  })
  await new Promise((resolve) => worker.once("online", resolve))
  receiver = worker
})

afterAll(() => receiver?.terminate())

/** Some values are large, and the machine may be busy. In milliseconds. */
const patience = 60_000

let ids = 0

const throughThread = (sent: Omit<Sent, "id">): Promise<Reply> =>
  new Promise((resolve) => {
    const id = ids++
    calls.set(id, (reply) => {
      calls.delete(id)
      resolve(reply)
    })
    receiver?.postMessage({ ...sent, id })
  })

const assertSame = (expected: unknown, actual: unknown, where: string, ignore: Case["ignore"]): void => {
  const difference = Difference.find(expected, actual, { carried: true, ignore })
  assert.isUndefined(difference && Difference.format(difference), where)
}

const cross = async (part: string, one: Case, form: Codec.Form): Promise<void> => {
  const options = { classes, ...one.options, form }
  const codec = Codec.lossless(options)
  const value = one.make()
  const wire = codec.encode(value)

  const bytes = Codec.bytes(codec, wire)
  for (const text of one.never ?? []) assert.isUndefined(Secrets.find(bytes, text), `"${text}" left`)
  for (const text of one.ever ?? []) assert.isDefined(Secrets.find(bytes, text), `"${text}" is missing`)

  if (one.most !== undefined) assert.isAtMost(bytes.length, one.most, "bytes")

  const arrived = codec.decode(Codec.carry(codec, wire))
  assertSame(one.arrives === undefined ? value : one.arrives(value), arrived, "here", one.ignore)
  one.holds?.(arrived)

  const reply = await throughThread({
    part,
    name: one.name,
    form,
    wire: form === "json" ? JSON.stringify(wire) : wire
  })
  assert.isUndefined(reply.wrong, "in the other thread")
  const back = Lossless.fromWire(form === "json" ? JSON.parse(String(reply.wire)) : reply.wire, options)
  assertSame(arrived, back, "and back", undefined)
  one.holds?.(back)
}

for (const form of ["json", "clone"] as const) {
  describe(`as ${form}`, () => {
    for (const [part, cases] of Object.entries(corpus)) {
      describe(part, () => {
        for (const one of cases) it(one.name, () => cross(part, one, form), patience)
      })
    }
  })
}

it("has a name of its own for every case", () => {
  for (const [part, cases] of Object.entries(corpus)) {
    const names = cases.map(({ name }) => name)
    assert.deepStrictEqual([...new Set(names)], names, part)
  }
})
