/**
 * A policy in words: the same decision that the loop makes, for every reason.
 */
import * as Disposition from "@causeway/core/Disposition"
import * as Duration from "effect/Duration"
import type * as Budget from "../Budget.ts"
import { cut, type Failed, next, type Step } from "./decide.ts"
import { label } from "./registry.ts"
import * as Samples from "./samples.ts"
import { deadlineOf, kinds, type Settings } from "./settings.ts"

type Row = readonly [failure: string, disposition: Disposition.Disposition | undefined]

/** The policy's limits, and a table of every failure. */
export const explain = (settings: Settings): string => {
  const world = {
    first: undefined,
    lists: settings.fallback,
    replay: settings.replay,
    ask: () => undefined,
    spend: () => true
  }
  const others = [...new Set(kinds.flatMap((kind) => settings.fallback[kind]))]
  /** What follows a failure of the first upstream, with these ones asked already. */
  const following = (asked: ReadonlyArray<string>) => (disposition: Disposition.Disposition | undefined) =>
    say(
      settings,
      next(settings, world, [...asked.map((name) => failedAt(name, undefined)), failedAt(undefined, disposition)], 0),
      disposition
    )
  const columns = others.length === 0 ? [following([])] : [following([]), following(others)]
  const cells = rows().map(([failure, disposition]) => [failure, ...columns.map((column) => column(disposition))])
  const head = ["failure", "what follows", ...(others.length === 0 ? [] : ["with no other upstream left"])]
  return `${limits(settings)}\n\n${table([head, ...cells])}`
}

const failedAt = (upstream: string | undefined, disposition: Disposition.Disposition | undefined): Failed => ({
  upstream,
  name: undefined,
  disposition,
  at: 0
})

const time = (duration: Duration.Duration): string =>
  Duration.isFinite(duration) ? `within ${Duration.format(duration)}` : "without a limit"

const limits = (settings: Settings): string => {
  const { base, max, maxRetryAfter, times } = settings.retry
  return [
    `A call ends ${time(deadlineOf(settings))}, each attempt of it ${time(settings.attempt)}.`,
    `A stream brings its first element ${time(settings.firstElement)} of an attempt, each further one ${time(settings.idle)}` +
      (settings.deadline === undefined ? "." : `, and ends ${time(settings.deadline)}.`),
    times === 0
      ? "Nothing is retried."
      : `Retries: ${times}, after a random wait of up to ${Duration.format(base)} that doubles to at most ${Duration.format(max)}.`,
    `A rest that an upstream asks for is waited for ${Duration.isFinite(maxRetryAfter) ? `up to ${Duration.format(maxRetryAfter)}` : "as long as it takes"}.`,
    settings.replay === "safe"
      ? "A call that may have run is made again."
      : "A call that may have run is not made again.",
    ...shared(settings)
  ].join("\n")
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`

const ms = (millis: number): string => Duration.format(Duration.millis(millis))

const limit = ({ floor, share, window }: Budget.Settings): string =>
  `${percent(share)} of its calls and ${floor} in ${Duration.format(window)}`

/** What holds for all callers of an upstream together. */
const shared = ({ breaker, budget, concurrency, hedge, pause, shed }: Settings): ReadonlyArray<string> => [
  budget === undefined
    ? "Retries have no budget."
    : `Budget: the retries of all callers of an upstream are at most ${limit(budget)}.`,
  pause
    ? "Pause: an upstream that asks for rest gets it from all callers."
    : "A rest that one caller is asked for is only its own.",
  breaker === undefined
    ? "There is no breaker."
    : `Breaker${breaker.observe ? " (it only watches)" : ""}: opens for ${ms(breaker.openMs)}, at most ${ms(breaker.maxOpenMs)}, after ${conditions(breaker).join(", or ")}; comes back by ${[...breaker.steps, 1].map(percent).join(", ")}.`,
  ...(hedge === undefined
    ? []
    : [
        `Hedge: another upstream is asked too after ${hedge.medianTimes} times the median, or ${Duration.format(hedge.otherwise)} where that is not known; ${hedge.budget === undefined ? "without a budget" : `the hedges of all callers are at most ${limit(hedge.budget)}`}.`
      ]),
  ...(concurrency === undefined
    ? []
    : [
        `Concurrency: ${concurrency.min} to ${concurrency.max} calls at once, ${concurrency.initial} at first; ${concurrency.queue} may wait.`
      ]),
  ...(shed === undefined
    ? []
    : [`Shed: up to ${percent(shed.most)} of the calls beyond ${shed.times} times what an upstream serves.`])
]

const conditions = ({ consecutive, rate, slow, windowMs }: NonNullable<Settings["breaker"]>): ReadonlyArray<string> => [
  `${consecutive} failures in a row`,
  ...(rate === undefined
    ? []
    : [`${percent(rate.share)} failures of at least ${rate.minimum} calls in ${ms(windowMs)}`]),
  ...(slow === undefined
    ? []
    : [
        `${percent(slow.share)} slow of at least ${slow.minimum} calls${Number.isFinite(slow.overMs) ? ` (over ${ms(slow.overMs)})` : ""}`
      ])
]

const say = ({ retry }: Settings, step: Step, disposition: Disposition.Disposition | undefined): string => {
  switch (step._tag) {
    case "Fallback":
      return `fallback to ${label(step.upstream)}`
    case "Retry":
      return `retry ${disposition?.retry === "after" ? "when the upstream says" : "with backoff"}, ${retry.times === 1 ? "once" : `${retry.times} times`}`
    case "End":
      return `fail: ${step.why}`
  }
}

const rowsOf = (
  error: string,
  samples: { readonly [tag: string]: { readonly [form: string]: Disposition.Disposed } }
): ReadonlyArray<Row> =>
  Object.entries(samples).flatMap(([tag, forms]) =>
    Object.entries(forms).map(([form, reason]): Row => [
      `${error} ${tag}${form === "" ? "" : ` (${form})`}`,
      reason[Disposition.symbol]
    ])
  )

const rows = (): ReadonlyArray<Row> => [
  ...rowsOf("UpstreamError", Samples.upstream()),
  ...rowsOf("BoundaryError", Samples.boundary()),
  ...rowsOf("PolicyError", Samples.policy()),
  ["the limit of an attempt passed", cut],
  ["an error without a disposition", undefined]
]

/** Markdown that reads as plain text too. */
const table = (cells: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: ReadonlyArray<string>, fill: string) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width, fill)).join(" | ")} |`
  const [head = [], ...rest] = cells
  return [line(head, " "), line([], "-"), ...rest.map((row) => line(row, " "))].join("\n")
}
