/**
 * Symbols: those of the language and the shared ones are the same on the other
 * side; a local one arrives as another of the same description, one for one.
 */
import type { Encoder } from "./encoder.ts"
import { knownSymbols, type Node, type Wire } from "./wire.ts"

const names: ReadonlyMap<symbol, string> = new Map(Array.from(knownSymbols, ([name, symbol]) => [symbol, name]))

export const symbolNode = (encoder: Encoder, symbol: symbol): Wire => {
  const known = names.get(symbol)
  if (known !== undefined) return { $: "symbol", $known: known }
  const shared = Symbol.keyFor(symbol)
  if (shared !== undefined) return { $: "symbol", $for: encoder.text(shared) }
  const symbols = (encoder.symbols ??= new Map())
  let id = symbols.get(symbol)
  if (id === undefined) symbols.set(symbol, (id = symbols.size))
  const { description } = symbol
  return description === undefined
    ? { $: "symbol", $n: id }
    : { $: "symbol", $n: id, $description: encoder.text(description) }
}

/** The symbol of a node, or `undefined` if it is none. */
export const symbolOf = (node: Node, locals: Map<number, symbol>): symbol | undefined => {
  const { $description: description, $for: shared, $known: known, $n: id } = node
  if (typeof known === "string") return knownSymbols.get(known)
  if (typeof shared === "string") return Symbol.for(shared)
  if (typeof id !== "number") return undefined
  let local = locals.get(id)
  if (local === undefined) locals.set(id, (local = Symbol(typeof description === "string" ? description : undefined)))
  return local
}
