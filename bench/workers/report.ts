/** Tables of what was measured. */
import type { Row, Target } from "./loads.ts"
import { type Cores, median, type Speeds } from "./measure.ts"
import type { Speed } from "./protocol.ts"
import type { Variant } from "./variants.ts"

/** The results of a load. */
export type Results = ReadonlyMap<Cores, Speeds>

const figures = (speeds: Speeds, variant: Variant, figure: (speed: Speed) => number): ReadonlyArray<number> =>
  (speeds.get(variant) ?? []).map(figure)

const medianOf = (speeds: Speeds, variant: Variant, figure: (speed: Speed) => number): number =>
  median(figures(speeds, variant, figure))

/** Of the rates of two variants, by round; their median and range. */
const ratioOf = (speeds: Speeds, variant: Variant, against: Variant) => {
  const base = figures(speeds, against, ({ rate }) => rate)
  const ratios = figures(speeds, variant, ({ rate }) => rate).map((rate, round) => rate / (base[round] ?? Number.NaN))
  return { middle: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
}

const line = (cells: ReadonlyArray<string | number>): string => `| ${cells.join(" | ")} |`

/** Every variant of a load. */
export const tableOf = ({ name, variants }: Row, results: Results): ReadonlyArray<string> => {
  const [base = "ours"] = variants
  const cores = Array.from(results.keys())
  const heads = cores.flatMap((where) => [`${where}: a second`, `× ${base}`, "CPU µs each", "main thread's"])
  const lines = variants.map((variant) =>
    line([
      variant,
      ...Array.from(results.values(), (speeds) => [
        Math.round(medianOf(speeds, variant, ({ rate }) => rate)),
        ratioOf(speeds, variant, base).middle.toFixed(2),
        medianOf(speeds, variant, ({ cpu }) => cpu).toFixed(1),
        medianOf(speeds, variant, ({ mainCpu }) => mainCpu).toFixed(1)
      ]).flat()
    ])
  )
  return ["", `### ${name}`, "", line(["variant", ...heads]), line(["---", ...heads.map(() => "---")]), ...lines]
}

export const targetsHead: ReadonlyArray<string> = [
  "",
  "## Targets",
  "",
  line(["load", "", "against", "cores", "target", "stretch", "measured [range]", ""]),
  line(Array.from({ length: 8 }, () => "---"))
]

/** The bars of a load. */
export const verdictsOf = ({ name, targets }: Row, results: Results): ReadonlyArray<string> =>
  targets.flatMap((target) =>
    Array.from(results)
      .filter(([where]) => target.cores === undefined || target.cores === where)
      .map(([where, speeds]) => verdictOf(name, target, where, speeds))
  )

const verdictOf = (
  name: string,
  { against, atLeast, stretch, variant }: Target,
  where: Cores,
  speeds: Speeds
): string => {
  const { least, middle, most } = ratioOf(speeds, variant, against)
  return line([
    name,
    variant,
    against,
    where,
    `≥ ${atLeast}`,
    stretch ?? "",
    `**${middle.toFixed(2)}** [${least.toFixed(2)}-${most.toFixed(2)}]`,
    middle < atLeast ? "missed" : stretch !== undefined && middle >= stretch ? "met, stretch too" : "met"
  ])
}

/** How throughput grows with the number of workers, and what the main thread has to do for it. */
export const growthOf = (byWorkers: ReadonlyMap<number, Results>): ReadonlyArray<string> => {
  const lines = Array.from(byWorkers).flatMap(([workers, results]) =>
    Array.from(results.get("free") ?? new Map<Variant, ReadonlyArray<Speed>>(), ([variant]) => {
      const speeds = results.get("free") ?? new Map<Variant, ReadonlyArray<Speed>>()
      return line([
        variant,
        workers,
        Math.round(medianOf(speeds, variant, ({ rate }) => rate)),
        medianOf(speeds, variant, ({ mainCpu }) => mainCpu).toFixed(1),
        `${(100 * medianOf(speeds, variant, ({ mainBusy }) => mainBusy)).toFixed(0)} %`
      ])
    })
  )
  return [
    "",
    "### handlers of 1 ms of CPU, 64 in flight",
    "",
    line(["variant", "workers", "calls a second", "main thread's CPU µs each", "main thread busy"]),
    line(Array.from({ length: 5 }, () => "---")),
    ...lines.toSorted()
  ]
}
