import { createReadStream, writeFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Disposition from "@causeway/core/Disposition"
import * as Upstream from "@causeway/core/Upstream"
import type * as OpenAiClient from "@causeway/openai/OpenAiClient"
import * as Operation from "@causeway/openai/Operation"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Answers from "./fixtures/answers.ts"
import { calling, failure, untilEnd, upload } from "./fixtures/client.ts"
import { json, type Respond } from "./fixtures/rawServer.ts"

/** Fails once, in such a way that the work may have been done, or not. */
const failsOnce =
  (status: number, answer: object): Respond =>
  (socket, { number }) =>
    socket.write(number === 1 ? json({ error: { message: "no" } }, {}, status) : json(answer))

const store = (ai: OpenAiClient.Service, options?: OpenAiClient.CallOptions) =>
  ai.files.create({ file: upload(), purpose: "batch" }, options)

/** The names of a client's methods, by their paths. */
const methodsOf = (resource: object, path = ""): ReadonlyArray<string> =>
  Object.entries(resource).flatMap(([name, value]) => {
    const at = path === "" ? name : `${path}.${name}`
    return typeof value === "function" ? [at] : methodsOf(value, at)
  })

const at = (params: object) => Operation.replayOf("responses.create", params)

describe("the table of operations", () => {
  it.effect("has every method of the client", () =>
    calling(
      () => {},
      (ai) =>
        Effect.sync(() => {
          const methods = methodsOf(ai).filter((name) => name !== "use")
          for (const name of methods) assert.isDefined(Operation.find(name), name)
          const others = Object.keys(Operation.operations).filter((name) => !methods.includes(name))
          assert.deepStrictEqual(others, ["batches.create", "fineTuning.jobs.create", "beta.threads.runs.create"])
        })
    )
  )

  it("says which parameters have an effect", () => {
    assert.strictEqual(at({ model: "m" }), "safe")
    assert.strictEqual(at({ background: false, conversation: null }), "safe")
    assert.strictEqual(at({ background: true }), "never")
    assert.strictEqual(at({ conversation: "conv_1" }), "never")
    assert.strictEqual(Operation.replayOf("responses.create", { background: true }, "key"), "safe")
    assert.strictEqual(Operation.replayOf("toString"), "safe")
  })
})

describe("a call that must not happen twice", () => {
  it.effect("is not made again once it may have run", () =>
    calling(
      failsOnce(500, Answers.fileObject),
      (ai, { requests }) =>
        Effect.gen(function* () {
          const error = yield* failure(store(ai))
          assert.strictEqual(error.replay, "never")
          assert.deepInclude(Disposition.of(error), { retry: "never", fallback: "never", delivery: "may-have-run" })
          assert.strictEqual(requests.length, 1)
        }),
      { retries: 2 }
    )
  )

  it.effect("is made again with an idempotency key, the same each time", () =>
    calling(
      failsOnce(500, Answers.fileObject),
      (ai, { requests }) =>
        Effect.gen(function* () {
          yield* untilEnd(store(ai, { idempotencyKey: "once" }))
          assert.strictEqual(requests.length, 2)
          for (const { head } of requests) assert.match(head, /^idempotency-key: once$/im)
        }),
      { retries: 2 }
    )
  )

  it.effect("is made again where it certainly did not run", () =>
    calling(
      failsOnce(429, Answers.fileObject),
      (ai, { requests }) =>
        Effect.gen(function* () {
          yield* untilEnd(store(ai))
          assert.strictEqual(requests.length, 2)
        }),
      { retries: 2 }
    )
  )

  it.effect("is one by its parameters, or by its name in use", () =>
    calling(
      failsOnce(500, Answers.responseObject()),
      (ai) =>
        Effect.gen(function* () {
          const job = yield* failure(ai.responses.create({ model: "m", input: "x", background: true }))
          assert.strictEqual(job.replay, "never")
          yield* ai.responses.create({ model: "m", input: "x" })
        }),
      { retries: 2 }
    ).pipe(
      Effect.andThen(
        calling(
          (socket) => socket.write(json({ error: { message: "no" } }, {}, 500)),
          (ai, { requests }) =>
            Effect.gen(function* () {
              const batch = { completion_window: "24h", endpoint: "/v1/embeddings", input_file_id: "f" } as const
              for (const options of [{ operation: "batches.create" }, { replay: "never" }] as const) {
                yield* failure(ai.use((sdk) => sdk.batches.create(batch), options))
              }
              assert.strictEqual(requests.length, 2)
              const keyed = { operation: "batches.create", idempotencyKey: "once" } as const
              yield* untilEnd(failure(ai.use((sdk) => sdk.batches.create(batch), keyed)))
              assert.strictEqual(requests.length, 5)
            }),
          { retries: 2 }
        )
      )
    )
  )
})

const withFile = <A, E, R>(f: (path: string) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "upload-"))),
    (folder) => {
      const path = join(folder, "a.jsonl")
      writeFileSync(path, "one line\n")
      return f(path)
    },
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  )

describe("a file that is a stream", () => {
  it.effect("is sent once: what is left of it is never sent as if it were the file", () =>
    withFile((path) =>
      calling(
        failsOnce(429, Answers.fileObject),
        (ai, { requests }) =>
          Effect.gen(function* () {
            const file = createReadStream(path)
            const params = { file, purpose: "batch" } as const
            const error = yield* failure(ai.files.create(params))
            assert.strictEqual(error.reason._tag, "RateLimited")
            assert.include(requests[0]!.body, "one line")
            const again = yield* failure(
              Effect.provideService(ai.files.create(params), Upstream.CurrentAttempt, { number: 2 })
            )
            assert.deepInclude(again.reason, { _tag: "RequestEncoding", path: "file" })
            assert.strictEqual(again.evidence.attempt, 2)
            assert.strictEqual(requests.length, 1)
          }),
        { retries: 2 }
      )
    )
  )

  it.effect("is not taken for gone where nothing was read of it", () =>
    withFile((path) =>
      calling(Answers.always(Answers.fileObject), (ai, { requests }) =>
        Effect.gen(function* () {
          const file = createReadStream(path)
          const params = { file, purpose: "batch" } as const
          const aborted = yield* failure(ai.files.create(params, { signal: AbortSignal.abort() }))
          assert.strictEqual(aborted.reason._tag, "Aborted")
          yield* ai.files.create(params)
          assert.include(requests[0]!.body, "one line")
        })
      )
    )
  )

  it.effect("that cannot be read is a mistake of the request's", () =>
    calling(
      () => {},
      (ai) =>
        Effect.gen(function* () {
          const file = createReadStream("/nowhere/a.jsonl")
          const error = yield* failure(ai.files.create({ file, purpose: "batch" }))
          assert.strictEqual(error.reason._tag, "RequestEncoding")
        })
    )
  )

  it.effect("given as a Blob is sent again", () =>
    calling(
      failsOnce(429, { text: "hi" }),
      (ai, { requests }) =>
        Effect.gen(function* () {
          yield* untilEnd(ai.audio.transcriptions.create({ model: "m", file: upload() }))
          assert.strictEqual(requests.length, 2)
          for (const { body } of requests) assert.include(body, "abc")
        }),
      { retries: 2 }
    )
  )
})
