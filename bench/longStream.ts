/** An upstream whose streams are long: `max_tokens` says how many megabytes of text. */
import { createServer } from "node:http"

const event = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({ id: "long", object: "chat.completion.chunk", created: 0, model: "bench", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const piece = event({ content: "x".repeat(1_000) }, null)

const server = createServer((request, response) => {
  let body = ""
  request.setEncoding("latin1")
  request.on("data", (chunk: string) => (body += chunk))
  request.on("end", () => {
    if (body === "") return response.end("{}")
    let left = Number(JSON.parse(body).max_tokens) * 1_000
    response.writeHead(200, { "content-type": "text/event-stream" })
    const next = () => {
      while (left-- > 0) if (!response.write(piece)) return response.once("drain", next)
      return response.end(`${event({}, "stop")}data: [DONE]\n\n`)
    }
    return next()
  })
})
server.listen(Number(process.env["PORT"]), "127.0.0.1")
