/** Which upstreams a call may use, in which order, and which of them is asked first. */
import { admit, type Asking, type Blocked, type Leave } from "./admission.ts"
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

/** An upstream that may not be asked now. */
export interface Refused {
  readonly entry: Entry
  readonly refusal: Blocked
}

/** Nobody can be asked now. */
export interface Nobody {
  readonly _tag: "Nobody"
  readonly blocked: ReadonlyArray<Refused>
  readonly passed: ReadonlyArray<string>
  readonly why: string
  /** Who is asked all the same, since the others are no better, and none of them is worth a wait. */
  readonly lastDoor: Entry | undefined
}

/**
 * The first upstream that may be asked now, else the best one of those that are down. `canWaitFor`:
 * whether a wait for one that rests or is full leaves enough time.
 */
export const choose = (
  { first, lists }: Candidates,
  find: Find,
  asking: Asking,
  canWaitFor: (refused: Refused) => boolean
): Chosen | Nobody => {
  const blocked: Array<Refused> = []
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
    (refused) => canWaitFor(refused) && refused.refusal.until - asking.now < asking.remainingMs / 2
  )
  const open = isWorthWaiting ? undefined : blocked.find(({ refusal }) => refusal.kind === "open")
  const passed = passedOf(blocked)
  return { _tag: "Nobody", blocked, passed, why: passed.join("; "), lastDoor: open?.entry }
}

const passedOf = (blocked: Nobody["blocked"]): ReadonlyArray<string> =>
  blocked.map(({ entry, refusal }) => `${label(entry.name)}: ${refusal.why}`)
