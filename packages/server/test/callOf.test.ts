import { assert, describe, it } from "@effect/vitest"
import { callOf } from "../src/internal/callOf.ts"

const post = (path: string, body?: string, headers?: Record<string, string>) =>
  callOf({
    method: "POST",
    path,
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers })
  })

describe("what a policy is told of a call", () => {
  it("is its model, where that is found", () => {
    assert.deepStrictEqual(post("/chat/completions", JSON.stringify({ model: "gpt-5", messages: [] })), {
      model: "gpt-5"
    })
    assert.deepStrictEqual(post("/chat/completions", "no JSON"), {})
  })

  it("is that it must not be made twice, where that has an effect", () => {
    const never = [
      post("/files"),
      post("/responses", JSON.stringify({ background: true })),
      post("/responses/r/cancel"),
      post("/batches", "{}"),
      callOf({ method: "DELETE", path: "/files/f" })
    ]
    for (const { replay } of never) assert.strictEqual(replay, "never")
    const safe = [
      post("/files", undefined, { "idempotency-key": "k" }),
      post("/responses", JSON.stringify({ input: "hello" })),
      post("/images/generations", "{}"),
      post("/audio/speech", "{}"),
      callOf({ method: "GET", path: "/files" })
    ]
    for (const { replay } of safe) assert.isUndefined(replay)
  })
})
