/** The recipes of `docs/lossless.md` with the libraries that they are for; those without one run as snippets. */
import { Worker } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import * as Comlink from "comlink"
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs"
import { Piscina } from "piscina"
import { throwLossless } from "./fixtures/comlinkThrow.ts"
import type { Api } from "./fixtures/comlinkWorker.ts"
import type measure from "./fixtures/piscinaWorker.ts"
import { unwrap } from "./fixtures/piscinaTask.ts"
import { TooLarge } from "./fixtures/recipeErrors.ts"

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => assert.fail(`it did not fail, but gave ${String(value)}`),
    (error: unknown) => error
  )

const check = (error: unknown): void => {
  assert.instanceOf(error, TooLarge)
  assert.deepStrictEqual([error.message, error.size, error.cause === error], ["12 is more than 10", 12, true])
  assert.match(String(error.stack), /Worker\.ts/)
}

describe("the recipe for", () => {
  it("comlink throws on one side what was thrown on the other", async () => {
    throwLossless([TooLarge])
    const worker = new Worker(new URL("./fixtures/comlinkWorker.ts", import.meta.url))
    try {
      const api = Comlink.wrap<Api>(nodeEndpoint(worker))
      assert.strictEqual(await api.double(21), 42)
      const error = await rejection(api.refuse(12))
      check(error)
      assert.deepStrictEqual(Reflect.get(Object(error), "pixels"), new Uint8Array(4))
    } finally {
      await worker.terminate()
    }
  })

  it("piscina rejects in the main thread with what was thrown in the pool", async () => {
    const pool = new Piscina<string, Awaited<ReturnType<typeof measure>>>({
      filename: new URL("./fixtures/piscinaWorker.ts", import.meta.url).href,
      maxThreads: 1
    })
    try {
      const options = { classes: [TooLarge] }
      assert.strictEqual(unwrap(await pool.run("four"), options), 4)
      check(await rejection(pool.run("twelve chars").then((outcome) => unwrap(outcome, options))))
    } finally {
      await pool.destroy()
    }
  })
})
