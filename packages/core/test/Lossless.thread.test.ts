/** Arbitrary values through a real second thread that knows none of their classes, and back. */
import { Worker } from "node:worker_threads"
import * as Lossless from "@causeway/core/Lossless"
import * as UpstreamError from "@causeway/core/UpstreamError"
import * as Arbitraries from "@causeway/testing/Arbitraries"
import * as Difference from "@causeway/testing/Difference"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"

const waiting = new Map<number, (wire: unknown) => void>()
let thread: Worker | undefined
let calls = 0

beforeAll(async () => {
  const worker = new Worker(new URL("./Lossless.echo.ts", import.meta.url))
  worker.on("message", ([id, wire]: readonly [number, unknown]) => waiting.get(id)?.(wire))
  worker.on("error", (error) => {
    for (const answer of waiting.values()) answer(`the thread died: ${String(error)}`)
  })
  await new Promise((resolve) => worker.once("online", resolve))
  thread = worker
})

afterAll(() => thread?.terminate())

const echo = (form: Lossless.Form, wire: unknown): Effect.Effect<unknown> =>
  Effect.promise(
    () =>
      new Promise((resolve) => {
        const id = calls++
        waiting.set(id, (answer) => {
          waiting.delete(id)
          resolve(answer)
        })
        thread?.postMessage([id, form, wire])
      })
  )

const subjects: Readonly<Record<string, Arbitrary.Arbitrary<unknown>>> = {
  graphs: Arbitraries.graph,
  errors: Arbitraries.error,
  causes: Arbitraries.cause(Arbitraries.upstreamError)
}

describe("through another thread", () => {
  for (const form of ["json", "clone"] as const) {
    for (const [name, values] of Object.entries(subjects)) {
      it.effect(`${name} come back as they were, as ${form}`, () => {
        // Values are made up, so that some stand under a credential's name.
        const options: Lossless.Options = { form, classes: [UpstreamError.UpstreamError], redaction: false }
        return Effect.map(
          Arbitrary.checkEffect(values, (value) =>
            Effect.map(echo(form, Lossless.toWire(value, options)), (wire) => {
              const difference = Difference.find(value, Lossless.fromWire(wire, options), { carried: true })
              return difference === undefined
            })
          ),
          (result) => assert.isUndefined(Arbitrary.formatCheckFailure(result))
        )
      })
    }
  }
})
