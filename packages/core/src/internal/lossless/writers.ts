/**
 * How declared values are written: by the shapes in a class's schema, without looking
 * at each anew. What is not of its shape, frozen, met before, over a limit or does
 * not let itself be read goes to the encoder, as if there were no plan; the tree is
 * the same either way.
 */
import * as Redaction from "../../Redaction.ts"
import * as Known from "../redaction/known.ts"
import { isProxy } from "./brand.ts"
import * as Cuts from "./cuts.ts"
import type { Encoder } from "./encoder.ts"
import { Forms, type Keyed } from "./forms.ts"
import { type Build, isOften, writeSource } from "./generated.ts"
import { areEntries, areHeaders, nameOfEntry, pairKey } from "./keys.ts"
import * as Own from "./ownProperties.ts"
import type { Settings } from "./settings.ts"
import type { Field, Shape } from "./shapes.ts"
import { isObject, type Node, type Wire } from "./wire.ts"

/** Writes a value of one shape, or any other. */
export type Writer = (encoder: Encoder, value: unknown) => Wire

export type Properties = Readonly<Record<string, unknown>>

/** A declared property. */
export interface Part {
  readonly shape: Shape
  readonly writer: Writer
}

/** How the properties of objects with certain keys are written. */
export interface WriteForm extends Keyed {
  readonly keys: ReadonlyArray<string>
  /** A node for them. */
  blank: () => Node
  /** Throws what a getter throws. */
  write: (encoder: Encoder, node: Node, value: Properties) => void
  uses: number
  /** By which names, and at which state of the known secrets, it was found out whether all keys go as they are. */
  names: Settings["key"] | undefined
  version: number
  isOpen: boolean
  /** Whether one of the keys may name what another one holds. */
  readonly areEntries: boolean
}

const any: Writer = (encoder, value) => encoder.value(value)

const text: Writer = (encoder, value) => (typeof value === "string" ? encoder.text(value) : encoder.value(value))

/** How values of a shape are written. `closed`: within data whose schema says all of it. */
const writerOf = (shape: Shape, closed: boolean, build: Build): Writer => {
  switch (shape.kind) {
    case "text":
      return text
    case "struct":
      return struct(
        writeForms(
          new Map(Array.from(shape.fields, ([name, field]) => [name, partOf(name, field.shape, closed, build)])),
          build
        ),
        closed
      )
    case "list":
      return closed ? list(shape.elements, shape.rest, build) : any
    case "tagged": {
      const cases = new Map(Array.from(shape.cases, ([tag, one]) => [tag, writerOf(one, closed, build)]))
      return (encoder, value) => (cases.get(tagOf(value, shape.key)) ?? any)(encoder, value)
    }
    case "perhaps": {
      const writer = writerOf(shape.object, closed, build)
      return (encoder, value) => (isObject(value) ? writer(encoder, value) : encoder.value(value))
    }
    case "suspended": {
      let writer: Writer | undefined
      return (encoder, value) => (writer ??= writerOf(shape.shape(), closed, build))(encoder, value)
    }
    default:
      return any
  }
}

/** Without running anything of the value's. */
const tagOf = (value: unknown, key: string): unknown =>
  isObject(value) && !isProxy(value) ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined

/** How the fields of a class are written, some of which are declared as plain data. */
export const classParts = (
  fields: ReadonlyMap<string, Field>,
  closed: ReadonlySet<string>,
  build: Build
): ReadonlyMap<string, Part> =>
  new Map(
    Array.from(fields, ([name, { shape }]) => {
      const part = partOf(name, shape, closed.has(name), build)
      return [name, closed.has(name) ? { ...part, writer: closing(part.writer) } : part]
    })
  )

/** Whatever is written there, is written as declared data. */
const closing =
  (writer: Writer): Writer =>
  (encoder, value) => {
    encoder.closed = true
    const wire = writer(encoder, value)
    encoder.closed = false
    return wire
  }

const partOf = (name: string, shape: Shape, closed: boolean, build: Build): Part => {
  const writer = writerOf(shape, closed, build)
  const isCredential = Redaction.isCredentialName(name)
  if (!isCredential && !areHeaders(name)) return { shape, writer }
  // The name decides, whatever is declared.
  return {
    shape: { kind: "other", check: () => true },
    writer: (encoder, value) => (isCredential || isFlat(value) ? encoder.under(name, value) : writer(encoder, value))
  }
}

/** Names and values of headers in turn. */
const isFlat = (value: unknown): boolean => Array.isArray(value) && typeof value[0] === "string"

