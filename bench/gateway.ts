/**
 * `npm run bench:gateway`: the server's targets beside a bare Node proxy, in one run of
 * about five minutes. Both are warmed; they are measured in turns, the ratio is taken
 * inside each round, and the median of the rounds is told, with the target and whether
 * it was met. `QUICK=1` takes a minute, to see that it runs.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { availableParallelism, loadavg } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import * as Build from "./gatewayBuild.ts"
import { tokensPerStream } from "./protocol.ts"

const isQuick = process.env["QUICK"] === "1"
const warmup = isQuick ? 2 : 6
const rounds = isQuick ? 1 : 5
const seconds = isQuick ? 1 : 2
const idleSeconds = isQuick ? 3 : 30

const chat = (more: object = {}) =>
  JSON.stringify({ model: "bench", messages: [{ role: "user", content: "Hello there" }], ...more })
const completions = "/v1/chat/completions"
const json = { path: completions, body: chat() }
const stream = { path: completions, body: chat({ stream: true }) }
const paced = (ms: number) => ({ path: completions, body: chat({ stream: true, user: `pace-${ms}` }) })
const square = { path: "/predict", body: '{"x":3}' }
const answer = { path: "/predict/answer", body: '{"prompt":"Hello there","model":"bench"}' }

const children = new Set<ChildProcess>()
const start = (file: string, args: ReadonlyArray<string>, env: Record<string, string>): ChildProcess => {
  const child = spawn(process.execPath, [file, ...args], { env: { ...process.env, ...env }, stdio: "ignore" })
  children.add(child)
  child.on("exit", () => children.delete(child))
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

/** Milliseconds from `begun` until a path is answered with less than 500. */
const readyAfter = async (port: number, path: string, begun: number): Promise<number> => {
  while (performance.now() - begun < 30_000) {
    const found = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    await found?.text()
    if (found !== undefined && found.status < 500) return performance.now() - begun
    await sleep(2)
  }
  throw new Error(`nothing answered on port ${port}`)
}

/** CPU milliseconds used so far, and resident megabytes. Linux only. */
const usage = (pid: number): { readonly cpu: number; readonly rss: number } => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  return { cpu: (Number(fields[11]) + Number(fields[12])) * 10, rss: Number(rss ?? 0) / 1024 }
}

interface Server {
  readonly port: number
  readonly pid: number
}

interface Sample {
  readonly rate: number
  /** Microseconds for each answer. */
  readonly cpu: number
  readonly p99: number
}

const runFile = promisify(execFile)
let failures = 0
const measure = async (script: string, { pid, port }: Server, options: object, length = seconds): Promise<Sample> => {
  const before = usage(pid).cpu
  const args = [script, JSON.stringify({ port, seconds: length, ...options })]
  const result = JSON.parse((await runFile(process.execPath, args)).stdout)
  failures += result.failures
  return {
    rate: result.answers / length,
    cpu: ((usage(pid).cpu - before) * 1000) / Math.max(1, result.answers),
    p99: result.p99
  }
}
const closed = (server: Server, load: object, connections = 16, length = seconds) =>
  measure("bench/load.ts", server, { ...load, connections }, length)
const open = (server: Server, load: object, length = seconds) =>
  measure("bench/openLoop.ts", server, { ...load, rate: 1000 }, length)

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

interface Row {
  readonly load: string
  readonly bare: string
  readonly ours: string
  readonly value: number
  readonly unit: string
  readonly target: number
  readonly stretch: number
  readonly isLeast: boolean
}
const rows: Array<Row> = []
const least = (load: string, value: number, target: number, stretch: number, bare = "", ours = "") =>
  rows.push({ load, bare, ours, value, unit: "×", target, stretch, isLeast: true })
const most = (load: string, value: number, unit: string, target: number, stretch: number, bare = "", ours = "") =>
  rows.push({ load, bare, ours, value, unit, target, stretch, isLeast: false })

const tell = (what: string): void => void process.stderr.write(`${what}\n`)

