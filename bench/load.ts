/**
 * A closed loop of keep-alive connections over bare sockets, in a process of its
 * own so that it shares no event loop with what it measures. Each byte is looked at
 * once: an answer ends by its length, or by the last chunk.
 *
 * Prints one line of JSON: answers, failures, and latencies in milliseconds.
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

const lastChunk = "0\r\n\r\n"

/** Reads one answer after the other; true where a piece ends one. `isGood`: a 200 without an error event. */
const reader = () => {
  let head = ""
  let tail = ""
  let seen = 0
  let length: number | undefined
  let hasHead = false
  let isGood = false
  return {
    begin: (): void => {
      head = tail = ""
      seen = 0
      hasHead = false
    },
    isGood: (): boolean => isGood,
    read: (chunk: string): boolean => {
      let body = chunk
      if (!hasHead) {
        head += chunk
        const end = head.indexOf("\r\n\r\n")
        if (end < 0) return false
        hasHead = true
        isGood = head.startsWith("HTTP/1.1 200")
        body = head.slice(end + 4)
        const stated = /\r\ncontent-length: (\d+)/i.exec(head.slice(0, end + 2))
        length = stated === null ? undefined : Number(stated[1])
      }
      if (length !== undefined) return (seen += body.length) >= length
      if (body.includes("event: error")) isGood = false
      tail = body.length < lastChunk.length ? (tail + body).slice(-lastChunk.length) : body
      return tail.endsWith(lastChunk)
    }
  }
}

const run = () =>
  new Promise<void>((resolve) => {
    const socket = connect(load.port, "127.0.0.1")
    socket.setNoDelay(true)
    socket.setEncoding("latin1")
    const answer = reader()
    let begun = 0
    const next = () => {
      if (performance.now() >= stopAt) {
        socket.destroy()
        return
      }
      answer.begin()
      begun = performance.now()
      socket.write(request)
    }
    socket.on("connect", next)
    socket.on("data", (chunk: string) => {
      if (!answer.read(chunk)) return
      if (answer.isGood()) latencies.push(performance.now() - begun)
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
