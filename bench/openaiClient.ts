/**
 * What a call through `OpenAiClient` costs beside the bare SDK: JSON and streams, by
 * CPU and by time, in one process and in turn; the memory of a long stream; the import.
 * The SDK runs on the global `fetch`, as users have it, and on undici's.
 *
 * `npm run build && npx node bench/openaiClient.ts`; ROUNDS, CALLS and STREAMS shorten it.
 */
import { execFileSync, spawn } from "node:child_process"
import { createServer } from "node:net"
import * as OpenAiClient from "@causeway/openai/OpenAiClient"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import OpenAI from "openai"
import { fetch as undiciFetch } from "undici"
import { tokensPerStream } from "./protocol.ts"

const rounds = Number(process.env["ROUNDS"] ?? 9)
const calls = Number(process.env["CALLS"] ?? 2_000)
const streams = Number(process.env["STREAMS"] ?? 100)
const concurrency = 16

const median = (list: ReadonlyArray<number>): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const upstream = async (script: string) => {
  const port = await freePort()
  const child = spawn(process.execPath, [new URL(script, import.meta.url).pathname], {
    env: { ...process.env, PORT: String(port) },
    stdio: "inherit"
  })
  const url = `http://127.0.0.1:${port}/v1`
  for (;;) {
    try {
      await (await fetch(`${url}/models`)).text()
      return { url, stop: () => child.kill() }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

const params = { model: "bench", messages: [{ role: "user" as const, content: "hello" }] }

interface Variant {
  readonly name: string
  readonly json: () => Promise<unknown>
  readonly stream: () => Promise<number>
}

const sdkOf = (name: string, baseURL: string, fetch?: typeof globalThis.fetch): Variant => {
  const sdk = new OpenAI({ baseURL, apiKey: "k", maxRetries: 0, ...(fetch !== undefined && { fetch }) })
  return {
    name,
    json: () => sdk.chat.completions.create(params),
    stream: async () => {
      let events = 0
      for await (const _ of await sdk.chat.completions.create({ ...params, stream: true })) events++
      return events
    }
  }
}

const clientOf = async (baseUrl: string) => {
  const runtime = ManagedRuntime.make(OpenAiClient.layer({ baseUrl, retries: 0 }))
  const ai = await runtime.runPromise(OpenAiClient.OpenAiClient)
  const variant: Variant = {
    name: "OpenAiClient",
    json: () => runtime.runPromise(ai.chat.completions.create(params)),
    stream: () => {
      let events = 0
      return runtime.runPromise(
        Effect.map(
          Stream.runForEachArray(ai.chat.completions.stream(params), (chunk) =>
            Effect.sync(() => {
              for (const _ of chunk) events++
            })
          ),
          () => events
        )
      )
    }
  }
  return { variant, ai, runtime }
}

/** Runs a number of calls, so many at a time. CPU and time for one of them, in microseconds. */
const measure = async (call: () => Promise<unknown>, count: number) => {
  let left = count
  const cpu = process.cpuUsage()
  const start = performance.now()
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await call()
    })
  )
  const { system, user } = process.cpuUsage(cpu)
  return { cpu: (user + system) / count, time: ((performance.now() - start) * 1_000) / count }
}

const compare = async (
  title: string,
  variants: ReadonlyArray<Variant>,
  kind: "json" | "stream",
  count: number,
  per: number
) => {
  for (const { [kind]: call } of variants) await measure(call, count * 2)
  const seen = new Map(variants.map(({ name }) => [name, [] as Array<{ cpu: number; time: number }>]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, [kind]: call } of round % 2 === 0 ? variants : variants.toReversed()) {
      seen.get(name)!.push(await measure(call, count))
    }
  }
  console.log(
    `\n### ${title}\n\n| variant | CPU µs | time µs | OpenAiClient's CPU, × this | its time, × this |\n| --- | --- | --- | --- | --- |`
  )
  const ours = seen.get("OpenAiClient")!
  for (const [name, each] of seen) {
    const ratio = (of: "cpu" | "time") => median(each.map((theirs, round) => ours[round]![of] / theirs[of])).toFixed(2)
    const value = (of: "cpu" | "time") => (median(each.map((theirs) => theirs[of])) / per).toFixed(1)
    console.log(`| ${name} | ${value("cpu")} | ${value("time")} | ${ratio("cpu")} | ${ratio("time")} |`)
  }
}

/** The largest resident size while a stream of 30 MB is read, above what it was before, in MB. */
const memory = async ({ ai, runtime }: Awaited<ReturnType<typeof clientOf>>) => {
  const read = async (mb: number) => {
    const before = process.memoryUsage.rss()
    let most = before
    let bytes = 0
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5)
    await runtime.runPromise(
      Stream.runForEach(ai.chat.completions.stream({ ...params, max_tokens: mb }), ({ choices }) =>
        Effect.sync(() => {
          bytes += choices[0]?.delta.content?.length ?? 0
        })
      )
    )
    clearInterval(watch)
    return { bytes, more: (Math.max(most, process.memoryUsage.rss()) - before) / 1024 / 1024 }
  }
  await read(1)
  return read(30)
}

/** Imports in processes of their own, from what is built: median of seven, in milliseconds. */
const imports = () => {
  const hook = `
    import { registerHooks } from "node:module"
    registerHooks({
      resolve(specifier, context, next) {
        const [, name, module] = /^@causeway\\/(\\w+)\\/(\\w+)$/.exec(specifier) ?? []
        return next(name ? new URL("../packages/" + name + "/dist/" + module + ".js", ${JSON.stringify(import.meta.url)}).href : specifier, context)
      }
    })
    const start = performance.now()`
  const time = (modules: ReadonlyArray<string>) =>
    Number(
      execFileSync(process.execPath, [
        "--input-type=module",
        "-e",
        `${hook}\n${modules.map((module) => `await import("${module}")`).join("\n")}\nconsole.log(performance.now() - start)`
      ])
    )
  const pairs = Array.from(
    { length: 7 },
    () => [time(["@causeway/openai/OpenAiClient"]), time(["openai", "effect/Schema"])] as const
  )
  return {
    ours: median(pairs.map(([ours]) => ours)),
    theirs: median(pairs.map(([, theirs]) => theirs)),
    ratio: median(pairs.map(([ours, theirs]) => ours / theirs))
  }
}

const small = await upstream("./upstream.ts")
const large = await upstream("./longStream.ts")
const client = await clientOf(small.url)
// Its types are undici's own; what the SDK calls is the standard's.
const onUndici = undiciFetch as unknown as typeof globalThis.fetch
const variants = [
  sdkOf("SDK, global fetch", small.url),
  sdkOf("SDK, undici's fetch", small.url, onUndici),
  client.variant
]
try {
  await compare("JSON, one call", variants, "json", calls, 1)
  await compare("stream, one event", variants, "stream", streams, tokensPerStream + 1)
  const long = await clientOf(large.url)
  const { bytes, more } = await memory(long)
  console.log(
    `\n### A stream of 30 MB\n\n${(bytes / 1e6).toFixed(0)} MB of text: at most ${more.toFixed(0)} MB above idle (bar: 64)`
  )
  await long.runtime.dispose()
  const { ours, ratio, theirs } = imports()
  console.log(
    `\n### Import\n\nOpenAiClient ${ours.toFixed(0)} ms, openai and effect/Schema ${theirs.toFixed(0)} ms: ${ratio.toFixed(2)} × (bar: 1.15)`
  )
} finally {
  await client.runtime.dispose()
  small.stop()
  large.stop()
}
