/**
 * `npm run bench`: Causeway's server beside a bare Node proxy, in one run. Each
 * variant is warmed, then all are measured in turn over several rounds; the ratio
 * is taken inside each round and the median over the rounds is reported.
 *
 * `BENCH_SECONDS` (2), `BENCH_ROUNDS` (5) and `BENCH_WARMUP` (10, seconds) set the
 * lengths, `BENCH_CONNECTIONS` (1,16,64) the connections; `BENCH_ONLY` takes a part
 * of a load's name. README.md says how far the figures can be trusted.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:net"
import { availableParallelism, loadavg } from "node:os"
import { promisify } from "node:util"
import { tokensPerStream } from "./protocol.ts"

const seconds = Number(process.env["BENCH_SECONDS"] ?? 2)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5)
const warmup = Number(process.env["BENCH_WARMUP"] ?? 10)
const connectionCounts = (process.env["BENCH_CONNECTIONS"] ?? "1,16,64").split(",").map(Number)
const only = process.env["BENCH_ONLY"] ?? ""

const chat = (stream: boolean) =>
  JSON.stringify({ model: "bench", messages: [{ role: "user", content: "Hello there" }], ...(stream && { stream }) })

interface Load {
  readonly name: string
  readonly path: string
  readonly body: string
  readonly unit: string
  readonly perAnswer: number
  readonly variants: ReadonlyArray<string>
}
const servers = ["in process", "1 worker", "2 workers"]
const loads: ReadonlyArray<Load> = [
  {
    name: "relay, JSON",
    path: "/v1/chat/completions",
    body: chat(false),
    unit: "requests/s",
    perAnswer: 1,
    variants: ["direct", "bare proxy", ...servers]
  },
  {
    name: "relay, stream",
    path: "/v1/chat/completions",
    body: chat(true),
    unit: "tokens/s",
    perAnswer: tokensPerStream,
    variants: ["direct", "bare proxy", ...servers]
  },
  {
    name: "predict, square",
    path: "/predict",
    body: '{"x":3}',
    unit: "requests/s",
    perAnswer: 1,
    variants: ["bare proxy", ...servers]
  },
  {
    name: "predict, answer (SDK)",
    path: "/predict/answer",
    body: '{"prompt":"Hello there","model":"bench"}',
    unit: "requests/s",
    perAnswer: 1,
    variants: ["bare proxy", ...servers]
  }
].filter((load) => load.name.includes(only))

const children: Array<ChildProcess> = []
const start = (file: string, args: ReadonlyArray<string>, env: Record<string, string>): ChildProcess => {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"]
  })
  children.push(child)
  return child
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return typeof address === "object" && address !== null ? address.port : 0
}

/** Milliseconds until a server answers at a path. */
const ready = async (port: number, path: string): Promise<number> => {
  const begun = performance.now()
  while (performance.now() - begun < 20_000) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    await answer?.text()
    if (answer !== undefined && answer.status < 500) return performance.now() - begun
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`nothing answered on port ${port}`)
}

/** CPU milliseconds used so far, and resident megabytes. Linux only; zeros elsewhere. */
const usage = (pid: number): { readonly cpu: number; readonly rss: number } => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
    const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
    return { cpu: (Number(fields[11]) + Number(fields[12])) * 10, rss: Number(rss ?? 0) / 1024 }
  } catch {
    return { cpu: 0, rss: 0 }
  }
}

