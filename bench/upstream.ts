/**
 * The upstream that every variant talks to: as little work as can be, so that the
 * figures are those of what stands in front of it. A JSON answer of about 400
 * bytes, or a stream of 100 events of one token, each in a write of its own: as fast
 * as they go, or one each n milliseconds where `user` is `pace-n`.
 */
import { createServer } from "node:http"
import { tokensPerStream } from "./protocol.ts"

const answer = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 0,
  model: "bench",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "The quick brown fox jumps over the lazy dog, and then again." },
      logprobs: null,
      finish_reason: "stop"
    }
  ],
  usage: { prompt_tokens: 12, completion_tokens: 14, total_tokens: 26 },
  system_fingerprint: "fp_bench"
})

const event = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 0,
    model: "bench",
    choices: [{ index: 0, delta, finish_reason: finish }]
  })}\n\n`
const token = event({ content: "token " }, null)
const end = `${event({}, "stop")}data: [DONE]\n\n`

const server = createServer((request, response) => {
  let body = ""
  request.setEncoding("latin1")
  request.on("data", (chunk: string) => (body += chunk))
  request.on("end", () => {
    if (!body.includes('"stream":true')) {
      response.writeHead(200, { "content-type": "application/json", "content-length": answer.length })
      response.end(answer)
      return
    }
    response.writeHead(200, { "content-type": "text/event-stream" })
    const pace = Number(/"user":"pace-(\d+)"/.exec(body)?.[1] ?? 0)
    let sent = 0
    const next = () => {
      if (response.destroyed) return
      if (sent++ === tokensPerStream) response.end(end)
      else {
        response.write(token)
        if (pace === 0) setImmediate(next)
        else setTimeout(next, pace)
      }
    }
    next()
  })
})
server.listen(Number(process.env["PORT"]), "127.0.0.1")
