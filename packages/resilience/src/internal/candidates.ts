/** Which upstreams a call may use, in which order, and which of them is asked first. */
import { admit, admitLast, type Asking, type Blocked, type Leave } from "./admission.ts"
import type { Entry, Find } from "./entry.ts"
import { type Defined, label, type Registry } from "./registry.ts"
import type { Lists, Settings } from "./settings.ts"

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
  const order = preferred(registry, random)
  const first = current ?? order[0]?.name
  if (settings.hasFallback) return { first, lists: settings.fallback }
  const others = order.flatMap(({ name }) => (name === first ? [] : [name]))
  return {
    first,
    lists: { any: others, "larger-context": others, "other-provider": others, "other-credential": others }
  }
}

/** By priority, and by chance as their weights say where that is the same (Efraimidis and Spirakis). */
const preferred = ({ defined, hasTies }: Registry, random: () => number): ReadonlyArray<Defined> => {
  const all = [...defined.values()]
  if (!hasTies) return all
  return all
    .map((each) => ({ each, key: random() ** (1 / each.weight) }))
    .toSorted((a, b) => a.each.priority - b.each.priority || b.key - a.key)
    .map(({ each }) => each)
}

/** An upstream that may be asked now. */
export interface Chosen {
  readonly _tag: "Chosen"
  readonly entry: Entry
  readonly leave: Leave
  /** Those before it, and why they were passed over. */
  readonly passed: ReadonlyArray<string>
  readonly isLastDoor: boolean
}

/** Nobody can be asked now. */
export interface Nobody {
  readonly _tag: "Nobody"
  readonly blocked: ReadonlyArray<{ readonly entry: Entry; readonly refusal: Blocked }>
  readonly why: string
}

/** The first upstream that may be asked now; the best one where all are down. */
export const choose = (
  { first, lists }: Candidates,
  find: Find,
  asking: Asking,
  restsUntil: number
): Chosen | Nobody => {
  const blocked: Array<{ readonly entry: Entry; readonly refusal: Blocked }> = []
  const consider = (name: string | undefined): Chosen | undefined => {
    const entry = find(name)
    const leave = admit(entry, asking)
    if (leave._tag === "Leave") return { _tag: "Chosen", entry, leave, passed: passedOf(blocked), isLastDoor: false }
    blocked.push({ entry, refusal: leave })
    return undefined
  }
  const preferred = consider(first)
  if (preferred !== undefined) return preferred
  for (const name of lists.any) {
    const other = name === first ? undefined : consider(name)
    if (other !== undefined) return other
  }
  // Whoever rests will serve, and is worth a wait that leaves time for the answer; so is a place.
  const isWorthWaiting = blocked.some(
    ({ refusal }) =>
      refusal.kind === "busy" ||
      (refusal.kind === "rest" && refusal.until <= restsUntil && refusal.until - asking.now < asking.remainingMs / 2)
  )
  const open = isWorthWaiting ? undefined : blocked.find(({ refusal }) => refusal.kind === "open")
  if (open === undefined) return { _tag: "Nobody", blocked, why: passedOf(blocked).join("; ") }
  const leave = admitLast(open.entry, asking.now)
  return { _tag: "Chosen", entry: open.entry, leave, passed: passedOf(blocked), isLastDoor: true }
}

const passedOf = (blocked: Nobody["blocked"]): ReadonlyArray<string> =>
  blocked.map(({ entry, refusal }) => `${label(entry.name)}: ${refusal.why}`)