const compared = async (
  name: string,
  variants: Readonly<Record<"bare" | "ours", () => Promise<Sample>>>
): Promise<{
  readonly of: (pick: (sample: Sample) => number) => readonly [ratio: number, bare: string, ours: string]
}> => {
  const seen: Record<"bare" | "ours", Array<Sample>> = { bare: [], ours: [] }
  for (let round = 0; round < rounds; round++) {
    for (const which of round % 2 === 0 ? (["bare", "ours"] as const) : (["ours", "bare"] as const)) {
      seen[which].push(await variants[which]())
    }
  }
  tell(`${name}: done`)
  return {
    of: (pick) => {
      const ratios = seen.ours.map((sample, round) => pick(sample) / pick(seen.bare[round] ?? sample))
      return [median(ratios), median(seen.bare.map(pick)).toFixed(1), median(seen.ours.map(pick)).toFixed(1)]
    }
  }
}

const serve = (bin: string, upstream: number, port: number): ChildProcess =>
  start(bin, ["serve"], { PORT: String(port), OPENAI_BASE_URL: `http://127.0.0.1:${upstream}/v1` })

const stop = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  const gone = once(child, "exit")
  child.kill(signal)
  await gone
}

/** From the start to the first answer, and to the first worker. */
const startUp = async (name: string, bin: string, upstream: number, bars: ReadonlyArray<number>): Promise<void> => {
  const times: Array<readonly [listening: number, ready: number]> = []
  for (let round = 0; round < rounds + 2; round++) {
    const port = await freePort()
    const begun = performance.now()
    const child = serve(bin, upstream, port)
    const listening = await readyAfter(port, "/health/live", begun)
    const ready = await readyAfter(port, "/health/ready", begun)
    // The first one fills the compile cache, which Node writes when a process ends.
    if (round > 0) times.push([listening, ready])
    await stop(child, round > 0 ? "SIGKILL" : "SIGTERM")
  }
  const [listening = 0, ready = 0, listeningStretch = 0, readyStretch = 0] = bars
  most(`${name}: listening`, median(times.map(([ms]) => ms)), "ms", listening, listeningStretch)
  most(`${name}: workers ready`, median(times.map(([, ms]) => ms)), "ms", ready, readyStretch)
  tell(`${name}: done`)
}

