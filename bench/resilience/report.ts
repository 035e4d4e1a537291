/** What a run says of a contender, and the tables. */
import {
  type Call,
  cost,
  type Count,
  limitPerSecond,
  type PhaseName,
  phaseMs,
  phases,
  settings,
  type Side
} from "./protocol.ts"

/** One contender in one run. */
export interface Run {
  readonly calls: ReadonlyArray<Call>
  readonly counts: ReadonlyArray<Count>
  readonly unhandled: number
}

/** Figures of a run by name; `Infinity`: never. */
type Figures = Readonly<Record<string, number>>

const quantile = (values: ReadonlyArray<number>, q: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

const phaseOf = (name: PhaseName) => phases.find((phase) => phase.name === name) ?? { name, from: 0, to: 0 }

/** What a phase is called in the name of a figure. */
const figure = (phase: PhaseName, what: string): string => `${phase}: ${what}`

const isAnswer = ({ ending }: Call): boolean => ending === "primary" || ending === "secondary"

const began = ({ calls }: Run, from: number, to: number): ReadonlyArray<Call> =>
  calls.filter(({ at, isBad }) => !isBad && at >= from && at < to)

const came = ({ counts }: Run, phase: PhaseName, side?: Side, outcome?: Count["outcome"]): number =>
  counts
    .filter((each) => each.phase === phase)
    .filter((each) => (side ?? each.side) === each.side && (outcome ?? each.outcome) === each.outcome)
    .reduce((sum, { requests }) => sum + requests, 0)

const inPhase = (run: Run, name: PhaseName): Figures => {
  const { from, to } = phaseOf(name)
  const all = began(run, from, to)
  const answers = all.filter(isAnswer)
  const spent = (["primary", "secondary"] as const).reduce(
    (sum, side) => sum + cost[side] * (came(run, name, side, "served") + came(run, name, side, "given up")),
    0
  )
  return {
    [figure(name, "success")]: (answers.length / all.length) * 100,
    [figure(name, "p50")]: median(answers.map(({ ms }) => ms)),
    [figure(name, "p99")]: quantile(
      answers.map(({ ms }) => ms),
      0.99
    ),
    [figure(name, "requests")]: came(run, name) / answers.length,
    [figure(name, "cost")]: spent / answers.length
  }
}

/** When the first answer of a side came that was asked for after a moment, from then on. */
const firstAnswer = ({ calls }: Run, side: Side, from: number): number =>
  Math.min(...calls.filter((each) => each.at >= from && each.ending === side).map(({ at, ms }) => at + ms - from))

/** The share of the calls that began in a time which the primary answered. */
const shareOfPrimary = (run: Run, from: number, to: number): number => {
  const answers = began(run, from, to).filter(isAnswer)
  return (answers.filter(({ ending }) => ending === "primary").length / answers.length) * 100
}

const figuresOf = (run: Run): Figures => {
  const outage = phaseOf("outage")
  const limited = phaseOf("rate limit")
  const back = phaseOf("return")
  const returned = firstAnswer(run, "primary", back.from)
  const from = back.from + returned
  const steps = Number.isFinite(returned)
    ? [0, 1, 2].map((step) => shareOfPrimary(run, from + step * 400, from + (step + 1) * 400))
    : []
  const bad = run.calls.filter(({ isBad, at }) => isBad && at >= outage.from)
  return {
    ...Object.assign({}, ...phases.map(({ name }) => inPhase(run, name))),
    "outage: dead": came(run, "outage", "primary"),
    "outage: dead per call": came(run, "outage", "primary") / began(run, outage.from, outage.to).length,
    "outage: first by secondary": firstAnswer(run, "secondary", outage.from),
    "outage: hurt": began(run, outage.from, outage.to).filter((call) => !isAnswer(call) || call.ms > 500).length,
    "return: first by primary": returned,
    "first step": steps[0] ?? 0,
    "second step": steps[1] ?? 0,
    "third step": steps[2] ?? 0,
    "return: share after": Number.isFinite(returned) ? shareOfPrimary(run, from + 1000, back.to) : 0,
    // What the bucket holds at first is allowed too.
    "rate limit: used":
      (came(run, "rate limit", "primary", "served") /
        (limitPerSecond + (limitPerSecond * (limited.to - limited.from)) / 1000)) *
      100,
    "bad answered": (bad.filter(({ ending }) => ending === "rejected").length / bad.length) * 100,
    longest: Math.max(...run.calls.map(({ ms }) => ms)),
    unhandled: run.unhandled
  }
}

/** The medians of a contender's runs. */
export const summary = (runs: ReadonlyArray<Run>): Figures => {
  const each = runs.map(figuresOf)
  const names = Object.keys(each[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, median(each.map((figures) => figures[name] ?? Number.NaN))]))
}

const shown = (value: number | undefined, digits = 0): string =>
  value === undefined || Number.isNaN(value) ? "–" : Number.isFinite(value) ? value.toFixed(digits) : "never"

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n")

