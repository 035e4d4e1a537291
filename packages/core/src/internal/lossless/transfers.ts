/**
 * Memory that a thread may be given instead of a copy of it: which schemas allow
 * that, which values of theirs it is, and which wires have some.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { partsOf } from "./ast.ts"
import { checkOf } from "./checks.ts"
import { isObject } from "./wire.ts"

/** What a schema of bytes describes. */
export type Bytes = ArrayBuffer | ArrayBufferView

const annotation = "~@causeway/core/Lossless/transfer"

/** Marks a schema of bytes. */
export const transfer = <S extends Schema.Top & { readonly Type: Bytes }>(schema: S): S["Rebuild"] =>
  schema.annotate({ [annotation]: true })

/** Whether a type itself is marked; a check that came later does not take the mark away. */
export const isMarked = (ast: SchemaAST.AST): boolean =>
  ast.annotations?.[annotation] === true ||
  ast.checks?.some(({ annotations }) => annotations?.[annotation] === true) === true

const marked = new WeakMap<SchemaAST.AST, boolean>()

/** Whether a type is marked, or one that it is made of. */
export const hasMarks = (ast: SchemaAST.AST): boolean => {
  let known = marked.get(ast)
  if (known === undefined) marked.set(ast, (known = findsMark(ast, new Set())))
  return known
}

const findsMark = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  return isMarked(ast) || partsOf(ast).some((part) => findsMark(part, seen))
}

/** Adds the parts of a value that are described by marked types. */
export type Collect = (value: unknown, found: Set<object>) => void

const collectors = new WeakMap<SchemaAST.AST, Collect>()

/** Finds what is marked in the values of a type; `undefined` where there is nothing. Takes the type side of a schema. */
export const collectorOf = (ast: SchemaAST.AST): Collect | undefined => {
  if (!hasMarks(ast)) return undefined
  let collect = collectors.get(ast)
  if (collect === undefined) {
    // Found again while it is being made, since types can hold themselves.
    collectors.set(ast, (value, found) => made(value, found))
    const made = compile(ast)
    collectors.set(ast, (collect = made))
  }
  return collect
}

const compile = (ast: SchemaAST.AST): Collect => {
  if (isMarked(ast)) return (value, found) => void (isObject(value) && found.add(value))
  switch (ast._tag) {
    case "Objects":
      return objects(ast)
    case "Arrays":
      return arrays(ast)
    case "Suspend":
      return (value, found) => collectorOf(ast.thunk())?.(value, found)
    case "Union":
      return oneOf(ast.types)
    case "Declaration":
      return declaration(ast)
    default:
      return () => {}
  }
}

const objects = ({ indexSignatures, propertySignatures }: SchemaAST.Objects): Collect => {
  const fields = propertySignatures.flatMap(({ name, type }) => {
    const collect = collectorOf(type)
    return collect === undefined ? [] : [{ name, collect }]
  })
  const others = oneOf(indexSignatures.map(({ type }) => type))
  return (value, found) => {
    if (!isObject(value)) return
    for (const { collect, name } of fields) collect(Reflect.get(value, name), found)
    if (indexSignatures.length > 0) for (const held of Object.values(value)) others(held, found)
  }
}

const arrays = ({ elements, rest }: SchemaAST.Arrays): Collect => {
  const first = elements.map(collectorOf)
  const others = oneOf(rest)
  return (value, found) => {
    if (!Array.isArray(value)) return
    for (let at = 0; at < value.length; at++) {
      if (at < first.length) first[at]?.(value[at], found)
      else others(value[at], found)
    }
  }
}

/** By the first of some types that a value is of. */
const oneOf = (types: ReadonlyArray<SchemaAST.AST>): Collect => {
  const members = types.map((type) => ({ is: checkOf(type), collect: collectorOf(type) }))
  return (value, found) => members.find(({ is }) => is(value))?.collect?.(value, found)
}

/** An instance of a class has the fields itself; everything else that is declared holds values of its parameters. */
const declaration = (ast: SchemaAST.Declaration): Collect => {
  const [parameter] = ast.typeParameters
  if (ast.annotations?.["~constructor"] !== undefined && parameter !== undefined) return compile(parameter)
  const parts = oneOf(ast.typeParameters)
  return (value, found) => {
    for (const part of heldBy(value)) parts(part, found)
  }
}

const heldBy = (value: unknown): Iterable<unknown> => {
  if (Option.isOption(value)) return Option.toArray(value)
  if (Result.isResult(value)) return [Result.merge(value)]
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  return isIterable(value) ? Array.from(value).flatMap((held) => (Array.isArray(held) ? [held, ...held] : [held])) : []
}

const isIterable = (u: unknown): u is Iterable<unknown> => isObject(u) && Symbol.iterator in u

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
  const buffers = isObject(part) ? lists.get(part) : undefined
  if (buffers !== undefined) lists.set(message, buffers)
  return message
}

/** What a wire may hand over. */
export const transferables = (wire: unknown): ReadonlyArray<ArrayBuffer> =>
  isObject(wire) ? (lists.get(wire) ?? none) : none
