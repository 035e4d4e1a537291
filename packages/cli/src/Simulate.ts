/**
 * `causeway simulate`: the simulator as a program of its own, for apps in any
 * language; a line for each request.
 *
 * **Example** (What flags become)
 *
 * ```ts
 * import * as Simulate from "@causeway/cli/Simulate"
 * import * as Result from "effect/Result"
 *
 * const options = Simulate.optionsOf({ port: "9000", latency: "80 millis,20 millis", rateLimit: "20/second" })
 *
 * Result.getOrThrow(options) // => { port: 9000, latency: { answer: "80 millis", event: "20 millis" }, rateLimit: { requests: { limit: 20, per: "1 second" } } }
 * ```
 */
import { readFile } from "node:fs/promises"
import * as Report from "@causeway/core/Report"
import * as Address from "@causeway/simulator/Address"
import { type Latency, profiles, Wait } from "@causeway/simulator/Behaviour"
import * as Fault from "@causeway/simulator/Fault"
import type { Script } from "@causeway/simulator/Script"
import type { SeenRequest } from "@causeway/simulator/SeenRequest"
import { type Options, type Shape, Simulator, SimulatorError } from "@causeway/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** What the command line says, as it was written. */
export interface Flags {
  /** Default: 9000. */
  readonly port?: string | undefined
  /** The path of a script in JSON; `-` is not understood. */
  readonly script?: string | undefined
  /** As in `Fault.parse`. */
  readonly fault?: string | undefined
  /** A profile's name, or the wait for an answer, and behind a comma that between two events. */
  readonly latency?: string | undefined
  /** Requests in a time: `20/second`, `100/5 minutes`. */
  readonly rateLimit?: string | undefined
  /** Tokens in a time. */
  readonly tokenLimit?: string | undefined
  readonly seed?: string | undefined
  readonly recordBodies?: boolean | undefined
}

/** What of the flags needs no file, or what is wrong with one of them. */
export const optionsOf = (flags: Flags): Result.Result<Options, SimulatorError> =>
  Result.gen(function* () {
    const port = yield* integer("--port", flags.port ?? "9000", 65_535)
    const seed = flags.seed === undefined ? undefined : yield* integer("--seed", flags.seed, Number.MAX_SAFE_INTEGER)
    const latency = flags.latency === undefined ? undefined : yield* latencyOf(flags.latency)
    const requests = flags.rateLimit === undefined ? undefined : yield* limitOf("--rate-limit", flags.rateLimit)
    const tokens = flags.tokenLimit === undefined ? undefined : yield* limitOf("--token-limit", flags.tokenLimit)
    if (flags.fault !== undefined && Fault.parse(flags.fault) === undefined) {
      return yield* wrong("--fault", flags.fault, "a fault of causeway simulate --list, such as overloaded*2")
    }
    return {
      port,
      ...(seed !== undefined && { seed }),
      ...(latency !== undefined && { latency }),
      ...((requests !== undefined || tokens !== undefined) && {
        rateLimit: { ...(requests !== undefined && { requests }), ...(tokens !== undefined && { tokens }) }
      }),
      ...(flags.fault !== undefined && { fault: flags.fault }),
      ...(flags.recordBodies === true && { recordBodies: true })
    }
  })

const wrong = (flag: string, actual: string, allowed: string): Result.Result<never, SimulatorError> =>
  Result.fail(new SimulatorError({ message: `${flag} is ${JSON.stringify(actual)}, and has to be ${allowed}` }))

const integer = (flag: string, text: string, max: number): Result.Result<number, SimulatorError> =>
  /^\d{1,16}$/.test(text) && Number(text) <= max
    ? Result.succeed(Number(text))
    : wrong(flag, text, `a whole number from 0 to ${max}`)

const isWait = Schema.is(Wait)

const isProfile = (name: string): name is keyof typeof profiles => Object.hasOwn(profiles, name)