/** Success, latency, requests and cost, phase by phase. */
export const phaseTable = (all: ReadonlyMap<string, Figures>): string =>
  table(
    ["", ...phases.map(({ name }) => name)],
    [...all].map(([contender, figures]) => [
      contender,
      ...phases.map(({ name }) => {
        const of = (what: string, digits = 0) => shown(figures[figure(name, what)], digits)
        return `${of("success", 1)} · ${of("p50")}/${of("p99")} · ${of("requests", 2)} · ${of("cost", 2)}`
      })
    ])
  )

/** What happens at the edges of phases. */
export const edgeTable = (all: ReadonlyMap<string, Figures>): string =>
  table(
    [
      "",
      "requests to the dead primary (per call)",
      "first answer by the secondary, ms",
      "calls failed or > 500 ms",
      "first answer by the primary after the end, ms",
      "its share in steps of 400 ms, %",
      "and from 1 s on, %",
      "allowed rate used, %",
      "bad requests told so, %",
      "longest call, ms"
    ],
    [...all].map(([contender, figures]) => {
      const of = (name: string, digits = 0) => shown(figures[name], digits)
      return [
        contender,
        `${of("outage: dead")} (${of("outage: dead per call", 2)})`,
        of("outage: first by secondary"),
        of("outage: hurt"),
        of("return: first by primary"),
        `${of("first step")}, ${of("second step")}, ${of("third step")}`,
        of("return: share after"),
        of("rate limit: used"),
        of("bad answered"),
        of("longest")
      ]
    })
  )

interface Bar {
  readonly what: string
  readonly figure: string
  readonly least?: number
  readonly most?: number
  readonly digits?: number
}

const bars: ReadonlyArray<Bar> = [
  ...phases.map(({ name }) => ({
    what: `${name}: success %`,
    figure: figure(name, "success"),
    least: 100,
    digits: 1
  })),
  { what: "outage: first answer by the secondary, ms", figure: "outage: first by secondary", most: 250 },
  { what: "outage: requests to the dead primary in 10 s", figure: "outage: dead", most: (20 * phaseMs) / 10_000 },
  { what: "outage: p99, ms", figure: figure("outage", "p99"), most: 300 },
  { what: "outage: calls failed or over 500 ms", figure: "outage: hurt", most: 0 },
  { what: "brown-out: p99, ms", figure: figure("brown-out", "p99"), most: 600 },
  { what: "brown-out: requests per success", figure: figure("brown-out", "requests"), most: 1.35, digits: 2 },
  { what: "brown-out: cost per success", figure: figure("brown-out", "cost"), most: 3, digits: 2 },
  { what: "rate limit: of the allowed rate, %", figure: "rate limit: used", least: 80 },
  { what: "rate limit: requests per success", figure: figure("rate limit", "requests"), most: 1.05, digits: 2 },
  { what: "return: first answer by the primary, ms", figure: "return: first by primary", most: 1000 },
  { what: "return: its share a second later, %", figure: "return: share after", least: 90 },
  { what: "bad requests told so, %", figure: "bad answered", least: 100 },
  { what: "longest call, ms", figure: "longest", most: settings.deadlineMs }
]

const isMet = ({ least, most = 0 }: Bar, value: number): boolean =>
  least === undefined ? value <= most : value >= least

const limit = ({ least, most }: Bar): string => (least === undefined ? `≤ ${most}` : `≥ ${least}`)

/** The bars that a contender missed, and by what. */
export const missed = (figures: Figures): ReadonlyArray<string> =>
  bars.flatMap((bar) => {
    const value = figures[bar.figure] ?? Number.NaN
    return isMet(bar, value) ? [] : [`${bar.what}: ${shown(value, bar.digits)}, not ${limit(bar)}`]
  })

/** Whoever answers fewer calls has it easy in all else: such a contender is not compared in a phase. */
const answersAll = (figures: Figures, { figure: name }: Bar): boolean =>
  phases.every((phase) => !name.startsWith(phase.name) || (figures[figure(phase.name, "success")] ?? 0) > 99)

/** The bars, what one contender reached, and the best of those others that answer in that phase at all. */
export const barTable = (all: ReadonlyMap<string, Figures>, ours: string): string =>
  table(
    ["bar", "", ours, "", "best of the others"],
    bars.map((bar) => {
      const { digits = 0, figure, least, what } = bar
      const own = all.get(ours)?.[figure] ?? Number.NaN
      const [best] = [...all]
        .filter(([name, figures]) => name !== ours && (what.includes("success %") || answersAll(figures, bar)))
        .toSorted(([, a], [, b]) => ((a[figure] ?? 0) - (b[figure] ?? 0)) * (least === undefined ? 1 : -1))
      return [
        what,
        limit(bar),
        shown(own, digits),
        isMet(bar, own) ? "met" : "**missed**",
        best === undefined ? "–" : `${shown(best[1][figure], digits)} (${best[0]})`
      ]
    })
  )
