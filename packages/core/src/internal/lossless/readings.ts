/**
 * How the keys of a node become properties of an error or an instance that is made
 * already: found out once for each list of keys.
 */
import type { Decoder } from "./decoder.ts"
import { Forms, type Keyed } from "./forms.ts"
import { argsSource, isOften, readingSource } from "./generated.ts"
import type { Plan } from "./plans.ts"
import { isComplete, type ReadPart } from "./readers.ts"
import { define } from "./refusal.ts"
import { hiddenNames, type Node, read, unescapeKey } from "./wire.ts"

/** Sets what a key of ours says about an object. */
export type Special = (decoder: Decoder, target: object, node: Node, key: string) => void

/** What becomes of one key. */
export interface Step {
  readonly key: string
  /** A property that can be assigned, one that has to be defined, one whose name was escaped, or a key of ours. */
  readonly kind: "assign" | "define" | "escaped" | "special"
  /** The declared property, also of a key of ours that stands for one. */
  readonly part: ReadPart | undefined
}

/** What generated source calls. */
export type ReadingScope = Readonly<Record<"special" | "check" | "define", unknown>>

/** How nodes with certain keys are read. */
export interface Reading extends Keyed {
  read: (decoder: Decoder, target: object, node: Node) => void
  uses: number
  /** Whether the properties are made in the order of the keys: names that look like numbers come first, and hidden ones last. */
  readonly isOrdered: boolean
  /** Whether the declared properties are all there, so that they alone decide whether the instance is one of its class. */
  readonly isComplete: boolean
  /** The declared properties that are there, in the order of the class, where they are known by name. */
  readonly declared: ReadonlyArray<string> | undefined
  /** The declared properties that are there, as the arguments of the constructor. */
  args: (target: object) => object
}

const wireNames: ReadonlyMap<string, string> = new Map(Array.from(hiddenNames, ([name, wire]) => [wire, name]))

/** The property that a key stands for; most keys of ours stand for none. */
const nameOf = (key: string): string | undefined => wireNames.get(key) ?? unescapeKey(key)

/** The readings for objects of one prototype, with the plan of its class. */
export const readingsOf = (prototype: object, plan: Plan | undefined, special: Special): Forms<Reading> =>
  new Forms((keys) => {
    const steps = keys.filter((key) => !isSilent(key)).map((key) => stepOf(key, prototype, plan))
    const names = new Set(keys.flatMap((key) => nameOf(key) ?? []))
    const declared = plan === undefined ? [] : [...plan.fields().keys()].filter((name) => names.has(name))
    const reading: Reading = {
      keys,
      read: (decoder, target, node) => {
        for (const step of steps) take(decoder, target, node, step, special)
      },
      uses: 0,
      isOrdered: keys[0]?.charCodeAt(0) === 0x24 && !keys.includes("$hidden"),
      isComplete: plan?.isProven === true && isComplete(plan.fields(), names, prototype),
      declared: plan && declared,
      args: (target) => pick(target, declared)
    }
    // Source text is made of declared names only.
    if (
      plan?.build === "generated" &&
      steps.every(({ kind, part }) => kind === "special" || (part !== undefined && kind !== "escaped"))
    ) {
      const { read } = reading
      reading.read = (decoder, target, node) => {
        if (isOften(++reading.uses)) {
          reading.read = readingSource(steps, { special, check, define }) ?? read
          reading.args = argsSource(declared) ?? reading.args
        }
        read(decoder, target, node)
      }
    }
    return reading
  })

const pick = (target: object, names: ReadonlyArray<string>): object => {
  const picked: Record<string, unknown> = {}
  for (const name of names) picked[name] = read(target, name)
  return picked
}

/** The keys of ours that say what to do when an object is filled. */
const speaking: ReadonlySet<string> = new Set([
  "$message",
  "$stack",
  "$cause",
  "$errors",
  "$error",
  "$suppressed",
  "$symbols",
  "$state"
])

const isSilent = (key: string): boolean =>
  key.charCodeAt(0) === 0x24 && key.charCodeAt(1) !== 0x24 && !speaking.has(key)

const stepOf = (key: string, prototype: object, plan: Plan | undefined): Step => {
  const name = nameOf(key)
  const part = name === undefined ? undefined : plan?.parts().get(name)
  if (key.charCodeAt(0) === 0x24) return { key, part, kind: key.charCodeAt(1) === 0x24 ? "escaped" : "special" }
  // What is inherited decides what assigning does; and a native constructor has made some properties already.
  return { key, part, kind: key in prototype || hiddenNames.has(key) || key === "stack" ? "define" : "assign" }
}

const take = (decoder: Decoder, target: object, node: Node, { key, kind, part }: Step, special: Special): void => {
  if (kind === "special") {
    special(decoder, target, node, key)
    if (part !== undefined) check(decoder, target, key, part)
    return
  }
  const held = node[key]
  const value = part === undefined ? decoder.value(held) : part.reader(decoder, held)
  if (kind === "assign") (target as Record<string, unknown>)[key] = value
  else define(target, kind === "escaped" ? key.slice(2) : key, value, true)
}

/** A declared property under a name of ours, once it is there. */
const check = (decoder: Decoder, target: object, key: string, { shape }: ReadPart): void => {
  const value: unknown = Reflect.get(target, wireNames.get(key)!)
  const isOne = shape.kind === "text" ? typeof value === "string" : shape.kind === "other" && shape.check(value)
  if (!isOne) decoder.unsure = true
}
