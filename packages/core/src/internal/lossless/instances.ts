/** Instances of classes that are no errors. */
import type { Decoder } from "./decoder.ts"
import { define, refuse } from "./refusal.ts"
import type { Kind } from "./kinds.ts"
import { mostHoles } from "./lists.ts"
import { readingsOf, type Special } from "./readings.ts"
import { prototypeFor } from "./unknown.ts"
import { isObject, type Node } from "./wire.ts"

const optionalText = (u: unknown): string | undefined =>
  u === undefined || typeof u === "string" ? u : refuse("shape", "a class is named by a text")

/** An instance of a class, made without its constructor; of one that is not known here, under its name. */
export const instance: Kind = {
  make: (decoder, wire) => Object.create(prototypeOf(decoder, wire as Node)),
  fill: (decoder, value, wire) => {
    const node = wire as Node
    const id = optionalText(node["$class"])
    const entry = id === undefined ? undefined : decoder.registry.byId.get(id)
    const plan = entry?.plan(decoder.build)
    const readings = entry && plan && (entry.readings[decoder.build] ??= readingsOf(entry.prototype, plan, special))
    const reading = readings?.of(Object.keys(node))
    if (reading?.isOrdered !== true) decoder.own(value, node)
    else if (decoder.fill(value, node, reading)) return
    const isValid = entry?.isValid
    if (isValid === undefined) return
    decoder.judge(() => {
      if (!isValid(value)) Object.setPrototypeOf(value, prototypeFor({ class: id, name: undefined }))
    })
  }
}

const special: Special = (decoder, target, node, key) => {
  if (key === "$symbols") decoder.symbolKeyed(target, node[key])
  else if (key === "$state") decoder.state(target, node[key])
}

const prototypeOf = (decoder: Decoder, node: Node): object => {
  const id = optionalText(node["$class"])
  const name = optionalText(node["$name"])
  const entry = id === undefined ? undefined : decoder.registry.byId.get(id)
  return entry?.prototype ?? prototypeFor({ class: id, name })
}

/** What a class itself wrote, made by the class again. */
export const custom: Kind = {
  make: (decoder, wire) => {
    const node = wire as Node
    const id = optionalText(node["$class"])
    const { holes } = decoder
    const encoded = decoder.early(node["$value"])
    if (decoder.holes - holes > mostHoles) refuse("shape", "more holes than a class is given to make a value of")
    const { byId, declared } = decoder.registry
    const decode =
      id === undefined ? undefined : (byId.get(id)?.decode ?? declared.find((type) => type.id === id)?.decode)
    if (decode !== undefined) return decodedBy(decode, String(id), encoded)
    // Without the class it is what the class wrote, under the class's name.
    const made: object = Object.create(prototypeFor({ class: id, name: undefined }))
    if (!isObject(encoded) || Array.isArray(encoded)) define(made, "value", encoded, true)
    else for (const key of Object.keys(encoded)) define(made, key, Reflect.get(encoded, key), true)
    return made
  }
}

const decodedBy = (decode: (encoded: unknown) => object, id: string, encoded: unknown): object => {
  try {
    return decode(encoded)
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : "its decode threw"
    return refuse("class", `${id} cannot be made: ${why}`, thrown)
  }
}

/** Gives an object of a built-in kind the prototype of its subclass; of one that is not known here, one with its name. */
export const adopt = (decoder: Decoder, made: object, node: Node): void => {
  const id = optionalText(node["$class"])
  const name = optionalText(node["$name"])
  if (id === undefined && name === undefined) return
  const entry = id === undefined ? undefined : decoder.registry.byId.get(id)
  const native: object = Object.getPrototypeOf(made)
  if (entry === undefined) Object.setPrototypeOf(made, prototypeFor({ class: id, name }, native))
  else if (Object.prototype.isPrototypeOf.call(native, entry.prototype)) Object.setPrototypeOf(made, entry.prototype)
}