const bench = async (built: Awaited<ReturnType<typeof Build.make>>): Promise<void> => {
  const upstream = await freePort()
  start("bench/upstream.ts", [], { PORT: String(upstream) })
  await readyAfter(upstream, "/", performance.now())
  const barePort = await freePort()
  const bareChild = start("bench/bareProxy.ts", [], {
    PORT: String(barePort),
    UPSTREAM: `http://127.0.0.1:${upstream}`
  })
  const bare: Server = { port: barePort, pid: bareChild.pid ?? 0 }
  await readyAfter(barePort, "/", performance.now())
  await startUp("JavaScript", built.compiled, upstream, [300, 600, 210, 480])
  await startUp("bundled", built.bundled, upstream, [120, 250, 65, 140])

  const port = await freePort()
  const child = serve(built.compiled, upstream, port)
  const ours: Server = { port, pid: child.pid ?? 0 }
  await readyAfter(port, "/health/ready", performance.now())
  await sleep(2000)
  const before = usage(ours.pid).cpu
  await sleep(idleSeconds * 1000)
  const idle = usage(ours.pid)
  most("idle: memory", idle.rss, "MB", 220, 195)
  most("idle: CPU", (idle.cpu - before) / (idleSeconds * 10), "%", 1, 1)

  for (const [server, load] of [
    [bare, json],
    [bare, stream],
    [ours, json],
    [ours, stream],
    [ours, square],
    [ours, answer]
  ] as const) {
    await closed(server, load, 16, warmup)
  }
  tell("warmed")
  const onJson = await compared("relay, JSON", { bare: () => closed(bare, json), ours: () => closed(ours, json) })
  least(
    "relay JSON at 16: requests/s",
    ...ratio(
      onJson.of(({ rate }) => rate),
      0.6,
      0.8
    )
  )
  most(
    "relay JSON at 16: CPU µs/request",
    ...costs(
      onJson.of(({ cpu }) => cpu),
      2.2,
      2.2
    )
  )
  most(
    "relay JSON at 16: p99 ms, closed loop",
    ...costs(
      onJson.of(({ p99 }) => p99),
      6,
      4
    )
  )
  const onStream = await compared("relay, stream", {
    bare: () => closed(bare, stream),
    ours: () => closed(ours, stream)
  })
  least(
    "relay streams at 16: answers/s (100 tokens each), saturated",
    ...ratio(
      onStream.of(({ rate }) => rate),
      0.65,
      0.8
    )
  )
  const onPaced = await compared("relay, paced", {
    bare: () => closed(bare, paced(10), 64, 3),
    ours: () => closed(ours, paced(10), 64, 3)
  })
  most(
    "relay streams, paced: CPU µs/token",
    ...costs(
      onPaced.of(({ cpu }) => cpu / tokensPerStream),
      2.2,
      2.2
    )
  )
  const onAnswer = await compared("answer", { bare: () => closed(bare, json), ours: () => closed(ours, answer) })
  least(
    "/predict/answer at 16: requests/s",
    ...ratio(
      onAnswer.of(({ rate }) => rate),
      0.45,
      0.6
    )
  )
  const onSquare = await compared("square", { bare: () => closed(bare, json), ours: () => closed(ours, square) })
  least(
    "/predict x→x² at 16: requests/s",
    ...ratio(
      onSquare.of(({ rate }) => rate),
      1,
      1.8
    )
  )
  const onOpen = await compared("open loop", { bare: () => open(bare, json, 3), ours: () => open(ours, json, 3) })
  most(
    "relay JSON: p99 ms, open loop at 1,000/s",
    ...costs(
      onOpen.of(({ p99 }) => p99),
      3,
      2
    )
  )

  let peak = 0
  const sampling = setInterval(() => (peak = Math.max(peak, usage(ours.pid).rss)), 200)
  await closed(ours, paced(100), 1000, 1)
  clearInterval(sampling)
  most("1,000 open streams: memory", peak, "MB", 400, 330)
}

type Compared = readonly [ratio: number, bare: string, ours: string]
const ratio = ([value, bare, ours]: Compared, target: number, stretch: number) =>
  [value, target, stretch, bare, ours] as const
const costs = ([value, bare, ours]: Compared, target: number, stretch: number) =>
  [value, "×", target, stretch, bare, ours] as const

const render = ({ bare, isLeast, load, ours, stretch, target, unit, value }: Row): string => {
  const isMet = (bar: number) => (isLeast ? value >= bar : value <= bar)
  const sign = isLeast ? "≥" : "≤"
  const shown = (number: number) =>
    unit === "×" ? number.toFixed(2) : unit === "%" ? number.toFixed(2) : number.toFixed(0)
  const met = isMet(stretch) ? "met, stretch too" : isMet(target) ? "met" : "**missed**"
  return `| ${load} | ${bare} | ${ours} | ${shown(value)} ${unit} | ${sign} ${target} (${stretch}) | ${met} |`
}

execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" })
const begun = performance.now()
const loadAtStart = loadavg()[0] ?? 0
const built = await Build.make()
try {
  await bench(built)
} finally {
  for (const child of children) child.kill("SIGKILL")
  rmSync(built.folder, { recursive: true, force: true })
}
console.log(
  `${availableParallelism()} cores, Node ${process.version}, ${rounds} rounds of ${seconds} s after ${warmup} s of warm-up each, medians; ` +
    `${Math.round((performance.now() - begun) / 1000)} s in all; load average ${loadAtStart.toFixed(1)} at the start; ${failures} failures\n`
)
console.log("| load | bare proxy | Causeway | measured | target (stretch) | |\n|---|---|---|---|---|---|")
for (const row of rows) console.log(render(row))
