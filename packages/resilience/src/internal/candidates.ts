/** Which upstreams a call may use, in which order, and which of them is asked first. */
import type { Permit } from "../Breaker.ts"
import { admit, admitLast, type Blocked, type Entry, type Find } from "./entry.ts"
import { label, type Defined, type Registry } from "./registry.ts"
import type { Lists, Settings } from "./settings.ts"

/** An upstream that may be asked now. */
export interface Chosen {
  readonly _tag: "Chosen"
  readonly entry: Entry
  readonly permit: Permit
  /** Those before it, and why they were passed over. */
  readonly passed: ReadonlyArray<string>
  readonly isLastDoor: boolean
}

/** The upstream to ask first, and the lists of the others. */
export interface Candidates {
  readonly first: string | undefined
  readonly lists: Lists
}

/** The candidates of a call. `current`: the upstream that its caller has chosen. */
export const of = (
  registry: Registry,
  settings: Settings,
  current: string | undefined,
  random: () => number
): Candidates => {
  if (registry.defined.size === 0) return { first: current, lists: settings.fallback }
  const order = preferred([...registry.defined.values()], random)
  const first = current ?? order[0]?.name
  if (settings.hasFallback) return { first, lists: settings.fallback }
  const others = order.flatMap(({ name }) => (name === first ? [] : [name]))
  return {
    first,
    lists: { any: others, "larger-context": others, "other-provider": others, "other-credential": others }
  }
}

/** By priority, and by chance as their weights say where that is the same (Efraimidis and Spirakis). */
const preferred = (defined: ReadonlyArray<Defined>, random: () => number): ReadonlyArray<Defined> => {
  const isPlain = defined.every(({ priority }, index) => index === 0 || priority !== defined[index - 1]?.priority)
  if (isPlain) return defined
  const keyed = defined.map((each) => ({ each, key: random() ** (1 / each.weight) }))
  return keyed.toSorted((a, b) => a.each.priority - b.each.priority || b.key - a.key).map(({ each }) => each)
}

/** Nobody can be asked now. */
export interface Nobody {
  readonly _tag: "Nobody"
  readonly blocked: ReadonlyArray<Blocked>
  readonly why: string
  /** When the first of them that only rests serves again, in milliseconds on the epoch. */
  readonly until: number
}

/** The first upstream that may be asked now; the best one where all are down. */
export const choose = ({ first, lists }: Candidates, find: Find, now: number, remainingMs: number): Chosen | Nobody => {
  const entry = find(first)
  const leave = admit(entry, now, remainingMs)
  if (!("_tag" in leave)) return { _tag: "Chosen", entry, permit: leave, passed: [], isLastDoor: false }
  const blocked = [{ entry, leave }]
  const passed = () => blocked.map(({ entry, leave }) => `${label(entry.name)}: ${leave.why}`)
  for (const name of lists.any) {
    if (name === first) continue
    const entry = find(name)
    const leave = admit(entry, now, remainingMs)
    if (!("_tag" in leave)) return { _tag: "Chosen", entry, permit: leave, passed: passed(), isLastDoor: false }
    blocked.push({ entry, leave })
  }
  // Whoever rests will serve, and is worth a wait that leaves time for the answer.
  const until = Math.min(...blocked.map(({ leave }) => (leave.kind === "rest" ? leave.until : Infinity)))
  const open = blocked.find(({ leave }) => leave.kind === "open")
  if (open !== undefined && until - now >= remainingMs / 2) {
    const permit = admitLast(open.entry, now)
    return { _tag: "Chosen", entry: open.entry, permit, passed: passed(), isLastDoor: true }
  }
  return { _tag: "Nobody", blocked: blocked.map(({ leave }) => leave), why: passed().join("; "), until }
}
