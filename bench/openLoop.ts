/**
 * An open loop: so many requests a second, whether the former ones are answered or not,
 * in a process of its own. Latencies count from when a request should have gone out.
 *
 * Prints one line of JSON: answers, failures, and latencies in milliseconds.
 */
import { Agent, request } from "node:http"

interface Load {
  readonly port: number
  readonly path: string
  readonly body: string
  readonly rate: number
  readonly seconds: number
}

const load: Load = JSON.parse(process.argv[2] ?? "{}")
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
const latencies: Array<number> = []
let failures = 0

const send = (intended: number) =>
  new Promise<void>((resolve) => {
    const fail = (): void => {
      failures++
      resolve()
    }
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(load.body) }
    const options = { agent, port: load.port, path: load.path, method: "POST", headers }
    const sent = request(options, (response) => {
      response.resume()
      response.on("error", fail)
      response.on("end", () => {
        if (response.statusCode === 200) latencies.push(performance.now() - intended)
        else failures++
        resolve()
      })
    })
    sent.on("error", fail)
    sent.end(load.body)
  })

const begun = performance.now()
const total = load.rate * load.seconds
const all: Array<Promise<void>> = []
await new Promise<void>((resolve) => {
  const next = (): void => {
    const due = Math.min(total, Math.floor(((performance.now() - begun) * load.rate) / 1000))
    while (all.length < due) all.push(send(begun + (all.length * 1000) / load.rate))
    if (all.length < total) setImmediate(next)
    else resolve()
  }
  next()
})
await Promise.all(all)
agent.destroy()
const sorted = latencies.toSorted((a, b) => a - b)
const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
console.log(JSON.stringify({ answers: latencies.length, failures, p50: at(0.5), p99: at(0.99) }))
