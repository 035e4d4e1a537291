/** Two programs that share what they find out by files in a directory: an upstream that one of them finds dead is dead. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import * as Policy from "@causeway/resilience/Policy"
import * as Store from "@causeway/resilience/Store"
import * as Upstreams from "@causeway/resilience/Upstreams"
import { Simulator } from "@causeway/simulator/Simulator"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schedule from "effect/Schedule"

const policy = Policy.make({
  retry: { times: 0 },
  breaker: { open: "10 minutes", maxOpen: "10 minutes" }
})

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "causeway-store-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const client = (name: string, baseUrl: string) => ({ client: Layer.orDie(OpenAiClient.layer({ name, baseUrl })) })

const program = Effect.fnUntraced(function* (path: string, urls: readonly [primary: string, backup: string]) {
  const [primary, backup] = urls
  const files = KeyValueStore.layerFileSystem(path).pipe(Layer.provide([NodeFileSystem.layer, NodePath.layer]))
  const sharing = Store.layerShared({ every: "20 millis", within: "20 seconds" }).pipe(
    Layer.provide(Store.layerKeyValueStore),
    Layer.provide(Layer.orDie(files))
  )
  const upstreams = Upstreams.layer({ primary: client("primary", primary), backup: client("backup", backup) })
  const context = yield* Layer.build(Layer.fresh(Layer.provideMerge(sharing, upstreams)))
  const messages = [{ role: "user" as const, content: "good day to you" }]
  const ask = OpenAiClient.OpenAiClient.use(({ chat }) => chat.completions.create({ model: "gpt-5", messages }))
  return {
    ask: Effect.provide(Policy.apply(policy)(ask), context),
    primary: Effect.map(Effect.provide(Upstreams.status, context), (all) =>
      all.find(({ upstream }) => upstream === "primary")
    )
  }
})

it.live("programs share it by files", () =>
  Effect.gen(function* () {
    const path = yield* directory
    const primary = yield* Simulator.make({})
    const backup = yield* Simulator.make({})
    const one = yield* program(path, [primary.url, backup.url])
    const other = yield* program(path, [primary.url, backup.url])
    yield* other.ask
    yield* primary.behave({ fault: "no-healthy-upstream" })
    for (let call = 0; call < 5; call++) yield* one.ask
    const before = yield* primary.requestCount
    yield* Effect.repeat(other.primary, {
      schedule: Schedule.spaced("20 millis"),
      until: (status) => status?.state === "down"
    })
    yield* other.ask
    assert.strictEqual(yield* primary.requestCount, before)

    // A file that somebody has broken takes nothing down.
    writeFileSync(join(path, encodeURIComponent("causeway:primary:")), "{")
    yield* one.ask
    yield* other.ask
    assert.strictEqual(yield* backup.requestCount, 8)
  })
)
