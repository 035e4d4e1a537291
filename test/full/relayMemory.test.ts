/** A long answer takes no more memory than a short one: 30 MB through the relay, in a process of its own. */
import { execFile } from "node:child_process"
import { createServer, type ServerResponse } from "node:http"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

const event = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const token = event({ content: "x".repeat(200) }, null)
const sound = Buffer.alloc(16 * 1024, 7)

/** As many bytes as are asked for, as fast as they are taken. */
const pour = (response: ServerResponse, piece: string | Buffer, bytes: number, end: string): void => {
  let left = Math.ceil(bytes / Buffer.byteLength(piece))
  const next = (): void => {
    while (left-- > 0) if (!response.write(piece)) return void response.once("drain", next)
    response.end(end)
  }
  next()
}

const upstream = createServer((request, response) => {
  let body = ""
  request.on("data", (chunk: Buffer) => (body += chunk.toString()))
  request.on("end", () => {
    const bytes = Number(JSON.parse(body).megabytes) * 1e6
    const isAudio = request.url === "/v1/audio/speech"
    response.writeHead(200, { "content-type": isAudio ? "audio/mpeg" : "text/event-stream" })
    if (isAudio) pour(response, sound, bytes, "")
    else pour(response, token, bytes, `${event({}, "stop")}data: [DONE]\n\n`)
  })
})

beforeAll(() => new Promise<void>((resolve) => void upstream.listen(0, "127.0.0.1", resolve)))
afterAll(() => void upstream.close())

const reader = new URL("./fixtures/relayReader.ts", import.meta.url)

describe("30 MB through the relay", () => {
  it.each(["events", "slow", "bytes"])("stay within 64 MB above idle: %s", async (kind) => {
    const address = upstream.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const run = promisify(execFile)(process.execPath, [reader.pathname, `http://127.0.0.1:${port}/v1`, kind])
    const { bytes, idle, ms, peak } = JSON.parse((await run).stdout)
    assert.isAtLeast(bytes, 30e6)
    const rate = `${Math.round(bytes / 1e3 / ms)} MB/s`
    assert.isBelow((peak - idle) / 2 ** 20, 64, `above ${Math.round(idle / 2 ** 20)} MiB, at ${rate}`)
  })
})
