/**
 * The plan of a Schema class: how the declared fields of its instances are written
 * and made again, compiled from its schema when the first instance comes.
 */
import * as SchemaAST from "effect/SchemaAST"
import type { Encoder } from "./encoder.ts"
import type { Forms } from "./forms.ts"
import type { Build } from "./generated.ts"
import * as Own from "./ownProperties.ts"
import { readPartsOf, type ReadPart } from "./readers.ts"
import { closedFields, type SchemaClass } from "./schemaClasses.ts"
import { areNamed, type Field, fieldsOf } from "./shapes.ts"
import type { Node } from "./wire.ts"
import { classParts, isOpen, type Properties, writeForms, type WriteForm } from "./writers.ts"

/** What is known of a class by its schema. */
export interface Plan {
  readonly build: Build
  /** Writes the shown properties of an instance. */
  readonly write: (encoder: Encoder, node: Node, value: object, keys: ReadonlyArray<string>) => void
  readonly fields: () => ReadonlyMap<string, Field>
  readonly parts: () => ReadonlyMap<string, ReadPart>
  /** Whether the fields are all that is checked, and not also the instance as a whole. */
  readonly isProven: boolean
}

const plans = { none: new WeakMap(), closures: new WeakMap(), generated: new WeakMap() } satisfies Record<
  Build,
  WeakMap<SchemaClass, Plan | undefined>
>

/** The plan of a class; `undefined` where its fields are not known by name. */
export const planOf = (schemaClass: SchemaClass, build: Build): Plan | undefined => {
  const known: WeakMap<SchemaClass, Plan | undefined> = plans[build]
  if (!known.has(schemaClass)) known.set(schemaClass, compile(schemaClass, build))
  return known.get(schemaClass)
}

const compile = (schemaClass: SchemaClass, build: Build): Plan | undefined => {
  const { ast } = schemaClass
  const struct = ast._tag === "Declaration" ? ast.typeParameters[0] : undefined
  const type = struct && SchemaAST.toType(struct)
  if (type?._tag !== "Objects" || !areNamed(type)) return undefined
  let fields: ReadonlyMap<string, Field> | undefined
  let parts: ReadonlyMap<string, ReadPart> | undefined
  const own = (): ReadonlyMap<string, Field> => (fields ??= fieldsOf(type))
  return {
    build,
    write: writing(own, closedFields(schemaClass), build),
    fields: own,
    parts: () => (build === "none" ? new Map<string, ReadPart>() : (parts ??= readPartsOf(own(), build))),
    isProven: ast.checks === undefined && type.checks === undefined && build !== "none"
  }
}

const writing = (
  fields: () => ReadonlyMap<string, Field>,
  closed: ReadonlySet<string>,
  build: Build
): Plan["write"] => {
  let forms: Forms<WriteForm> | undefined
  let count = 0
  return (encoder, node, value, keys) => {
    const { bytesLeft, level, nodesLeft, settings } = encoder
    // An error that comes once is sooner written as it is than planned.
    const isPlanned =
      build !== "none" && ++count > 1 && !encoder.closed && !encoder.masked && keys.length <= settings.limits.collection
    const form = isPlanned ? (forms ??= writeForms(classParts(fields(), closed, build), build)).of(keys) : undefined
    if (form === undefined || !isOpen(form, settings, value)) return Own.properties(encoder, node, value, keys, closed)
    const from = encoder.seen.length
    try {
      form.write(encoder, node, value as Properties)
    } catch {
      // A getter that throws, or no call stack: the encoder knows what becomes of it.
      encoder.forget(from)
      Object.assign(encoder, { closed: false, bytesLeft, level, nodesLeft })
      for (const key of keys) Reflect.deleteProperty(node, key)
      Own.properties(encoder, node, value, keys, closed)
    }
  }
}
