/** The five values of the codec's benchmark, with the schemas and classes a receiver has. */
import { Evidence } from "@causeway/core/Evidence"
import { UpstreamError } from "@causeway/core/UpstreamError"
import { Gateway, UpstreamReason } from "@causeway/core/UpstreamReason"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

export class Small extends Schema.TaggedError<Small>("bench/Small")("Small", {
  upstream: Schema.String,
  status: Schema.Finite,
  retryable: Schema.Boolean
}) {}

/** Every class that the values hold. */
export const classes = [Small, UpstreamError, Evidence, ...UpstreamReason.members] as const

/** The same stack for every error, of a usual length, read once: what is compared is carrying it. */
const stacked = <E extends Error>(error: E): E => {
  const frame = "    at async handler (file:///app/packages/service/src/handlers.ts:123:45)"
  error.stack = [`${error.name}: ${error.message}`, ...Array.from({ length: 10 }, () => frame)].join("\n")
  return error
}

const small = (): Small => stacked(new Small({ upstream: "primary", status: 429, retryable: true }))

const upstream = (): UpstreamError =>
  stacked(
    new UpstreamError({
      upstream: "primary",
      operation: "chat.completions.create",
      reason: stacked(
        new Gateway({
          message: "no healthy upstream",
          seenIn: "status",
          gateway: "envoy",
          flag: "no-healthy-upstream",
          status: 503,
          retryAfter: Duration.seconds(2)
        })
      ),
      evidence: new Evidence({
        attempt: 2,
        timing: { startedAt: 1_767_225_600_000, headersMs: 31.25, totalMs: 33.5 },
        request: { method: "POST", url: "http://upstream.internal:8001/v1/chat/completions", bytes: 8123 },
        response: {
          status: 503,
          headers: [
            ["content-type", "text/plain"],
            ["server", "envoy"],
            ["x-request-id", "req_0123456789abcdef"],
            ["x-envoy-upstream-service-time", "31"],
            ["date", "Mon, 23 Nov 2026 10:00:00 GMT"],
            ["retry-after", "2"]
          ],
          body: "no healthy upstream",
          bodyBytes: 19
        },
        provider: { message: "no healthy upstream", type: "server_error", code: "503", param: "model" },
        requestId: "req_0123456789abcdef",
        shouldRetry: true,
        rateLimit: {
          "limit-requests": "500",
          "limit-tokens": "200000",
          "remaining-requests": "499",
          "remaining-tokens": "199000",
          "reset-requests": "120ms",
          "reset-tokens": "300ms"
        },
        stream: { events: 12, bytes: 4096, partial: "The answer to your question is".repeat(20) },
        system: [
          {
            name: "Error",
            message: "connect ECONNREFUSED 10.0.0.7:8001",
            code: "ECONNREFUSED",
            syscall: "connect",
            address: "10.0.0.7",
            port: 8001
          },
          {
            name: "Error",
            message: "connect ECONNREFUSED 10.0.0.8:8001",
            code: "ECONNREFUSED",
            syscall: "connect",
            address: "10.0.0.8",
            port: 8001
          }
        ]
      })
    })
  )

const chain = (): Error =>
  stacked(
    new Error("cannot answer", {
      cause: stacked(new TypeError("fetch failed", { cause: stacked(new Error("connect ECONNREFUSED")) }))
    })
  )

/** What carries only a message and a stack, with the schema that stock Effect would use. */
const defect = Schema.Defect({ includeStack: true })

/** The most that a form may take, as a multiple of the baseline: with stacks, and with stacks dropped. */
type Bars = Readonly<Record<"json" | "clone", Readonly<Record<"keep" | "drop", number>>>>

const bars = (json: readonly [number, number], clone: readonly [number, number]): Bars => ({
  json: { keep: json[0], drop: json[1] },
  clone: { keep: clone[0], drop: clone[1] }
})

/** A value, and what stock Effect carries it with. */
export interface BenchValue {
  readonly name: string
  readonly value: unknown
  readonly bars: Bars
  /** The same without `new Function`, where there is a plan that it changes. */
  readonly barsWithoutJit?: Bars
  /** The fair measure: an error with many fields is compared to a plain object of its content. */
  readonly baseline: "clone" | "twin"
  readonly schema: Schema.Codec<unknown, unknown>
}

export const values: ReadonlyArray<BenchValue> = [
  { name: "small tagged error", value: small(), bars: bars([4.5, 2.5], [4, 3]), baseline: "clone", schema: Small },
  {
    name: "UpstreamError, 40 fields",
    value: upstream(),
    bars: bars([2, 2], [2.2, 2.2]),
    barsWithoutJit: bars([2.5, 2.5], [2.7, 2.7]),
    baseline: "twin",
    schema: UpstreamError
  },
  {
    name: "Error, chain of three",
    value: chain(),
    bars: bars([4.5, 2], [3.5, 2.3]),
    baseline: "clone",
    schema: defect
  },
  {
    name: "Cause, three reasons",
    value: Cause.combine(Cause.combine(Cause.fail(small()), Cause.die(stacked(new Error("bug")))), Cause.interrupt(7)),
    bars: bars([2.5, 1.6], [2.5, 2]),
    baseline: "clone",
    schema: Schema.Cause(Small, defect)
  },
  {
    name: "Exit, success",
    value: Exit.succeed({ id: "chatcmpl-1", text: "good day", tokens: 12 }),
    bars: bars([1.8, 1.8], [2.2, 2.2]),
    baseline: "clone",
    schema: Schema.Exit(Schema.Struct({ id: Schema.String, text: Schema.String, tokens: Schema.Finite }), Small, defect)
  }
]

/** A plain object with the same content: all that `structuredClone` could carry of it. */
export const twin = (value: unknown): unknown => {
  if (value instanceof Error) {
    const { cause, message, name, stack } = value
    return { name, message, stack, ...fields(value), ...(cause !== undefined && { cause: twin(cause) }) }
  }
  if (Array.isArray(value)) return value.map(twin)
  if (Exit.isExit(value)) return Exit.isSuccess(value) ? { value: twin(value.value) } : { cause: twin(value.cause) }
  if (Cause.isCause(value)) return { reasons: value.reasons.map((reason) => fields(reason)) }
  return typeof value === "object" && value !== null ? fields(value) : value
}

const fields = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([key, field]) => [key, twin(field)]))
