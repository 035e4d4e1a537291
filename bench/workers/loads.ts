/** What is measured, and what is asked of it. */
import type { Cores, Measured } from "./measure.ts"
import type { Variant } from "./variants.ts"

/** A bar: the rate of one variant as a multiple of another's. */
export interface Target {
  readonly variant: Variant
  readonly against: Variant
  readonly atLeast: number
  readonly stretch?: number
  /** Where it is to be met; everywhere unless it says. */
  readonly cores?: Cores
}

/** A load, and its bars. */
export interface Row extends Measured {
  readonly name: string
  readonly targets: ReadonlyArray<Target>
}

const both = ["free", "pinned"] as const

/** Of a load without tracing. */
const bar = (atLeast: number, stretch: number, against: Variant = "piscina"): Target => ({
  variant: "ours",
  against,
  atLeast,
  stretch
})

/** With tracing at least half of the rate without. */
const traced: ReadonlyArray<Target> = [
  { variant: "ours, traced", against: "ours", atLeast: 0.5 },
  { variant: "ours, recorded", against: "ours", atLeast: 0.5 }
]

const streamed = (size: number, atLeast: number, stretch: number): Row => ({
  name: `16 streams, ${size} ${size === 1 ? "token" : "tokens"} a chunk`,
  load: `tokens ${size}`,
  workers: 1,
  inFlight: 16,
  cores: both,
  variants: ["stock, untraced", "ours", "ours, traced", "ours, recorded"],
  targets: [bar(atLeast, stretch, "stock, untraced"), ...traced]
})

export const rows: ReadonlyArray<Row> = [
  {
    name: "small, 64 in flight, 1 worker",
    load: "greet",
    workers: 1,
    inFlight: 64,
    cores: both,
    variants: [
      "piscina",
      "piscina, same schemas",
      "tinypool",
      "comlink",
      "raw postMessage",
      "stock",
      "stock, untraced",
      "ours",
      "ours, not coalesced",
      "ours, traced",
      "ours, recorded"
    ],
    targets: [
      bar(2, 4),
      { variant: "ours, not coalesced", against: "piscina", atLeast: 1.3 },
      bar(5, 10, "stock, untraced"),
      ...traced
    ]
  },
  {
    name: "small, 64 in flight, 2 workers",
    load: "greet",
    workers: 2,
    inFlight: 64,
    cores: both,
    variants: ["piscina", "tinypool", "comlink", "raw postMessage", "stock, untraced", "ours", "ours, traced"],
    targets: [bar(1, 1.4), ...traced.slice(0, 1)]
  },
  {
    name: "small, 1 in flight, 1 worker",
    load: "greet",
    workers: 1,
    inFlight: 1,
    cores: both,
    variants: ["piscina", "tinypool", "comlink", "raw postMessage", "stock, untraced", "ours", "ours, traced"],
    targets: [{ ...bar(0.65, 1), cores: "pinned" }, ...traced.slice(0, 1)]
  },
  {
    name: "1 KB object, 64 in flight, 1 worker",
    load: "order",
    workers: 1,
    inFlight: 64,
    cores: both,
    variants: ["piscina", "tinypool", "comlink", "raw postMessage", "stock, untraced", "ours", "ours, traced"],
    targets: [bar(1, 1.3), ...traced.slice(0, 1)]
  },
  {
    name: "64 KB moved, 64 in flight, 1 worker",
    load: "move",
    workers: 1,
    inFlight: 64,
    cores: both,
    variants: ["piscina", "tinypool", "comlink", "raw postMessage", "ours", "ours, traced"],
    targets: [bar(1.5, 2), ...traced.slice(0, 1)]
  },
  {
    name: "64 KB copied, 64 in flight, 1 worker",
    load: "copy",
    workers: 1,
    inFlight: 64,
    cores: both,
    variants: ["piscina", "tinypool", "comlink", "raw postMessage", "stock, untraced", "ours", "ours, traced"],
    targets: [bar(0.5, 1), ...traced.slice(0, 1)]
  },
  {
    name: "a typed failure, 64 in flight, 1 worker",
    load: "greet",
    workers: 1,
    inFlight: 64,
    cores: both,
    variants: ["piscina", "piscina, failing", "stock, failing", "ours", "ours, failing", "ours, failing, traced"],
    targets: [
      { variant: "ours, failing", against: "ours", atLeast: 0.3, stretch: 0.5 },
      { variant: "ours, failing, traced", against: "ours, failing", atLeast: 0.5 }
    ]
  },
  streamed(1, 3, 4),
  streamed(16, 2, 3),
  streamed(256, 0.8, 1.2)
]

/** Handlers that compute for a millisecond, by the number of workers. */
export const computing = (workers: number): Measured => ({
  load: "compute",
  workers,
  inFlight: 64,
  cores: ["free"],
  variants: ["piscina", "ours"]
})
