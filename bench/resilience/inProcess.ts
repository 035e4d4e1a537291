/** The simulator without its sockets: a `fetch` that answers as its phases, latencies and limits say. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Director from "../../packages/simulator/src/internal/director.ts"
import * as Respond from "../../packages/simulator/src/internal/respond.ts"
import * as Store from "../../packages/simulator/src/internal/store.ts"
import * as Turns from "../../packages/simulator/src/internal/turns.ts"
import { type Count, latencyOf, scriptOf, type Side } from "./protocol.ts"

/** An upstream, by what the SDK takes as its `fetch`, and what came in. */
export interface InProcess {
  readonly fetch: typeof globalThis.fetch
  readonly counts: () => ReadonlyArray<Count>
}

const origin = "http://127.0.0.1"

/** An upstream that begins its phases now. */
export const upstream = async (side: Side, seed: number): Promise<InProcess> => {
  const random = await Effect.runPromise(Random.withSeed(Random.Random, seed))
  const director = Director.make(
    { behaviour: { latency: latencyOf[side] }, script: scriptOf(side), now: Date.now() },
    random,
    // No phase refuses connections, and each request sees to the phases by itself.
    { refuse: () => undefined, wake: () => undefined }
  )
  const setting = { director, turns: Turns.make(), random }
  const store = Store.make()
  const counts = new Map<string, Count>()
  let number = 0
  const count = (phase: string, outcome: Count["outcome"]): void => {
    const key = [phase, outcome].join()
    counts.set(key, { side, phase, outcome, requests: (counts.get(key)?.requests ?? 0) + 1 })
  }
  return {
    counts: () => [...counts.values()],
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const body = new Uint8Array(await request.arrayBuffer())
      const { content, delay, headers, holding, reply, takesTime } = Effect.runSync(
        Respond.respond(
          setting,
          {
            number: ++number,
            method: request.method,
            path: new URL(request.url).pathname,
            query: new URLSearchParams(),
            origin,
            contentType: "application/json",
            store,
            wish: undefined,
            body
          },
          Date.now()
        )
      )
      const { phase = "" } = content
      const wait = delay + (reply.wait ?? 0) + (takesTime ? holding.latency.answer() : 0)
      const signal = init?.signal ?? undefined
      try {
        await waited(wait, signal)
      } catch (error) {
        count(phase, "given up")
        throw error
      }
      const status = reply.head?.status ?? 500
      count(phase, status === 200 ? "served" : "refused")
      return new Response(Buffer.concat(reply.body.map((piece) => Buffer.from(piece))), {
        status,
        headers: { ...reply.head?.headers, ...headers }
      })
    }
  }
}

/** Waits, or fails as a `fetch` does whose signal says that nobody waits for it any longer. */
const waited = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const leave = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", leave)
      resolve()
    }, ms)
    signal?.addEventListener("abort", leave, { once: true })
  })
