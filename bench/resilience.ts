/**
 * Two upstreams through health, outage, return, brown-out, rate limit and recovery, and
 * what callers see of it: Causeway's policy beside the bare client, the SDK's retries,
 * p-retry with opossum, cockatiel, and Effect's own parts. All of them run at the same
 * time, each with its own callers in a process of its own and its own two upstreams.
 *
 * `npx node bench/resilience.ts`; ROUNDS (3), SECONDS (10, of a phase), WARMUP (3) and
 * ONLY (a part of a contender's name) shorten it; AT_ONCE (all of them) says how many
 * contenders run at the same time, for a machine that has no room for more. With VIRTUAL=1 the same load meets the
 * same upstreams without sockets, in a time that passes at once.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { availableParallelism, loadavg } from "node:os"
import { contenders } from "./resilience/contenders.ts"
import type { FromCallers, FromUpstreams, ToCallers, ToUpstreams } from "./resilience/protocol.ts"
import { virtually } from "./resilience/virtual.ts"
import { barTable, edgeTable, phaseTable, type Run, summary } from "./resilience/report.ts"

const rounds = Number(process.env["ROUNDS"] ?? 3)
const isVirtual = process.env["VIRTUAL"] !== undefined
const only = process.env["ONLY"] ?? ""
const ours = "Causeway"
const names = Object.keys(contenders).filter((name) => name === ours || name.includes(only))

const atOnce = Math.max(1, Number(process.env["AT_ONCE"] ?? names.length))

/** A process of the benchmark, and the next message of a kind that it sends. */
const start = (script: string, args: ReadonlyArray<string>) =>
  fork(new URL(`./resilience/${script}`, import.meta.url), args, { stdio: ["ignore", "inherit", "inherit", "ipc"] })

/** The next message of a process that is of this kind; fails where the process ends before. */
const next = async <Message extends { readonly _tag: string }, Tag extends Message["_tag"]>(
  child: ChildProcess,
  tag: Tag
): Promise<Extract<Message, { readonly _tag: Tag }>> => {
  const ended = new AbortController()
  child.once("exit", () => ended.abort(new Error(`a process of the benchmark ended (${child.exitCode})`)))
  for (;;) {
    const [message]: ReadonlyArray<Message> = await once(child, "message", { signal: ended.signal })
    if (isTagged(message, tag)) return message
  }
}

const isTagged = <Message extends { readonly _tag: string }, Tag extends Message["_tag"]>(
  message: Message | undefined,
  tag: Tag
): message is Extract<Message, { readonly _tag: Tag }> => message?._tag === tag

const tell = (child: ChildProcess, message: ToUpstreams | ToCallers): void => void child.send(message)

/** A contender's upstreams and callers, ready to begin. */
const ready = async (name: string, seed: number) => {
  const upstreams = start("upstreams.ts", [])
  const { urls } = await next<FromUpstreams, "Ready">(upstreams, "Ready")
  const callers = start("callers.ts", [name, urls.primary, urls.secondary, String(seed)])
  await next<FromCallers, "Ready">(callers, "Ready")
  return { name, upstreams, callers }
}

/** One contender's run. */
const run = async ({ callers, upstreams }: Awaited<ReturnType<typeof ready>>): Promise<Run> => {
  const started = next<FromUpstreams, "Started">(upstreams, "Started")
  tell(upstreams, "start")
  const { epochMs } = await started
  const done = next<FromCallers, "Done">(callers, "Done")
  tell(callers, { epochMs })
  const { calls, unhandled } = await done
  const report = next<FromUpstreams, "Report">(upstreams, "Report")
  tell(upstreams, "report")
  const { counts } = await report
  callers.disconnect()
  upstreams.disconnect()
  return { calls, unhandled, counts }
}

/** Lists of at most so many. */
const groups = <A>(all: ReadonlyArray<A>, most: number): ReadonlyArray<ReadonlyArray<A>> =>
  all.length === 0 ? [] : [all.slice(0, most), ...groups(all.slice(most), most)]

/** One run of all contenders: at the same time, or one after the other where time is their own. */
const round = async (seed: number): Promise<ReadonlyMap<string, Run>> => {
  const runs = new Map<string, Run>()
  if (isVirtual) for (const name of names) runs.set(name, await virtually(name, seed))
  else {
    for (const group of groups(names, atOnce)) {
      const all = await Promise.all(group.map((name) => ready(name, seed)))
      await Promise.all(all.map(async (each) => runs.set(each.name, await run(each))))
    }
  }
  return runs
}

const loadAverage = (): string => loadavg()[0]?.toFixed(1) ?? ""

console.log(`${availableParallelism()} cores, Node ${process.version}, ${rounds} rounds, load average ${loadAverage()}`)
const runs: Array<ReadonlyMap<string, Run>> = []
for (let number = 1; number <= rounds; number++) runs.push(await round(number))
const all = new Map(
  names.map((name) => [
    name,
    summary(
      runs.flatMap((round) => {
        const run = round.get(name)
        return run === undefined ? [] : [run]
      })
    )
  ])
)
console.log(`\nSuccess % · p50/p99 ms of successes · requests per success · cost per success\n\n${phaseTable(all)}`)
console.log(`\n${edgeTable(all)}\n\n${barTable(all, ours)}\n\nload average ${loadAverage()} at the end`)
