/**
 * A line for each request once it is over: what was asked, what was answered, how
 * long it took and who it was. On a terminal to be read, else a line of JSON.
 *
 * | field | |
 * | --- | --- |
 * | `time` | when the request came, as ISO 8601 |
 * | `method`, `path` | the path with its query, credentials in it masked |
 * | `status` | of the answer; 499 where the client left before it |
 * | `ms` | until the last byte of the answer, or until the client left |
 * | `bytes` | sent, the head included |
 * | `request_id` | as `x-request-id` of the answer |
 * | `key` | the name of the caller's key, see `Auth` |
 * | `upstream`, `attempts` | as `x-causeway-upstream` and `x-causeway-attempts` of the answer |
 * | `reason` | what it failed with, such as `RateLimited` |
 * | `aborted` | true where the client left before the end |
 *
 * What is not known is left out. Where the output is read too slowly, lines are left
 * out instead of kept in memory, and the next one says how many: `dropped`.
 *
 * **Example** (Lines to wherever they are wanted)
 *
 * ```ts
 * import * as AccessLog from "@causeway/server/AccessLog"
 * import * as Effect from "effect/Effect"
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as HttpServerResponse from "effect/http/HttpServerResponse"
 * import * as Layer from "effect/Layer"
 *
 * const lines: Array<string> = []
 * const routes = HttpRouter.add("GET", "/hello", Effect.succeed(HttpServerResponse.text("hello")))
 * const log = AccessLog.layer({ format: "json", write: (line) => lines.push(line) })
 *
 * const { handler } = HttpRouter.toWebHandler(Layer.provideMerge(routes, log), { disableLogger: true })
 * await handler(new Request("http://localhost/hello?api_key=s3cret"))
 *
 * const { method, path, status } = JSON.parse(lines[0] ?? "")
 * [method, path, status] // => ["GET", "/hello?api_key=<redacted>", 200]
 * ```
 */
import * as Redaction from "@causeway/core/Redaction"
import * as Report from "@causeway/core/Report"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as Layer from "effect/Layer"
import * as Exchange from "./internal/exchange.ts"
import { isHealthRequest } from "./internal/healthRequest.ts"
import * as Output from "./internal/output.ts"

/** The form of a line. */
export type Format = "pretty" | "json"

/** Options of {@link layer}. */
export interface Options {
  /** Default: `pretty` where the standard output is a terminal, else `json`. */
  readonly format?: Format | undefined
  /** Takes a line, without its end. Must not throw. Default: to the standard output, as many lines at once as a turn has. */
  readonly write?: ((line: string) => unknown) | undefined
  /** Which requests are left out. Default: those of `Health`. */
  readonly except?: ((request: HttpServerRequest) => boolean) | undefined
}

/** The middleware, for the whole router. Outermost, so that it tells of refusals as well. */
export const layer = (options: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const { except = isHealthRequest, format = process.stdout.isTTY ? "pretty" : "json" } = options
  const output = Output.of(options.write)
  const render = format === "pretty" ? pretty : json
  const tell = (exchange: Exchange.Exchange): void => {
    if (!except(exchange.request)) output((dropped) => render(entryOf(exchange, dropped)))
  }
  return HttpRouter.middleware((app) => Exchange.observed(app, tell), { global: true })
}

interface Entry {
  readonly time: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly ms: number
  readonly bytes?: number | undefined
  readonly request_id?: string | undefined
  readonly key?: string | undefined
  readonly upstream?: string | undefined
  readonly attempts?: number | undefined
  readonly reason?: string | undefined
  readonly aborted?: true | undefined
  readonly dropped?: number | undefined
}

/** What nginx calls a request whose client has left. */
const clientClosedRequest = 499

const entryOf = (exchange: Exchange.Exchange, dropped: number): Entry => {
  const { bytes, headers, isAborted, key, reason, request, startedAt, status } = exchange
  const ms = performance.now() - startedAt
  const attempts = headers?.["x-causeway-attempts"]
  return {
    time: new Date(Date.now() - ms).toISOString(),
    method: request.method,
    path: Redaction.url(request.url),
    status: status === 0 && isAborted ? clientClosedRequest : status,
    ms: Math.round(ms * 10) / 10,
    bytes,
    request_id: headers?.["x-request-id"],
    key,
    upstream: headers?.["x-causeway-upstream"],
    attempts: attempts === undefined ? undefined : Number(attempts),
    reason,
    aborted: isAborted || undefined,
    dropped: dropped || undefined
  }
}

/** Left out is what is `undefined`. */
const json = (entry: Entry): string => JSON.stringify(entry)

const pretty = ({ aborted, attempts, method, ms, path, status, time, ...more }: Entry): string => {
  const { bytes: _, ...rest } = more
  const pairs = Object.entries({ ...rest, attempts: attempts === 1 ? undefined : attempts, aborted }).flatMap(
    ([name, value]) => (value === undefined ? [] : [`${name}=${value}`])
  )
  const clock = new Date(time).toTimeString().slice(0, 8)
  return Report.visible([clock, status, method.padEnd(4), path, `${ms} ms`, ...pairs].join("  "))
}
