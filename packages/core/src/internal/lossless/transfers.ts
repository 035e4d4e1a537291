/**
 * Memory that a thread may be given instead of a copy of it: which schemas allow
 * that, which values of theirs it is, and which wires have some.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { partsOf } from "./ast.ts"
import { isProxy } from "./brand.ts"
import { checkOf } from "./checks.ts"
import { indicesOf } from "./lists.ts"
import { isObject, read } from "./wire.ts"

/** What a schema of bytes describes. */
export type Bytes = ArrayBuffer | ArrayBufferView

const annotation = "~@causeway/core/Lossless/transfer"

/** Whether any schema was marked: until then nobody has to look for marks. */
let isUsed = false

/** Marks a schema of bytes. */
export const transfer = <S extends Schema.Top & { readonly Type: Bytes }>(schema: S): S["Rebuild"] => {
  isUsed = true
  return schema.annotate({ [annotation]: true })
}

/** Whether a type itself is marked; a check that came later does not take the mark away. */
export const isMarked = (ast: SchemaAST.AST): boolean =>
  ast.annotations?.[annotation] === true ||
  ast.checks?.some(({ annotations }) => annotations?.[annotation] === true) === true

const marked = new WeakMap<SchemaAST.AST, boolean>()

/** Whether a type is marked, or one that it is made of. */
export const hasMarks = (ast: SchemaAST.AST): boolean => {
  if (!isUsed) return false
  let known = marked.get(ast)
  if (known === undefined) marked.set(ast, (known = findsMark(ast, new Set())))
  return known
}

const findsMark = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  return isMarked(ast) || partsOf(ast).some((part) => findsMark(part, seen))
}

/** Adds the parts of a value that are described by marked types. Runs nothing of a proxy's, and never throws. */
export type Collect = (value: unknown, found: Set<object>) => void

const collectors = new WeakMap<SchemaAST.AST, Collect>()

/** Finds what is marked in the values of a type; `undefined` where there is nothing. Takes the type side of a schema. */
export const collectorOf = (ast: SchemaAST.AST): Collect | undefined => {
  if (!hasMarks(ast)) return undefined
  let collect = collectors.get(ast)
  if (collect === undefined) {
    // Found again while it is being made, since types can hold themselves.
    collectors.set(ast, (value, found) => made(value, found))
    const made = guarded(compile(ast))
    collectors.set(ast, (collect = made))
  }
  return collect
}

/** Adds the parts of an object that is no proxy. May throw what the object throws. */
type Search = (value: object, found: Set<object>) => void

const guarded =
  (search: Search): Collect =>
  (value, found) => {
    if (!isObject(value) || isProxy(value)) return
    try {
      search(value, found)
    } catch {
      // What cannot be read does not move: whoever writes it says what became of it.
    }
  }

const compile = (ast: SchemaAST.AST): Search => {
  if (isMarked(ast)) return (value, found) => void found.add(value)
  switch (ast._tag) {
    case "Objects":
      return objects(ast)
    case "Arrays":
      return arrays(ast)
    case "Suspend":
      return (value, found) => collectorOf(ast.thunk())?.(value, found)
    case "Union":
      return union(ast)
    case "Declaration":
      return declaration(ast)
    default:
      return () => {}
  }
}

/** A part of a value. What cannot be read does not move, and does not keep others from it. */
const readable = (value: object, key: PropertyKey): unknown => {
  try {
    return read(value, key)
  } catch {
    return undefined
  }
}

/** A declared property is what its own type says, and any other what those of its name say. */
const objects = ({ indexSignatures, propertySignatures }: SchemaAST.Objects): Search => {
  const fields = propertySignatures.map(({ name, type }) => ({ name, collect: collectorOf(type) }))
  const declared = new Set(fields.map(({ name }) => name))
  const others = indexSignatures.map(({ parameter, type }) => ({ is: checkOf(parameter), collect: collectorOf(type) }))
  return (value, found) => {
    for (const { collect, name } of fields) collect?.(readable(value, name), found)
    if (others.length === 0) return
    for (const key of Object.keys(value)) {
      if (declared.has(key)) continue
      for (const { collect, is } of others) if (collect !== undefined && is(key)) collect(readable(value, key), found)
    }
  }
}

/** The first of the rest is any number of elements, and the others are the last ones. */
const arrays = ({ elements, rest }: SchemaAST.Arrays): Search => {
  const first = elements.map(collectorOf)
  const [others, ...last] = rest.map(collectorOf)
  return (value, found) => {
    if (!Array.isArray(value)) return
    const end = value.length - last.length
    for (const at of indicesOf(value, 0)) {
      const collect = at < first.length ? first[at] : at < end ? others : last[at - end]
      collect?.(readable(value, at), found)
    }
  }
}

/** By the first type that a value is of. */
const union = ({ types }: SchemaAST.Union): Search => {
  const members = types.map((type) => ({ is: checkOf(type), collect: collectorOf(type) }))
  return (value, found) => members.find(({ is }) => is(value))?.collect?.(value, found)
}

/** An instance of a class has the fields itself; everything else that is declared holds values of its parameters. */
const declaration = ({ annotations, typeParameters }: SchemaAST.Declaration): Search => {
  const parts = typeParameters.map(collectorOf)
  if (annotations?.["~constructor"] !== undefined) return (value, found) => parts[0]?.(value, found)
  return (value, found) => {
    const held = heldBy(value, parts.length)
    for (const [at, collect] of parts.entries()) {
      if (collect !== undefined) for (const part of held[at] ?? []) collect(part, found)
    }
  }
}

/** What something declared holds, by its parameters; nothing of what is not known to have as many. */
const heldBy = (value: object, parts: number): ReadonlyArray<Iterable<unknown>> => {
  if (Option.isOption(value)) return [Option.toArray(value)]
  if (Result.isResult(value)) return [Result.getSuccess(value), Result.getFailure(value)].map(Option.toArray)
  if (value instanceof Map) return [value.keys(), value.values()]
  if (HashMap.isHashMap(value)) return [HashMap.keys(value), HashMap.values(value)]
  return parts === 1 && isIterable(value) ? [value] : []
}

const isIterable = (value: object): value is Iterable<unknown> => Symbol.iterator in value

/** Whether memory was transferred away, so that nothing of it is left here. */
export const isGone = (bytes: object): boolean => {
  const buffer: unknown = ArrayBuffer.isView(bytes) ? bytes.buffer : bytes
  return buffer instanceof ArrayBuffer && buffer.detached
}

const lists = new WeakMap<object, ReadonlyArray<ArrayBuffer>>()
const none: ReadonlyArray<ArrayBuffer> = []

/** Remembers what a wire may hand over. */
export const remember = (wire: object, buffers: Iterable<ArrayBuffer>): void => void lists.set(wire, [...buffers])

/** Remembers that a message hands over what a part of it does. */
export const passOn = <A extends object>(part: unknown, message: A): A => {
  const buffers = isUsed && isObject(part) ? lists.get(part) : undefined
  if (buffers !== undefined) lists.set(message, buffers)
  return message
}

/** What a wire may hand over. */
export const transferables = (wire: unknown): ReadonlyArray<ArrayBuffer> =>
  isObject(wire) ? (lists.get(wire) ?? none) : none
