/**
 * What arrives of a class that this side does not know, and what is remembered of
 * it so that it can be passed on as it came.
 */
import * as Data from "effect/Data"
import { isObject, read } from "./wire.ts"

const TypeId = "~@causeway/core/Lossless/UnknownFailure"

/**
 * A tagged error whose class this side does not know, or whose fields are not what
 * its class declares. Its tag, its fields, its cause and whatever else hung on it
 * are where they were on the original, so that `catchTag` by the sender's tag still
 * matches; encoded again it is the same value as it was.
 */
export class UnknownFailure extends Data.Error<{ readonly _tag: string }> {
  /** The original's own properties under their names. */
  get fields(): Readonly<Record<string, unknown>> {
    const { _tag: _, ...fields } = this as Readonly<Record<string, unknown>>
    return fields
  }
}
Object.defineProperty(UnknownFailure.prototype, TypeId, { value: TypeId })

/** Whether a value is an error of a class that this side does not know. */
export const isUnknownFailure = (u: unknown): u is UnknownFailure =>
  isObject(u) && TypeId in u && typeof read(u, "_tag") === "string"

/** What the sender said of the class. */
export interface Origin {
  readonly class: string | undefined
  readonly name: string | undefined
  readonly kind: string
  /** Names of own properties that were made here and not sent. */
  readonly made: ReadonlySet<string>
  /** Whether the message was one that the class computes. */
  readonly display: string | undefined
  readonly tag: string | undefined
  /** The arguments of its constructor, where something was said of them: by name, or as they were. */
  readonly args: { readonly names?: ReadonlyArray<string>; readonly value?: unknown } | undefined
}

const origins = new WeakMap<object, Origin>()

/** Remembers where an error came from. */
export const remember = (error: object, origin: Origin): void => void origins.set(error, origin)

/** Where an error came from, if it came. */
export const originOf = (error: object): Origin | undefined => origins.get(error)

/** The class of an object that is no error, on the prototype that was made for it. */
export interface Stranger {
  readonly class: string | undefined
  readonly name: string | undefined
}

const strangers = new WeakMap<object, Stranger>()
const prototypes = new Map<object, Map<string, object>>()
const mostPrototypes = 1_024
const longestName = 512

/**
 * A prototype that says a class's name and nothing else: for objects of classes that
 * are not known here, which may derive from a built-in one.
 */
export const prototypeFor = (stranger: Stranger, base: object = Object.prototype): object => {
  const key = JSON.stringify([stranger.class, stranger.name])
  let ofBase = prototypes.get(base)
  if (ofBase === undefined) prototypes.set(base, (ofBase = new Map()))
  const known = ofBase.get(key)
  if (known !== undefined) return known
  const constructor = Object.defineProperty(() => {}, "name", { value: stranger.name ?? stranger.class ?? "" })
  const prototype: object = Object.create(base, {
    constructor: { value: constructor, configurable: true, writable: true, enumerable: false }
  })
  strangers.set(prototype, stranger)
  // A sender that invents names without end, or names without an end, gets prototypes that nobody keeps.
  if (ofBase.size < mostPrototypes && key.length <= longestName) ofBase.set(key, prototype)
  return prototype
}

/** The class that a prototype was made for. */
export const strangerOf = (prototype: object): Stranger | undefined => strangers.get(prototype)
