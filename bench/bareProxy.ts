/**
 * The yardstick: the least that a proxy in Node can be. No types, no checks, no
 * limits, no containment. It also squares a number, as the yardstick of /predict.
 */
import { Agent, createServer, request as send } from "node:http"

const upstream = new URL(process.env["UPSTREAM"] ?? "")
const agent = new Agent({ keepAlive: true, maxSockets: 1024 })

const server = createServer((request, response) => {
  if (request.url === "/predict") {
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => (body += chunk))
    request.on("end", () => {
      const { x } = JSON.parse(body)
      response.setHeader("content-type", "application/json")
      response.end(JSON.stringify({ y: x * x }))
    })
    return
  }
  const onward = send(
    {
      agent,
      host: upstream.hostname,
      port: upstream.port,
      path: request.url,
      method: request.method,
      headers: request.headers
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    }
  )
  onward.on("error", () => response.writeHead(502).end())
  request.pipe(onward)
})
server.listen(Number(process.env["PORT"]), "127.0.0.1")
