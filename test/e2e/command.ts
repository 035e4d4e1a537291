/**
 * The real command as a child process, with nothing of this process's environment
 * but what it takes to run.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"

/** How it is started. */
export interface Options {
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** Default: a new, empty directory. */
  readonly cwd?: string
}

/** How it ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The command while it runs. */
export interface Process {
  /** Its reader leaves, as `head` does. */
  readonly closeStdout: Effect.Effect<void>
  readonly pid: number | undefined
  readonly signal: (signal: "SIGHUP" | "SIGINT" | "SIGTERM") => Effect.Effect<void>
  readonly ended: Effect.Effect<Ended>
  readonly stdout: () => string
  readonly stderr: () => string
}

/** The command while it serves. */
export interface Server extends Process {
  readonly url: string
}

const searchPath = process.env["PATH"]

const root = fileURLToPath(new URL("../..", import.meta.url))

/** A directory with these files. */
export const directory = (files: Readonly<Record<string, string>> = {}): string => {
  const path = mkdtempSync(join(tmpdir(), "causeway-e2e-"))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

/** A module of this repository, for a configuration file that stands somewhere else. */
export const moduleUrl = (path: string): string => JSON.stringify(new URL(`../../${path}`, import.meta.url).href)

/** A program of Node's; it is killed with the scope. */
export const program = (
  file: string,
  { args = [], cwd, env = {} }: Options = {},
  node = process.execPath
): Effect.Effect<Process, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<Ended>()
    let stdout = ""
    let stderr = ""
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(node, [file, ...args], {
          cwd: cwd ?? root,
          env: { PATH: searchPath, HOME: tmpdir(), ...env },
          stdio: ["ignore", "pipe", "pipe"]
        })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("close", (code) => Deferred.doneUnsafe(ended, Effect.succeed({ code, stdout, stderr })))
    return {
      closeStdout: Effect.sync(() => void child.stdout.destroy()),
      pid: child.pid,
      signal: (signal) => Effect.sync(() => void child.kill(signal)),
      ended: Deferred.await(ended),
      stdout: () => stdout,
      stderr: () => stderr
    }
  })

/** `causeway` with these arguments. */
export const command = (options: Options = {}): Effect.Effect<Process, never, Scope.Scope> =>
  program(join(root, "packages/cli/src/bin.ts"), { cwd: directory(), ...options })

/** `causeway` until it ends by itself. */
export const run = (options: Options): Effect.Effect<Ended> =>
  Effect.scoped(Effect.flatMap(command(options), ({ ended }) => ended))

/** Asks again until the answer is there; who waits sets the limit. */
export const until = <A, E, R>(self: Effect.Effect<A, E, R>, isThere: (value: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.repeat(self, { schedule: Schedule.spaced("20 millis"), until: isThere })

/** `causeway serve` on a free port, once it listens. */
export const serve = (options: Options = {}): Effect.Effect<Server, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* command({ ...options, args: ["serve", "--port", "0", ...(options.args ?? [])] })
    const banner = until(
      Effect.sync(() => /serves (http:\S+)\n[^]*a failure/.exec(child.stdout())?.[1]),
      (url) => url !== undefined
    )
    const early = Effect.flatMap(child.ended, (ended) => Effect.die(new Error(`it ended: ${JSON.stringify(ended)}`)))
    return { ...child, url: (yield* Effect.raceFirst(banner, early)) ?? "" }
  })

/** `causeway serve` on a free port, once it is ready; one whose workers cannot start is a fault of the test. */
export const ready = (options: Options = {}): Effect.Effect<Server, never, Scope.Scope> =>
  Effect.tap(serve(options), ({ url }) =>
    Effect.map(
      until(get(`${url}/health/ready`), ({ status, text }) => status === 200 || text.includes("did not get ready")),
      ({ status, text }) => {
        if (status !== 200) throw new Error(text)
      }
    )
  )

/** An answer. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** There was no whole answer. */
class NoAnswer extends Data.TaggedError("NoAnswer")<{ readonly cause: unknown }> {}

/** One request. */
export const send = (url: string, init: RequestInit = {}): Effect.Effect<Answer, NoAnswer> =>
  Effect.tryPromise({
    try: async (signal) => {
      // A client as any other, which knows nothing of Effect.
      // @effect-diagnostics-next-line globalFetchInEffect:off
      const response = await fetch(url, { ...init, signal: init.signal ?? signal })
      return { status: response.status, headers: response.headers, text: await response.text() }
    },
    catch: (cause) => new NoAnswer({ cause })
  })

/** A GET; no answer is a fault of the test. */
export const get = (url: string): Effect.Effect<Answer> => Effect.orDie(send(url))

/** A POST of JSON; no answer is a fault of the test. */
export const post = (
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<Answer> =>
  Effect.orDie(send(url, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body), headers }))

/** A chat completion's request. */
export const chat = (model: string, stream = false) => ({
  model,
  stream,
  messages: [{ role: "user", content: "Hello" }]
})

/** The code of OpenAI's error shape; fails loudly where it is another shape. */
export const codeOf = ({ text }: Answer): string => {
  const { error }: { readonly error: Readonly<Record<string, unknown>> } = JSON.parse(text)
  if (Object.keys(error).toSorted().join() !== "code,message,param,type") throw new Error(`another shape: ${text}`)
  return String(error["code"])
}
