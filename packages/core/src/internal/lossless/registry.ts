/**
 * The classes that both sides know: by prototype for the encoder, by id for the
 * decoder. Nothing else ever turns a name from the wire into a constructor.
 */
import * as SchemaAST from "effect/SchemaAST"
import type { Declared } from "./declarations.ts"
import * as Effect from "./effectErrors.ts"
import type { Handler } from "./encoder.ts"
import { InvalidOptions } from "./failures.ts"
import type { AnyClass, AnyClassEntry, ClassEntry } from "./options.ts"
import type { Forms } from "./forms.ts"
import type { Build } from "./generated.ts"
import { type Plan, planOf } from "./plans.ts"
import type { Reading } from "./readings.ts"
import { classesIn, isSchemaClass, validatorOf, type SchemaClass } from "./schemaClasses.ts"
import { type Collect, collectorOf } from "./transfers.ts"
import { isObject, nativeErrors } from "./wire.ts"

/** A class in the registry. */
export interface Entry {
  readonly id: string
  readonly prototype: object
  /** Constructs a native error with the prototype of the class: the class's own constructor is never called. */
  readonly newTarget: (new () => object) | undefined
  /** Whether it keeps the arguments of its constructor, as Effect's errors do. */
  readonly keepsArgs: boolean
  /** The declared fields, in their order; `undefined` for plain classes. */
  readonly fields: ReadonlyArray<string> | undefined
  /** The plan of a Schema class. */
  readonly plan: (build: Build) => Plan | undefined
  /** Whether the declared fields of an instance are what the class says; compiled when it is first needed. */
  readonly isValid: ((instance: object) => boolean) | undefined
  /** Finds the bytes in an instance whose memory may move; `undefined` where none may. */
  readonly movable: () => Collect | undefined
  readonly encode: ((instance: object) => unknown) | undefined
  readonly decode: ((encoded: unknown) => object) | undefined
  /** How nodes of the class are read, by the build of its plan. */
  readonly readings: { [B in Build]?: Forms<Reading> }
}

export interface Registry {
  readonly byPrototype: ReadonlyMap<object, Entry>
  readonly byId: ReadonlyMap<string, Entry>
  /** Types that schemas declare with a codec of their own. */
  readonly declared: ReadonlyArray<Declared>
  /** What was found out about prototypes. */
  readonly handlers: WeakMap<object, Handler>
}

/** What was found in the schemas that a codec is for. */
export interface Found {
  readonly classes: ReadonlyArray<SchemaClass>
  readonly declared: ReadonlyArray<Declared>
}

/** Where there is no schema. */
export const nothing: Found = { classes: [], declared: [] }

type Constructor = abstract new (...args: never) => object

const isEntry = (u: AnyClass): u is AnyClassEntry => typeof u === "object"

/** The id of a class that was registered without one. */
const idOf = (constructor: Constructor): string =>
  isSchemaClass(constructor) ? constructor.identifier : String(constructor.name)

const newTargetOf = (prototype: object): (new () => object) | undefined => {
  if (!(prototype instanceof Error)) return undefined
  const target = function () {} as unknown as new () => object
  target.prototype = prototype
  return target
}

const isErrorOfEffect = (prototype: object): boolean => prototype instanceof Effect.Base

const entryOf = (given: AnyClass): Entry => {
  const constructor: Constructor = isEntry(given) ? given.class : given
  const custom = isEntry(given) ? (given as ClassEntry<object>) : undefined
  const prototype: unknown = typeof constructor === "function" ? constructor.prototype : undefined
  const id = custom?.id ?? (typeof constructor === "function" ? idOf(constructor) : "")
  if (!isObject(prototype))
    throw new InvalidOptions({ option: "classes", message: `${String(constructor)} is no class` })
  if (typeof id !== "string" || id === "") {
    throw new InvalidOptions({ option: "classes", message: "a class without a name needs an id" })
  }
  if ((custom?.encode === undefined) !== (custom?.decode === undefined)) {
    throw new InvalidOptions({
      option: "classes",
      message: `${id} has one of encode and decode: it needs both or neither`
    })
  }
  return {
    id,
    prototype,
    newTarget: newTargetOf(prototype),
    keepsArgs: isErrorOfEffect(prototype),
    fields: isSchemaClass(constructor) ? Object.keys(constructor.fields) : undefined,
    plan: isSchemaClass(constructor) ? (build) => planOf(constructor, build) : () => undefined,
    isValid: isSchemaClass(constructor) ? validatorOf(constructor) : undefined,
    movable: () => (isSchemaClass(constructor) ? collectorOf(SchemaAST.toType(constructor.ast)) : undefined),
    encode: custom?.encode,
    decode: custom?.decode,
    readings: {}
  }
}

/** Effect's own errors are known everywhere. */
const builtIn: ReadonlyArray<Entry> = Effect.classes.map(([id, constructor]) => ({ ...entryOf(constructor), id }))

const isBuiltIn = (prototype: object): boolean => builtIn.some((entry) => entry.prototype === prototype)

/** Makes a registry, together with the Schema classes that the given ones declare in their fields. */
export const make = (given: ReadonlyArray<AnyClass>, found: Found = nothing): Registry => {
  const byPrototype = new Map<object, Entry>()
  const byId = new Map<string, Entry>()
  const add = (entry: Entry): void => {
    byPrototype.set(entry.prototype, entry)
    byId.set(entry.id, entry)
  }
  for (const entry of builtIn) add(entry)
  for (const one of given) {
    const entry = entryOf(one)
    if (isBuiltIn(entry.prototype)) continue
    const other = byId.get(entry.id)
    if (other !== undefined || byPrototype.has(entry.prototype)) {
      throw new InvalidOptions({
        option: "classes",
        message:
          other === undefined || other.prototype === entry.prototype
            ? `the class ${entry.id} is registered twice`
            : `two classes have the id ${entry.id}`
      })
    }
    add(entry)
  }
  for (const one of new Set([...given.filter(isSchemaClass).flatMap(classesIn), ...found.classes])) {
    const id = one.identifier
    const other = byId.get(id)
    if (byPrototype.has(one.prototype)) continue
    if (other !== undefined) throw new InvalidOptions({ option: "classes", message: `two classes have the id ${id}` })
    add(entryOf(one))
  }
  return { byPrototype, byId, declared: found.declared, handlers: new WeakMap() }
}

/** The native kind of error that a prototype derives from, by its nearest native ancestor. */
export const nativeKindOf = (prototype: object | null): string => {
  for (let at = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const own: unknown = Object.getOwnPropertyDescriptor(at, "constructor")?.value
    const name: unknown = typeof own === "function" ? own.name : undefined
    // By name and not by identity, since the error may be of another realm; the name has to be native there too.
    if (typeof name === "string" && nativeErrors.has(name) && isNative(own)) return name
  }
  return "Error"
}

const isNative = (constructor: unknown): boolean => {
  try {
    return Function.prototype.toString.call(constructor).includes("[native code]")
  } catch {
    return false
  }
}
