/**
 * What comes over a limit is refused, and does not wait in silence.
 */
import { Agent, createServer, request, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chat, post, ready, until } from "./command.ts"

const event = (finish: string | null) =>
  `data: ${JSON.stringify({
    id: "1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta: finish === null ? { content: "a" } : {}, finish_reason: finish }]
  })}\n\n`

/** An upstream whose streams stay open until they are told to end. */
const upstream = Effect.gen(function* () {
  const open: Array<ServerResponse> = []
  const server = yield* Effect.acquireRelease(
    Effect.sync(() =>
      createServer((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" })
        response.write(event(null))
        open.push(response)
      })
    ),
    (server) => Effect.sync(() => void server.closeAllConnections())
  )
  yield* Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", 4096, () => resume(Effect.void)))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    end: Effect.sync(() => {
      for (const response of open.splice(0)) response.end(`${event("stop")}data: [DONE]\n\n`)
    })
  }
})

interface Seen {
  status: number
  text: string
  retryAfter: string | undefined
  isOver: boolean
}

/** Opens a stream, and goes on to read it. */
const stream = (url: string, agent: Agent, seen: Seen): void => {
  const sent = request(`${url}/v1/chat/completions`, { method: "POST", agent }, (response) => {
    seen.status = response.statusCode ?? 0
    seen.retryAfter = response.headers["retry-after"]
    response.setEncoding("utf8").on("data", (text: string) => (seen.text += text))
    response.on("close", () => (seen.isOver = true))
  })
  sent.on("error", (error) => {
    seen.text = String(error)
    seen.isOver = true
  })
  sent.end(JSON.stringify(chat("m", true)))
}

describe("1,500 streams at once", () => {
  it.live(
    "are served up to the limit, and the others are refused at once",
    () =>
      Effect.gen(function* () {
        const { end, url } = yield* upstream
        const server = yield* ready({ env: { OPENAI_BASE_URL: url, CAUSEWAY_WORKERS: "1" } })
        const agent = yield* Effect.acquireRelease(
          Effect.sync(() => new Agent({ maxSockets: Number.POSITIVE_INFINITY })),
          (agent) => Effect.sync(() => agent.destroy())
        )
        const all = Array.from({ length: 1500 }, (): Seen => ({
          status: 0,
          text: "",
          retryAfter: undefined,
          isOver: false
        }))
        for (const seen of all) stream(server.url, agent, seen)
        yield* until(
          Effect.sync(() => all.filter(({ isOver, text }) => isOver || text.includes("\n\n")).length),
          (count) => count === all.length
        )
        const open = all.filter(({ status }) => status === 200)
        const refused = all.filter(({ status }) => status !== 200)
        assert.strictEqual(open.length, 1024)
        for (const { retryAfter, status, text } of refused) {
          assert.strictEqual(status, 503, text)
          assert.strictEqual(JSON.parse(text).error.code, "overloaded")
          assert.strictEqual(retryAfter, "1")
        }
        yield* end
        yield* until(
          Effect.sync(() => open.every(({ isOver }) => isOver)),
          (isOver) => isOver
        )
        for (const { text } of open) assert.isTrue(text.endsWith("data: [DONE]\n\n"), text)
        assert.strictEqual((yield* post(`${server.url}/predict`, { x: 3 })).status, 200)
      }),
    120_000
  )
})
