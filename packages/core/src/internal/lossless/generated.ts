/**
 * The second build of a plan: source text for objects with certain keys, compiled
 * by the engine. It does what the first build's loops do, with every key in its
 * place. The text is made of the names of declared properties only, each as a JSON
 * text; nothing of a value or a wire gets into it.
 */
import * as Cuts from "./cuts.ts"
import type { Decoder } from "./decoder.ts"
import type { ReadPart } from "./readers.ts"
import type { Reading, ReadingScope, Step } from "./readings.ts"
import type { Shape } from "./shapes.ts"
import type { Node } from "./wire.ts"
import type { Part, WriteForm } from "./writers.ts"

/** How plans are built. `none`: there are none, and everything is found out value by value. */
export type Build = "none" | "closures" | "generated"

/** Compiling pays from this use of a form on, and what is used once stays cheap. */
const often = 64

/** Most of all, so that a sender who varies the keys does not make the engine compile without end. */
const most = 2_000
let made = 0

/** Whether a form is to be compiled now. */
export const isOften = (uses: number): boolean => uses === often

let allowed: boolean | undefined

/** Whether source text can be compiled here; a content security policy or a flag of Node may forbid it. Asked once. */
const isAllowed = (): boolean => {
  if (allowed === undefined) {
    try {
      allowed = compile<() => boolean>({}, "() => true")()
    } catch {
      allowed = false
    }
  }
  return allowed
}

const compile = <F>(scope: Readonly<Record<string, unknown>>, source: string): F => {
  const make: unknown = new Function(...Object.keys(scope), `"use strict"; return ${source}`)
  return (make as (...scope: ReadonlyArray<unknown>) => F)(...Object.values(scope))
}

const attempt = <F>(scope: Readonly<Record<string, unknown>>, source: () => string): F | undefined => {
  if (made >= most || !isAllowed()) return undefined
  made++
  try {
    return compile<F>(scope, source())
  } catch {
    return undefined
  }
}

const name = (key: string): string => JSON.stringify(key)

/** The test of a leaf that is written and made as it is. */
const test = ({ kind }: Shape): string | undefined => {
  switch (kind) {
    case "text":
      return `typeof x === "string"`
    case "boolean":
      return `typeof x === "boolean"`
    case "number":
    case "finite":
      return `typeof x === "number" && x - x === 0 && (x !== 0 || 1 / x > 0)`
    default:
      return undefined
  }
}

const writeValue = (shape: Shape, at: number): string => {
  const own = test(shape)
  const other = `parts[${at}].writer(encoder, x)`
  return own === undefined ? other : `${own} ? ${shape.kind === "text" ? "encoder.text(x)" : "x"} : ${other}`
}

/** Lays a node out at once, so that each property has its place when it is written. */
export const writeSource = (
  keys: ReadonlyArray<string>,
  parts: ReadonlyArray<Part>
): Pick<WriteForm, "blank" | "write"> | undefined => {
  const lines = keys.map(
    (key, at) =>
      `if (encoder.bytesLeft < 0) return cut(node, keys, ${at}); ` +
      `x = value[${name(key)}]; encoder.bytesLeft -= ${key.length}; ` +
      `node[${name(key)}] = ${writeValue(parts[at]!.shape, at)}`
  )
  const blank = `() => ({ ${keys.map((key) => `${name(key)}: undefined`).join(", ")} })`
  const write = `(encoder, node, value) => { let x; ${lines.join("\n")} }`
  return attempt({ keys, parts, cut: Cuts.cutLaidOut }, () => `{ blank: ${blank}, write: ${write} }`)
}

const readValue = (shape: Shape, part: string): string => {
  const own = test(shape)
  const other = `${part}.reader(decoder, x)`
  return own === undefined ? other : `${own} ? x : ${other}`
}

/** Makes an object in one go. */
export const readSource = (
  keys: ReadonlyArray<string>,
  parts: ReadonlyArray<ReadPart>
): ((decoder: Decoder, node: Node) => object) | undefined =>
  attempt({ parts }, () => {
    const properties = keys.map(
      (key, at) => `${name(key)}: (x = node[${name(key)}], ${readValue(parts[at]!.shape, `parts[${at}]`)})`
    )
    return `(decoder, node) => { let x; return { ${properties.join(", ")} } }`
  })

/** Sets the properties of an object that is made already, in the order of the keys. */
export const readingSource = (steps: ReadonlyArray<Step>, scope: ReadingScope): Reading["read"] | undefined => {
  const lines = steps.map(({ key, kind, part }, at) => {
    if (kind === "special") {
      const call = `special(decoder, target, node, ${name(key)})`
      return part === undefined ? call : `${call}; check(decoder, target, ${name(key)}, steps[${at}].part)`
    }
    const value = readValue(part!.shape, `steps[${at}].part`)
    const set = kind === "assign" ? `target[${name(key)}] = ${value}` : `define(target, ${name(key)}, ${value}, true)`
    return `x = node[${name(key)}]; ${set}`
  })
  return attempt({ steps, ...scope }, () => `(decoder, target, node) => { let x; ${lines.join("\n")} }`)
}

/** The arguments of a constructor, out of the properties of the same names. */
export const argsSource = (names: ReadonlyArray<string>): ((error: object) => object) | undefined =>
  attempt({}, () => `(error) => ({ ${names.map((key) => `${name(key)}: error[${name(key)}]`).join(", ")} })`)

/** Whether the arguments of a constructor are the properties of the same names. */
export const sameSource = (names: ReadonlyArray<string>): ((args: object, error: object) => boolean) | undefined =>
  attempt({}, () => {
    const tests = names.map((key) => `Object.is(args[${name(key)}], error[${name(key)}])`)
    return `(args, error) => ${["true", ...tests].join(" && ")}`
  })
