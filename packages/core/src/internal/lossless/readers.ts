/**
 * How declared values are made again: by the shapes in a class's schema, and checked
 * at the same time. What is not of its shape goes to the decoder, as if there were no
 * plan, and makes the decoder unsure of the instance: it is then checked as a whole.
 */
import type { Check } from "./checks.ts"
import type { Decoder } from "./decoder.ts"
import { Forms, type Keyed } from "./forms.ts"
import { type Build, isOften, readSource } from "./generated.ts"
import type { Field, Shape } from "./shapes.ts"
import { dense } from "./refusal.ts"
import { isHead, isObject, type Node, type Wire } from "./wire.ts"

/** Makes a value of one shape, or any other. */
export type Reader = (decoder: Decoder, wire: Wire) => unknown

/** A declared property. */
export interface ReadPart {
  readonly shape: Shape
  readonly reader: Reader
}

const unsure: Reader = (decoder, wire) => {
  decoder.unsure = true
  return decoder.value(wire)
}

const checked =
  (check: Check): Reader =>
  (decoder, wire) => {
    const value = decoder.value(wire)
    if (!decoder.unsure && !check(value)) decoder.unsure = true
    return value
  }

const leaves = {
  text: checked((value) => typeof value === "string"),
  number: checked((value) => typeof value === "number"),
  finite: checked(Number.isFinite),
  boolean: checked((value) => typeof value === "boolean")
} as const

/** How values of a shape are made. */
const readerOf = (shape: Shape, build: Build): Reader => {
  switch (shape.kind) {
    case "struct":
      return shape.isProven ? struct(shape.fields, build) : unsure
    case "list":
      return list(shape.elements, shape.rest, build)
    case "tagged": {
      const cases = new Map(Array.from(shape.cases, ([tag, one]) => [tag, readerOf(one, build)]))
      return (decoder, wire) =>
        ((isObject(wire) ? cases.get((wire as Node)[shape.key]) : undefined) ?? unsure)(decoder, wire)
    }
    case "perhaps": {
      const reader = readerOf(shape.object, build)
      const leaf = checked(shape.leaf)
      return (decoder, wire) => (isObject(wire) && !("$" in wire) ? reader : leaf)(decoder, wire)
    }
    case "suspended": {
      let reader: Reader | undefined
      return (decoder, wire) => (reader ??= readerOf(shape.shape(), build))(decoder, wire)
    }
    case "other":
      return checked(shape.check)
    default:
      return leaves[shape.kind]
  }
}

/** How declared properties are made. */
export const readPartsOf = (fields: ReadonlyMap<string, Field>, build: Build): ReadonlyMap<string, ReadPart> =>
  new Map(Array.from(fields, ([name, { shape }]) => [name, { shape, reader: readerOf(shape, build) }]))

/** Whether what these names leave out may be left out: in the place of an optional one stands what is inherited. */
export const isComplete = (
  fields: ReadonlyMap<string, Field>,
  names: ReadonlySet<string>,
  prototype: object
): boolean =>
  Array.from(fields).every(([name, { isOptional }]) => names.has(name) || (isOptional && !(name in prototype)))

/** How nodes with certain keys become objects; without `read` as the decoder does. */
interface ReadForm extends Keyed {
  read: ((decoder: Decoder, node: Node) => object) | undefined
  uses: number
}

const struct = (fields: ReadonlyMap<string, Field>, build: Build): Reader => {
  const parts = readPartsOf(fields, build)
  const forms = new Forms((keys): ReadForm => {
    const own = keys.flatMap((key) => parts.get(key) ?? [])
    // What is inherited under a name decides what setting it does.
    const isPlain = own.length === keys.length && !keys.some((key) => key.startsWith("$") || key in Object.prototype)
    if (!isPlain || !isComplete(fields, new Set(keys), Object.prototype)) return { keys, uses: 0, read: undefined }
    const oneByOne = (decoder: Decoder, node: Node): object => {
      const made: Record<string, unknown> = {}
      for (let at = 0; at < keys.length; at++) {
        const key = keys[at]!
        made[key] = own[at]!.reader(decoder, node[key])
      }
      return made
    }
    const form: ReadForm = { keys, uses: 0, read: oneByOne }
    if (build === "generated") {
      form.read = (decoder, node) => {
        if (isOften(++form.uses)) form.read = readSource(keys, own) ?? oneByOne
        return oneByOne(decoder, node)
      }
    }
    return form
  })
  return (decoder, wire) => {
    if (!isObject(wire) || Object.getPrototypeOf(wire) !== Object.prototype) return unsure(decoder, wire)
    const read = forms.of(Object.keys(wire)).read
    if (read === undefined) return unsure(decoder, wire)
    decoder.enter()
    const made = read(decoder, wire as Node)
    decoder.level--
    return made
  }
}

const list = (elements: ReadonlyArray<Shape>, rest: Shape | undefined, build: Build): Reader => {
  const readers = elements.map((element) => readerOf(element, build))
  const other = rest === undefined ? unsure : readerOf(rest, build)
  const texts = elements.map(({ kind }) => kind === "text")
  const isText = rest?.kind === "text"
  return (decoder, wire) => {
    if (!Array.isArray(wire) || wire.length < readers.length || isHead(wire[0])) return unsure(decoder, wire)
    decoder.enter()
    const made: Array<unknown> = dense(wire).slice()
    for (let at = 0; at < made.length; at++) {
      const element: unknown = made[at]
      const isOwn = typeof element === "string" && (texts[at] ?? isText)
      if (!isOwn) made[at] = (readers[at] ?? other)(decoder, element)
    }
    decoder.level--
    return made
  }
}
