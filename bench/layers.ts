/**
 * What the layers of the server cost that are on by default: the same relay with and
 * without them, in one run, measured in turn. Prints, for each variant, the CPU time
 * and the rate as a ratio to the one without, the median over the rounds.
 *
 * `node bench/layers.ts`; `BENCH_SECONDS` (2), `BENCH_ROUNDS` (7), `BENCH_WARMUP` (6,
 * seconds), `BENCH_CONNECTIONS` (16), `BENCH_STREAM=1` for streams,
 * `BENCH_ONLY` for some of the variants.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const seconds = Number(process.env["BENCH_SECONDS"] ?? 2)
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 7)
const warmup = Number(process.env["BENCH_WARMUP"] ?? 6)
const connections = Number(process.env["BENCH_CONNECTIONS"] ?? 16)
const stream = process.env["BENCH_STREAM"] === "1"

/** Another checkout to be measured beside this one, if any. */
const other = process.env["BENCH_OTHER"]

const configuration = (server: object): string => {
  const file = join(mkdtempSync(join(tmpdir(), "causeway-bench-")), "causeway.config.mjs")
  writeFileSync(file, `export default { server: ${JSON.stringify(server)} }\n`)
  return file
}

const variants: ReadonlyArray<readonly [name: string, cli: string, server: object]> = [
  ["without", "packages/cli/src/bin.ts", { accessLog: false, metrics: false }],
  ["without, again", "packages/cli/src/bin.ts", { accessLog: false, metrics: false }],
  ["metrics", "packages/cli/src/bin.ts", { accessLog: false, metrics: true }],
  ["access log", "packages/cli/src/bin.ts", { accessLog: "json", metrics: false }],
  ["both", "packages/cli/src/bin.ts", { accessLog: "json", metrics: true }],
  ...(other === undefined ? [] : [["other", join(other, "packages/cli/src/bin.ts"), {}] as const])
]

const only = process.env["BENCH_ONLY"]?.split(",")

const children: Array<ChildProcess> = []

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return typeof address === "object" && address !== null ? address.port : 0
}

const start = async (file: string, args: ReadonlyArray<string>, env: Record<string, string>, path: string) => {
  const port = await freePort()
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ["ignore", "ignore", "inherit"]
  })
  children.push(child)
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    await answer?.text()
    if (answer !== undefined && answer.status < 500) return { port, pid: child.pid ?? 0 }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** CPU milliseconds used so far; Linux only. */
const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const body = JSON.stringify({
  model: "bench",
  messages: [{ role: "user", content: "Hello there" }],
  ...(stream && { stream })
})

const runFile = promisify(execFile)

const measure = async ({ pid, port }: { readonly pid: number; readonly port: number }, length: number) => {
  const before = cpuOf(pid)
  const load = { port, path: "/v1/chat/completions", body, connections, seconds: length }
  const { stdout } = await runFile(process.execPath, ["bench/load.ts", JSON.stringify(load)])
  const { answers, failures }: { answers: number; failures: number } = JSON.parse(stdout)
  if (failures > 0) console.error(`${failures} failures`)
  return { rate: answers / length, cpu: (cpuOf(pid) - before) / answers }
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

try {
  const upstream = await start("bench/upstream.ts", [], {}, "/v1/models")
  const environment = { OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}/v1`, CAUSEWAY_WORKERS: "1" }
  const running: Array<{ name: string; port: number; pid: number; cpu: Array<number>; rate: Array<number> }> = []
  for (const [name, cli, server] of variants) {
    if (only?.includes(name) === false) continue
    const args = Object.keys(server).length === 0 ? ["serve"] : ["serve", "--config", configuration(server)]
    running.push({ name, ...(await start(cli, args, environment, "/health/ready")), cpu: [0], rate: [0] })
  }
  for (const one of running) {
    await measure(one, warmup)
    one.cpu = []
    one.rate = []
  }
  for (let round = 0; round < rounds; round++) {
    const results = []
    // Another one is first each time.
    for (let n = 0; n < running.length; n++) {
      const one = running[(n + round) % running.length]
      if (one !== undefined) results.push({ one, ...(await measure(one, seconds)) })
    }
    const base = results.find(({ one }) => one === running[0])
    for (const { cpu, one, rate } of results) {
      one.cpu.push(cpu / (base?.cpu ?? 1))
      one.rate.push(rate / (base?.rate ?? 1))
    }
  }
  console.log(`${stream ? "streams" : "JSON"}, ${connections} connections, ratio to without: CPU an answer, rate`)
  for (const { cpu, name, rate } of running) {
    console.log(`${name.padEnd(16)} ${median(cpu).toFixed(3)}  ${median(rate).toFixed(3)}`)
  }
} finally {
  for (const child of children) child.kill()
}