/** The forms of one place. */
export const writeForms = (parts: ReadonlyMap<string, Part>, build: Build): Forms<WriteForm> =>
  new Forms((keys) => {
    const own = keys.map((key) => parts.get(key))
    const oneByOne: WriteForm["write"] = (encoder, node, value) => {
      for (let at = 0; at < keys.length; at++) {
        if (encoder.bytesLeft < 0) return Cuts.cutLaidOut(node, keys, at)
        const part = own[at]
        if (part === undefined) Own.property(encoder, node, value, keys[at]!)
        else {
          const key = keys[at]!
          const held = value[key]
          encoder.bytesLeft -= key.length
          node[key] = part.writer(encoder, held)
        }
      }
    }
    const form: WriteForm = {
      keys,
      blank: () => ({}),
      write: oneByOne,
      uses: 0,
      names: undefined,
      version: 0,
      isOpen: false,
      areEntries: areEntries(keys)
    }
    if (build === "generated" && isDeclared(own)) {
      form.write = (encoder, node, value) => {
        oneByOne(encoder, node, value)
        if (isOften(++form.uses)) Object.assign(form, writeSource(keys, own) ?? { write: oneByOne })
      }
    }
    return form
  })

const isDeclared = (parts: ReadonlyArray<Part | undefined>): parts is ReadonlyArray<Part> => !parts.includes(undefined)

/** Whether an object's keys go as they are, since none of them holds a secret, and their values by the keys alone. */
export const isOpen = (form: WriteForm, { key }: Settings, value: object): boolean => {
  const version = Known.version()
  if (form.names !== key || form.version !== version) {
    form.names = key
    form.version = version
    form.isOpen = form.keys.every((name) => name === key(name).wire)
  }
  return form.isOpen && !(form.areEntries && isNamed(key, value))
}

/** Whether an object is an entry whose name says what its value is. */
const isNamed = (key: Settings["key"], value: object): boolean => {
  const name = nameOfEntry(value)
  return name !== undefined && key(name).holds !== "anything"
}

const struct =
  (forms: Forms<WriteForm>, closed: boolean): Writer =>
  (encoder, value) => {
    if (!isObject(value) || isProxy(value) || Object.getPrototypeOf(value) !== Object.prototype) {
      return encoder.value(value)
    }
    const at = encoder.find(value)
    if (at !== -1) return encoder.again(at)
    const keys = Object.keys(value)
    if (!encoder.isRoomFor(keys.length) || !Object.isExtensible(value) || !(closed || isBare(value, keys.length))) {
      return encoder.value(value)
    }
    const form = forms.of(keys)
    if (!isOpen(form, encoder.settings, value)) return encoder.value(value)
    const node = form.blank()
    const { bytesLeft, level, nodesLeft } = encoder
    const index = encoder.enter(value, node)
    try {
      form.write(encoder, node, value as Properties)
    } catch {
      return again(encoder, value, index, { bytesLeft, level, nodesLeft })
    }
    encoder.level--
    return node
  }

const isBare = (value: object, keys: number): boolean =>
  Object.getOwnPropertyNames(value).length === keys && Object.getOwnPropertySymbols(value).length === 0

/** A getter that throws, or no call stack: the encoder knows what becomes of it. */
const again = (encoder: Encoder, value: object, index: number, before: State): Wire => {
  encoder.forget(index)
  Object.assign(encoder, before)
  return encoder.value(value)
}

/** What to go back to. */
type State = Pick<Encoder, "bytesLeft" | "nodesLeft" | "level">

const list = (elements: ReadonlyArray<Shape>, rest: Shape | undefined, build: Build): Writer => {
  const writers = elements.map((element) => writerOf(element, true, build))
  const other = rest === undefined ? any : writerOf(rest, true, build)
  return (encoder, value) => {
    if (!Array.isArray(value) || isProxy(value) || Object.getPrototypeOf(value) !== Array.prototype) {
      return encoder.value(value)
    }
    const at = encoder.find(value)
    if (at !== -1) return encoder.again(at)
    const { length } = value
    const pair = pairKey(encoder.settings.key, value)
    if (!encoder.isRoomFor(length) || !Object.isExtensible(value) || pair?.holds === "credential") {
      return encoder.value(value)
    }
    // Most lists are pairs: a list that grows is given room for many.
    const out: Array<Wire> = length === 2 ? [null, null] : []
    const { bytesLeft, level, nodesLeft } = encoder
    const index = encoder.enter(value, out)
    try {
      for (let at = 0; at < length; at++) {
        const element: unknown = value[at]
        if (encoder.bytesLeft < 0 || (element === undefined && !Object.hasOwn(value, at))) {
          return again(encoder, value, index, { bytesLeft, level, nodesLeft })
        }
        encoder.bytesLeft -= 2
        // A text is written as one, whatever was declared; what is known of a name is remembered.
        const wire =
          typeof element === "string"
            ? encoder.text(element, at === 0 && pair?.altered === false)
            : (writers[at] ?? other)(encoder, element)
        // What was written may have put a head before them.
        if (length === 2) out[out.length - 2 + at] = wire
        else out.push(wire)
      }
    } catch {
      return again(encoder, value, index, { bytesLeft, level, nodesLeft })
    }
    encoder.level--
    return out
  }
}
