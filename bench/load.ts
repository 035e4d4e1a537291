/**
 * A closed loop of keep-alive connections over bare sockets, in a process of its
 * own so that it shares no event loop with what it measures. Prints one line of
 * JSON: answers, failures, and latencies in milliseconds.
 */
import { connect } from "node:net"

interface Load {
  readonly port: number
  readonly path: string
  readonly body: string
  readonly connections: number
  readonly seconds: number
}

const load: Load = JSON.parse(process.argv[2] ?? "{}")
const request = Buffer.from(
  `POST ${load.path} HTTP/1.1\r\nhost: 127.0.0.1:${load.port}\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(load.body)}\r\n\r\n${load.body}`
)

const latencies: Array<number> = []
let failures = 0
const stopAt = performance.now() + load.seconds * 1000

/** The length of the answer at the start of the text, or none while it is not whole. */
const complete = (text: string): boolean => {
  const head = text.indexOf("\r\n\r\n")
  if (head < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))
  return length === null ? text.endsWith("0\r\n\r\n") : text.length >= head + 4 + Number(length[1])
}

const run = () =>
  new Promise<void>((resolve) => {
    const socket = connect(load.port, "127.0.0.1")
    socket.setNoDelay(true)
    socket.setEncoding("latin1")
    let text = ""
    let begun = 0
    const next = () => {
      if (performance.now() >= stopAt) {
        socket.destroy()
        return
      }
      text = ""
      begun = performance.now()
      socket.write(request)
    }
    socket.on("connect", next)
    socket.on("data", (chunk: string) => {
      text += chunk
      if (!complete(text)) return
      if (text.startsWith("HTTP/1.1 200") && !text.includes("event: error")) latencies.push(performance.now() - begun)
      else failures++
      next()
    })
    socket.on("error", () => failures++)
    socket.on("close", () => resolve())
  })

await Promise.all(Array.from({ length: load.connections }, run))
const sorted = latencies.toSorted((a, b) => a - b)
const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
console.log(JSON.stringify({ answers: latencies.length, failures, p50: at(0.5), p99: at(0.99) }))
