/** Each way in which a call can be made, with each kind of answer. */
import * as Local from "@causeway/core/Local"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import type * as Recorder from "@causeway/openai/Recorder"
import { Relay } from "@causeway/openai/Relay"
import { fromSdkError } from "@causeway/openai/SdkError"
import type { Kind } from "@causeway/simulator/Answer"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import OpenAI from "openai"

/** Every kind of answer. */
export const kinds: ReadonlyArray<Kind> = ["json", "stream", "binary"]

/** By what a call is made, where nothing is lost on the way. */
export const ways = ["client", "relay"] as const

/** A call. */
export interface Call {
  readonly url: string
  readonly model: string
  readonly kind: Kind
  readonly limits: Recorder.Options
}

/** What the bare SDK threw is no failure of an upstream, as far as `fromSdkError` can tell. */
export class Unrecognised extends Data.TaggedError("Unrecognised")<{ readonly cause: unknown }> {}

const messages = [{ role: "user" as const, content: "good day to you" }]
const speech = { voice: "alloy", input: "good day to you" } as const

/** By `OpenAiClient`. */
export const byClient = ({ kind, limits, model, url }: Call, retries: number): Effect.Effect<void, UpstreamError> => {
  const client = OpenAiClient.layer({ name: "simulated", baseUrl: url, retries, recorder: limits })
  return Effect.gen(function* () {
    const { audio, chat } = yield* OpenAiClient.OpenAiClient
    switch (kind) {
      case "json":
        return yield* Effect.asVoid(chat.completions.create({ model, messages }))
      case "stream":
        return yield* Stream.runDrain(chat.completions.stream({ model, messages }))
      case "binary":
        return yield* Effect.asVoid(audio.speech.create({ model, ...speech }))
    }
  }).pipe(Effect.provide(client))
}

/** By the relay that stands behind the server's routes. */
export const byRelay = ({ kind, limits, model, url }: Call) => {
  const relay = Local.layer(Relay, Relay.layer({ simulated: { baseUrl: url } }, { recorder: limits }))
  return Effect.gen(function* () {
    const it = yield* Relay
    const ask = { path: "/chat/completions", method: "POST" }
    switch (kind) {
      case "json":
        return yield* Effect.asVoid(it.complete({ ...ask, body: JSON.stringify({ model, messages }) }))
      case "stream":
        return yield* Stream.runDrain(it.events({ ...ask, body: JSON.stringify({ model, messages, stream: true }) }))
      case "binary": {
        const body = new TextEncoder().encode(JSON.stringify({ model, ...speech }))
        return yield* Stream.runDrain(it.transfer({ path: "/audio/speech", method: "POST", body }))
      }
    }
  }).pipe(Effect.provide(relay))
}

/** The SDK's own limit, and that of a caller's signal: by itself it waits for ever for a body. */
const sdkLimits = (model: string) =>
  model.includes("stall") ? { timeout: 150, signal: 600 } : { timeout: 10_000, signal: 15_000 }

/** By the official SDK as it is, and then `fromSdkError`. */
export const bySdk = ({ kind, model, url }: Call): Effect.Effect<void, UpstreamError | Unrecognised> =>
  Effect.tryPromise({
    try: async () => {
      const limits = sdkLimits(model)
      const sdk = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0, timeout: limits.timeout })
      const signal = AbortSignal.timeout(limits.signal)
      switch (kind) {
        case "json":
          return void (await sdk.chat.completions.create({ model, messages }, { signal }))
        case "stream":
          for await (const _ of await sdk.chat.completions.create({ model, messages, stream: true }, { signal }));
          return
        case "binary":
          return void (await (await sdk.audio.speech.create({ model, ...speech }, { signal })).arrayBuffer())
      }
    },
    catch: (cause) => fromSdkError(cause, { upstream: "simulated" }) ?? new Unrecognised({ cause })
  })
