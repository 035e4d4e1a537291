/**
 * What `causeway serve` prints when it is ready: where it listens, what is behind
 * it, and two lines to try.
 *
 * **Example** (The first line)
 *
 * ```ts
 * import * as Banner from "@causeway/cli/Banner"
 *
 * const banner = Banner.render({
 *   url: "http://127.0.0.1:8000",
 *   upstreams: { primary: { baseUrl: "http://127.0.0.1:11434/v1" } },
 *   isSimulator: false,
 *   workers: 2,
 *   routes: ["/predict"],
 *   hasKey: false,
 *   isOpen: false
 * })
 *
 * banner.split("\n")[0] // => "Causeway serves http://127.0.0.1:8000"
 * ```
 */
import { basename } from "node:path"
import * as Redaction from "@causeway/core/Redaction"
import type { Upstreams } from "@causeway/openai/UpstreamConfig"

/** What the banner tells. */
export interface Facts {
  /** Where the server listens. */
  readonly url: string
  readonly upstreams: Upstreams
  /** The modules of those that are models of one's own, by their names. Default: none. */
  readonly models?: Readonly<Record<string, string>> | undefined
  readonly isSimulator: boolean
  /** 0: in process. */
  readonly workers: number
  /** What the workers are. Default: threads. */
  readonly isolation?: "thread" | "process" | undefined
  /** How many processes serve, each with as many workers. Default: 1. */
  readonly procs?: number | undefined
  /** The paths of the services' calls. */
  readonly routes: ReadonlyArray<string>
  /** Whether callers need a key. */
  readonly hasKey: boolean
  /** The variable that holds one. Default: none, and the reader puts it in. */
  readonly keyVariable?: string | undefined
  /** Whether other machines reach it without a key. */
  readonly isOpen: boolean
}

/** The banner, without a line break at its end. */
export const render = (facts: Facts): string => {
  const rows: ReadonlyArray<readonly [name: string, text: string]> = [
    ...upstreams(facts),
    ["workers", workers(facts)],
    ["routes", `/v1/  ${openAi.join(", ")}`],
    ["", [...facts.routes, "/health"].join("  ")],
    ...(facts.isOpen ? [["insecure", "anybody who reaches this address can use it"] as const] : []),
    ["", ""],
    ["try", attempt(facts)],
    ["a failure", failure(facts)]
  ]
  const lines = rows.map(([name, text]) => `  ${name.padEnd(9)}  ${text}`.trimEnd())
  return [`Causeway serves ${facts.url}`, "", ...lines].join("\n")
}

/** OpenAI's APIs below `/v1`; of some only the common beginning of several routes. */
const openAi = [
  "chat/completions",
  "responses",
  "completions",
  "embeddings",
  "moderations",
  "models",
  "images",
  "audio",
  "files"
]

const upstreams = ({ isSimulator, models, upstreams }: Facts): ReadonlyArray<readonly [string, string]> =>
  isSimulator
    ? [["upstream", "the simulator; set OPENAI_API_KEY or OPENAI_BASE_URL for a real one"]]
    : Object.entries(upstreams).map(([name, { apiKey, baseUrl }], index) => [
        index === 0 ? "upstream" : "",
        `${name}, ${models?.[name] === undefined ? Redaction.url(baseUrl) : `models of ${basename(models[name])}`}${apiKey === undefined ? "" : " (with a key)"}`
      ])

const workers = ({ isolation = "thread", procs = 1, workers: count }: Facts): string => {
  const plural = isolation === "thread" ? "threads" : "processes"
  const own = count === 0 ? "none, calls are served in process" : count === 1 ? `1 ${isolation}` : `${count} ${plural}`
  return procs === 1 ? own : `${own}; in each of ${procs} processes that serve`
}

const chat = (model: string): string => JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] })

/** Asks for a model that there is, as far as the configuration says: of one's own without `models`, for their list. */
const attempt = (facts: Facts): string => {
  if (facts.isSimulator) return curl(facts, "/v1/chat/completions", chat("simulator"))
  const [[name, first] = []] = Object.entries(facts.upstreams)
  const known = Object.keys(first?.models ?? {}).find((model) => !model.includes("'"))
  if (known === undefined && name !== undefined && facts.models?.[name] !== undefined) return curl(facts, "/v1/models")
  return curl(facts, "/v1/chat/completions", chat(known ?? "gpt-5-mini"))
}

const failure = (facts: Facts): string =>
  facts.isSimulator && facts.routes.includes("/predict/answer")
    ? curl(facts, "/predict/answer", JSON.stringify({ prompt: "Hello", model: "fault:no-healthy-upstream" }))
    : curl(facts, "/v1/chat/completions", chat(facts.isSimulator ? "fault:no-healthy-upstream" : "no-such-model"))

const curl = ({ hasKey, keyVariable, url }: Facts, path: string, body?: string): string => {
  // An address that stands for all of them is none to call.
  const address = url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
  const shown = keyVariable === undefined ? "YOUR-KEY" : `$${keyVariable}`
  const key = hasKey ? ` -H "authorization: Bearer ${shown}"` : ""
  return `curl -s ${address}${path}${key}${body === undefined ? "" : ` -d '${body}'`}`
}
