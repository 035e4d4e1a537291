/** All variants, by the names of the tables. */
import type { Caller, Options } from "./caller.ts"
import { openPool, type PoolOptions } from "./pool.ts"
import { openChecked, openComlink, openPiscina, openRaw, openTinypool } from "./rivals.ts"
import { openStock } from "./stock.ts"

const pool =
  (how: Pick<PoolOptions, "coalescing" | "tracing">) =>
  (options: Options): Promise<Caller> =>
    openPool({ ...options, ...how })

export const variants = {
  piscina: openPiscina,
  "piscina, same schemas": openChecked,
  tinypool: openTinypool,
  comlink: openComlink,
  "raw postMessage": openRaw,
  stock: (options: Options) => openStock({ ...options, tracing: true }),
  "stock, untraced": (options: Options) => openStock({ ...options, tracing: false }),
  ours: pool({ coalescing: true, tracing: "off" }),
  "ours, not coalesced": pool({ coalescing: false, tracing: "off" }),
  "ours, traced": pool({ coalescing: true, tracing: "traced" }),
  "ours, recorded": pool({ coalescing: true, tracing: "recorded" }),
  "ours, failing": (options: Options) => openPool({ ...options, load: "refuse", coalescing: true, tracing: "off" }),
  "ours, failing, traced": (options: Options) =>
    openPool({ ...options, load: "refuse", coalescing: true, tracing: "traced" }),
  "piscina, failing": (options: Options) => openPiscina({ ...options, load: "refuse" }),
  "stock, failing": (options: Options) => openStock({ ...options, load: "refuse", tracing: false })
} satisfies Readonly<Record<string, (options: Options) => Promise<Caller>>>

export type Variant = keyof typeof variants
