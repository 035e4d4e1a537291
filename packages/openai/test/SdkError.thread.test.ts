/** Errors that the SDK throws in a worker, on the other side of a real thread. */
import { Worker } from "node:worker_threads"
import * as Lossless from "@causeway/core/Lossless"
import { fromSdkError, losslessClasses } from "@causeway/openai/SdkError"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Sdk from "openai/error"
import { sdkErrors, secrets } from "./fixtures/sdkErrors.ts"

let thread: Worker

beforeAll(() => {
  thread = new Worker(new URL("./fixtures/sdkThread.ts", import.meta.url))
})

afterAll(() => thread.terminate())

const receive = (name: string, isKnown: boolean): Promise<unknown> =>
  new Promise((resolve, reject) => {
    thread.once("error", reject)
    thread.once("message", (wire: unknown) => {
      thread.off("error", reject)
      resolve(Lossless.fromWire(wire, { form: "clone", classes: isKnown ? losslessClasses : [] }))
    })
    thread.postMessage([name, isKnown])
  })

/** What an error is made of, with headers as pairs and without what differs by place. */
const parts = (error: Error): Readonly<Record<string, unknown>> => ({
  message: error.message,
  cause: error.cause instanceof Error ? [error.cause.message, String(error.cause.cause)] : error.cause,
  ...Object.fromEntries(
    Object.entries(error)
      .filter(([name]) => name !== "cause")
      .map(([name, value]: [string, unknown]) => [name, value instanceof Headers ? [...value.keys()] : value])
  )
})

describe("losslessClasses", () => {
  it("has every error class that the SDK exports, and each has an error here", () => {
    const exported = Object.keys(Sdk).filter((name) => name !== "default")
    assert.sameMembers(
      losslessClasses.map(({ id }) => id),
      exported.map((name) => `openai/${name}`)
    )
    assert.sameMembers(Object.keys(sdkErrors), exported)
  })

  it.each(Object.entries(sdkErrors))("%s arrives as it was thrown, without secrets", async (name, make) => {
    const sent = make()
    const received = await receive(name, true)
    assert.instanceOf(received, sent.constructor as typeof Error)
    assert.strictEqual(Object.getPrototypeOf(received), Object.getPrototypeOf(sent))
    assert.deepStrictEqual(parts(received), parts(sent))
    if (sent instanceof Sdk.APIError && sent.headers !== undefined) {
      assert.instanceOf(received, Sdk.APIError)
      assert.instanceOf(received.headers, Headers)
      assert.strictEqual(received.headers?.get("retry-after"), "2")
      assert.strictEqual(received.requestID, "req-1")
      for (const secret of secrets) assert.notInclude(JSON.stringify([...(received.headers ?? [])]), secret)
    }
    assert.deepStrictEqual(fromSdkError(received)?.reason, fromSdkError(sent)?.reason)
  })

  it.each(Object.keys(sdkErrors))("%s is still understood where neither side names the classes", async (name) => {
    const received = await receive(name, false)
    assert.instanceOf(received, Error)
    assert.strictEqual(fromSdkError(received)?.reason._tag, fromSdkError(sdkErrors[name]?.())?.reason._tag)
  })
})