const latencyOf = (text: string): Result.Result<Latency, SimulatorError> => {
  if (isProfile(text)) return Result.succeed(text)
  const [answer, event, ...more] = text.split(",").map((part) => part.trim())
  return isWait(answer) && (event === undefined || isWait(event)) && more.length === 0
    ? Result.succeed({ answer, ...(event !== undefined && { event }) })
    : wrong(
        "--latency",
        text,
        `one of ${Object.keys(profiles).join(", ")}, or a duration such as "80 millis,20 millis"`
      )
}

const limitOf = (flag: string, text: string) => {
  const [, count = "0", time = ""] = /^(\d{1,12})\/(.+)$/.exec(text) ?? []
  const per = /^\d/.test(time) ? time : `1 ${time}`
  return Number(count) > 0 && isWait(per)
    ? Result.succeed({ limit: Number(count), per })
    : wrong(flag, text, "a number in a time, such as 20/second or 100/5 minutes")
}

/** Every fault and every address, with its sentence. */
export const list = (): string => {
  const width = Math.max(...Fault.all.map(({ name }) => name.length))
  const row = ({ description, name }: { readonly name: string; readonly description: string }): string =>
    `  ${name.padEnd(width)}  ${description}`
  const groups = Object.entries(titles).flatMap(([group, title]) => [
    title,
    ...Fault.all.filter((fault) => fault.group === group).map(row),
    ""
  ])
  return [
    ...groups,
    "Addresses at which the connection itself fails (GET /simulator/addresses says where)",
    ...Address.all.map(row)
  ].join("\n")
}

const titles: Readonly<Record<Fault.Group, string>> = {
  status: "Statuses, in OpenAI's words",
  gateway: "Gateways in the provider's place",
  connection: "Connections",
  body: "Successes that are none",
  stream: "Event streams",
  vendor: "Other providers' words",
  harmless: "No fault at all: the call has to succeed"
}

const read = (path: string): Effect.Effect<Script, SimulatorError> =>
  Effect.tryPromise({
    // What it holds is checked by the simulator, as all that it is told.
    try: async () => JSON.parse(await readFile(path, "utf8")) as Script,
    catch: (cause) =>
      new SimulatorError({ message: `--script: ${cause instanceof Error ? cause.message : String(cause)}`, cause })
  })

/** Serves until it is interrupted. */
export const run = (flags: Flags): Effect.Effect<never, SimulatorError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const options = yield* Effect.fromResult(optionsOf(flags))
      const script = flags.script === undefined ? undefined : yield* read(flags.script)
      const simulator = yield* Simulator.make({ ...options, script })
      process.stdout.write(`${banner(simulator)}\n`)
      yield* Stream.runForEach(simulator.settled, (seen) =>
        Effect.sync(() => void process.stdout.write(`${line(seen)}\n`))
      )
      return yield* Effect.never
    })
  )

const banner = ({ url }: Shape): string => {
  const origin = url.slice(0, -"/v1".length)
  const ask = (model: string): string =>
    `curl -s ${url}/chat/completions -d '${JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] })}'`
  return [
    `Causeway simulates an upstream at ${url}`,
    "",
    `  try        ${ask("simulator")}`,
    `  a failure  ${ask("fault:no-healthy-upstream")}`,
    `  steering   ${origin}/simulator (requests, behaviour, script, addresses, faults)`,
    `  faults     causeway simulate --list (${Fault.all.length} of them)`,
    ""
  ].join("\n")
}

/** One request, in one line, whatever the client wrote into it. */
export const line = (seen: SeenRequest): string => {
  const parts = [
    `#${seen.number}`,
    seen.method,
    seen.path,
    seen.model ?? "-",
    ...(seen.stream ? ["stream"] : []),
    seen.status ?? "-",
    seen.outcome,
    `${Math.round(seen.millis ?? 0)}ms`,
    ...(seen.fault === undefined ? [] : [`fault=${seen.fault}`]),
    ...(seen.phase === undefined ? [] : [`phase=${seen.phase}`])
  ]
  return Report.visible(parts.join(" ")).replaceAll(/[\n\t]/g, " ")
}
