/**
 * The commands, as a command line names them, with all that can be asked of them.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Serve from "./serve.ts"
import { Told } from "./told.ts"
import { version } from "./version.ts"

/** A flag whose value is checked together with all other settings. */
const setting = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )

/** The flags of what reads the configuration. */
const settingsFlags = {
  port: setting("port", "number", "Where to listen; 0 takes a free port (PORT; 8000)"),
  host: setting("host", "address", "Where to listen; another host than loopback needs a key (HOST; 127.0.0.1)"),
  workers: setting("workers", "number", "Worker threads; 0 serves in process (CAUSEWAY_WORKERS; cores - 1, up to 4)"),
  config: setting("config", "file", "The configuration file (causeway.config.ts, .js, .mjs or .json)"),
  insecure: Flag.Boolean("insecure").pipe(
    Flag.withDescription("Allow another host than loopback without CAUSEWAY_API_KEY"),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )
}

const serve = Command.make("serve", settingsFlags, Serve.run).pipe(
  Command.withDescription(
    [
      "Serve OpenAI-compatible routes and services in front of an upstream, with worker threads.",
      "",
      "The upstream is OPENAI_BASE_URL with OPENAI_API_KEY, or what the configuration file says;",
      "with none of them a simulator. Flags win over the environment, and that over the file."
    ].join("\n  ")
  ),
  Command.withShortDescription("Serve OpenAI-compatible routes and services"),
  Command.withExamples([
    { command: "causeway serve", description: "On http://127.0.0.1:8000, in front of the simulator" },
    {
      command: "OPENAI_BASE_URL=http://127.0.0.1:11434/v1 causeway serve --port 9000",
      description: "On another port, in front of a local upstream"
    }
  ])
)

const check = Command.make(
  "check",
  settingsFlags,
  Effect.fn(function* (flags) {
    const [Settings, Check] = yield* Effect.promise(() =>
      Promise.all([import("../Settings.ts"), import("../Check.ts")])
    )
    yield* Check.run(yield* Settings.load({ flags, environment: process.env, cwd: process.cwd() }))
  })
).pipe(
  Command.withDescription(
    [
      "Check the configuration as serve would read it, and ask each upstream for its models, which costs nothing.",
      "",
      "Prints a table. Ends with 1 where the configuration is wrong or an upstream cannot be used."
    ].join("\n  ")
  ),
  Command.withShortDescription("Check the configuration, and whether each upstream answers"),
  Command.withExamples([{ command: "causeway check", description: "Before a deployment, or when something fails" }])
)

const explain = Command.make(
  "explain",
  { file: Argument.String("file").pipe(Argument.withDescription("A file; - is the standard input")) },
  Effect.fn(function* ({ file }) {
    const Explain = yield* Effect.promise(() => import("../Explain.ts"))
    process.stdout.write(`${yield* Explain.run(file)}\n`)
  })
).pipe(
  Command.withDescription(
    "Print a failure that was written down, as a report: of a log, an error answer, or a message in JSON."
  ),
  Command.withShortDescription("Print a failure that was written down, as a report"),
  Command.withExamples([
    { command: "tail -n 1 failures.ndjson | causeway explain -", description: "The last one of a queue" },
    { command: "curl -si localhost:8000/v1/models/none | causeway explain -", description: "An error answer" }
  ])
)

const simulate = Command.make(
  "simulate",
  {
    port: setting("port", "number", "Where to listen, on 127.0.0.1; 0 takes a free port (9000)"),
    list: Flag.Boolean("list").pipe(
      Flag.withDescription("Print every fault with its sentence, and end"),
      Flag.withDefault(false)
    ),
    fault: setting("fault", "name", "What happens to every request, such as overloaded?share=0.3"),
    script: setting("script", "file", "Phases in JSON: an outage, a brown-out, a recovery"),
    latency: setting("latency", "profile", "local, fast, typical, slow, or durations: '80 millis,20 millis'"),
    rateLimit: setting("rate-limit", "n/time", "Requests that are let through, such as 20/second"),
    tokenLimit: setting("token-limit", "n/time", "Tokens that are let through, such as 6000/minute"),
    seed: setting("seed", "number", "Of the chances; the same seed, the same chances (0)"),
    recordBodies: Flag.Boolean("record-bodies").pipe(
      Flag.withDescription("Keep the requests' bodies for GET /simulator/requests"),
      Flag.withDefault(false)
    )
  },
  Effect.fn(function* ({ list, ...flags }) {
    const Simulate = yield* Effect.promise(() => import("../Simulate.ts"))
    if (list) return void process.stdout.write(`${Simulate.list()}\n`)
    return yield* Simulate.run(flags)
  })
).pipe(
  Command.withDescription(
    [
      "Serve an upstream that speaks OpenAI's protocol and fails on demand, to test apps in any language.",
      "",
      "A request asks for a fault by its model, fault:<name>, or by the header x-simulator-fault."
    ].join("\n  ")
  ),
  Command.withShortDescription("Serve an upstream that fails on demand"),
  Command.withExamples([
    { command: "causeway simulate", description: "On http://127.0.0.1:9000/v1" },
    { command: "causeway simulate --latency typical --rate-limit 60/minute", description: "Slow, and limited" }
  ])
)

const bundle = Command.make(
  "bundle",
  {
    entry: Argument.String("entry").pipe(Argument.withDescription("The module that calls WorkerEntry.run")),
    out: setting("out", "file", "Where the bundle goes (dist/<the entry's name>.mjs)"),
    minify: Flag.Boolean("minify").pipe(
      Flag.withDescription("Shorten spaces, names and dead code; classes and functions keep their names"),
      Flag.withDefault(false)
    ),
    external: Flag.String("external").pipe(
      Flag.withMetavar("package"),
      Flag.withDescription("Leave a package outside; as often as needed. Native addons stay there by themselves"),
      Flag.atLeast(0)
    ),
    start: Flag.Boolean("start").pipe(
      Flag.withDescription("Start the bundle and its entry in turns, and tell how soon they are ready"),
      Flag.withDefault(true)
    )
  },
  Effect.fn(function* (flags) {
    const Bundle = yield* Effect.promise(() => import("../Bundle.ts"))
    process.stdout.write(`${yield* Bundle.run(flags)}\n`)
  })
).pipe(
  Command.withDescription(
    [
      "Make one file out of a worker's entry and all that it imports, for production:",
      "its workers are ready several times sooner, and take less memory. Needs esbuild.",
      "",
      "Give the pool the URL of the bundle as its entry. The source map is used with",
      "node --enable-source-maps."
    ].join("\n  ")
  ),
  Command.withShortDescription("Make one file of a worker's entry, for production"),
  Command.withExamples([
    {
      command: "causeway bundle src/worker.ts --out dist/worker.js --minify",
      description: "In the place of the compiled entry"
    },
    { command: "causeway bundle src/worker.ts --external sharp --no-start", description: "In a build without keys" }
  ])
)

const causeway = Command.make("causeway").pipe(
  Command.withDescription("Failures that keep their type wherever they travel."),
  Command.withSubcommands([serve, check, simulate, explain, bundle])
)

/** Runs a command line. What is wrong with it is told, and is then `Told`. */
export const run = (args: ReadonlyArray<string>) =>
  Command.runWith(causeway, { version: version() })(args).pipe(
    Effect.catchIf(CliError.isCliError, (error) =>
      error._tag === "ShowHelp" && error.errors.length === 0 ? Effect.void : Effect.fail(new Told())
    ),
    Effect.provide(
      Layer.merge(
        NodeServices.layer,
        CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.LogLevel] })
      )
    )
  )