const runFile = promisify(execFile)
const measure = async (port: number, load: Load, connections: number, length: number) => {
  const options = { port, path: load.path, body: load.body, connections, seconds: length }
  const { stdout } = await runFile(process.execPath, ["bench/load.ts", JSON.stringify(options)])
  const result: { answers: number; failures: number; p50: number; p99: number } = JSON.parse(stdout)
  return { ...result, rate: (result.answers * load.perAnswer) / length }
}

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const boot = async (): Promise<ReadonlyMap<string, { readonly port: number; readonly pid: number }>> => {
  const variants = new Map<string, { readonly port: number; readonly pid: number }>()
  const add = async (
    name: string,
    file: string,
    args: ReadonlyArray<string>,
    path: string,
    env: Record<string, string>
  ) => {
    const port = await freePort()
    const child = start(file, args, { PORT: String(port), ...env })
    const ms = await ready(port, path)
    variants.set(name, { port, pid: child.pid ?? 0 })
    // Spares are started once the workers are ready; they are part of what an idle server takes.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    console.log(`- ${name}: ready after ${Math.round(ms)} ms, ${Math.round(usage(child.pid ?? 0).rss)} MB`)
    return port
  }
  const upstream = await add("direct", "bench/upstream.ts", [], "/", {})
  const base = `http://127.0.0.1:${upstream}`
  await add("bare proxy", "bench/bareProxy.ts", [], "/", { UPSTREAM: base })
  for (const [index, name] of servers.entries()) {
    await add(name, "packages/cli/src/bin.ts", ["serve"], "/health/ready", {
      OPENAI_BASE_URL: `${base}/v1`,
      CAUSEWAY_WORKERS: String(index)
    })
  }
  return variants
}

/** Of the last minute. */
const average = (): string => (loadavg()[0] ?? 0).toFixed(1)

const report = async (): Promise<void> => {
  console.log(
    `${availableParallelism()} cores, Node ${process.version}, ${rounds} rounds of ${seconds} s after ${warmup} s of warm-up, medians; ` +
      `load average ${average()} at the start\n`
  )
  console.log("### Start\n")
  const variants = await boot()
  console.log("")
  const of = (name: string) => variants.get(name) ?? { port: 0, pid: 0 }
  for (const load of loads) {
    for (const name of load.variants) {
      process.stderr.write(`warming ${load.name}, ${name}\n`)
      await measure(of(name).port, load, 16, warmup)
    }
  }
  for (const load of loads) {
    console.log(`### ${load.name}\n`)
    console.log(`| variant | connections | ${load.unit} | × bare proxy | CPU µs/answer | p50 ms | p99 ms | failures |`)
    console.log("|---|---|---|---|---|---|---|---|")
    for (const connections of connectionCounts) {
      const seen = new Map(
        load.variants.map((name) => [name, Array<Awaited<ReturnType<typeof measure>> & { cpu: number }>()])
      )
      for (let round = 0; round < rounds; round++) {
        const turn = load.variants.map((_, index) => load.variants[(index + round) % load.variants.length] ?? "")
        for (const name of turn) {
          const before = usage(of(name).pid).cpu
          const result = await measure(of(name).port, load, connections, seconds)
          const cpu = ((usage(of(name).pid).cpu - before) * 1000) / Math.max(1, result.answers)
          seen.get(name)?.push({ ...result, cpu })
        }
        process.stderr.write(`${load.name}, ${connections} connections: round ${round + 1} of ${rounds}\n`)
      }
      const bare = seen.get("bare proxy") ?? []
      for (const [name, results] of seen) {
        const ratio = median(results.map((result, round) => result.rate / (bare[round]?.rate ?? Number.NaN)))
        const cell = (pick: (result: (typeof results)[number]) => number, digits: number) =>
          median(results.map(pick)).toFixed(digits)
        const failures = results.reduce((sum, result) => sum + result.failures, 0)
        console.log(
          `| ${name} | ${connections} | ${cell((r) => r.rate, 0)} | ${ratio.toFixed(2)} | ${cell((r) => r.cpu, 0)} | ${cell((r) => r.p50, 2)} | ${cell((r) => r.p99, 2)} | ${failures} |`
        )
      }
    }
    console.log("")
  }
  console.log("### Memory after the load\n")
  for (const [name, { pid }] of variants) console.log(`- ${name}: ${Math.round(usage(pid).rss)} MB`)
  console.log(`\nLoad average ${average()} at the end.`)
}

try {
  await report()
} finally {
  for (const child of children) child.kill("SIGTERM")
}
