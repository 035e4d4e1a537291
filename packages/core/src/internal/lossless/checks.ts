/**
 * Checks values against the type side of a schema: what `Schema.is` does, without
 * making an issue of what is wrong, and so that a `Redacted`, whose value stayed
 * with its sender, passes as what it is. What is not known here is asked of
 * `Schema.is` itself.
 */
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { representationOf } from "./ast.ts"
import { indicesOf, isMostlyHoles } from "./lists.ts"
import { isObject } from "./wire.ts"

/** Says whether a value is one of a type. */
export type Check = (value: unknown) => boolean

const compiled = new WeakMap<SchemaAST.AST, Check>()

/** The check of a type, compiled once. Takes the type side of a schema. */
export const checkOf = (ast: SchemaAST.AST): Check => {
  let check = compiled.get(ast)
  if (check === undefined) {
    // Found again while it is being made, since types can hold themselves.
    compiled.set(ast, (value) => made(value))
    const made = compile(ast)
    compiled.set(ast, (check = made))
  }
  return check
}

const anything: Check = () => true

const compile = (ast: SchemaAST.AST): Check => {
  const base = baseOf(ast)
  if (base === undefined) return guard(ast)
  if (ast.checks === undefined) return base
  const own = ownCheckOf(ast)
  return (value) => base(value) && own(value)
}

/** The checks that a type adds to what it is without them. */
export const ownCheckOf = (ast: SchemaAST.AST): Check => {
  const filters = ast.checks?.map((check) => filterOf(check, ast)) ?? []
  return (value) => filters.every((filter) => filter(value))
}

const filterOf = (check: SchemaAST.Check<never>, ast: SchemaAST.AST): Check => {
  if (check._tag === "FilterGroup") {
    const all = check.checks.map((one) => filterOf(one, ast))
    return (value) => all.every((one) => one(value))
  }
  if (isFiniteCheck(check)) return Number.isFinite
  const run = check.run as (value: unknown, ast: SchemaAST.AST, options: SchemaAST.ParseOptions) => unknown
  return (value) => {
    if (isMostlyHoles(value)) return false
    try {
      return run(value, ast, {}) === undefined
    } catch {
      return false
    }
  }
}

/** Whether a check is that a number is finite. */
export const isFiniteCheck = (check: SchemaAST.Check<never>): boolean =>
  check._tag === "Filter" && representationOf(check.annotations) === "effect/schema/isFinite"

const baseOf = (ast: SchemaAST.AST): Check | undefined => {
  switch (ast._tag) {
    case "String":
      return (value) => typeof value === "string"
    case "Number":
      return (value) => typeof value === "number"
    case "Boolean":
      return (value) => typeof value === "boolean"
    case "BigInt":
      return (value) => typeof value === "bigint"
    case "Symbol":
      return (value) => typeof value === "symbol"
    case "Null":
      return (value) => value === null
    case "Undefined":
    case "Void":
      return (value) => value === undefined
    case "Unknown":
    case "Any":
      return anything
    case "Literal":
      return (value) => value === ast.literal
    case "Suspend": {
      let inner: Check | undefined
      return (value) => (inner ??= checkOf(ast.thunk()))(value)
    }
    case "Arrays":
      return arrays(ast)
    case "Objects":
      return objects(ast)
    case "Union":
      return union(ast)
    case "Declaration":
      return declaration(ast)
    default:
      return undefined
  }
}

const arrays = ({ elements, rest }: SchemaAST.Arrays): Check | undefined => {
  if (rest.length > 1) return undefined
  const first = elements.map(checkOf)
  const required = elements.filter((element) => !SchemaAST.isOptional(element)).length
  const others = rest[0] === undefined ? undefined : checkOf(rest[0])
  return (value) => {
    if (!Array.isArray(value) || value.length < required) return false
    if (others === undefined && value.length > first.length) return false
    for (let at = 0; at < value.length; at++) {
      const element: unknown = value[at]
      const check = at < first.length ? first[at] : others
      if (check?.(element) === false) return false
      // One hole is as all of them.
      if (element === undefined && at >= first.length && !Object.hasOwn(value, at)) return isRest(value, at, check)
    }
    return true
  }
}

const isRest = (list: ReadonlyArray<unknown>, from: number, check: Check = anything): boolean => {
  for (const at of indicesOf(list, from)) if (!check(list[at])) return false
  return true
}

interface Property {
  readonly name: PropertyKey
  readonly optional: boolean
  readonly check: Check
}

const objects = ({ indexSignatures, propertySignatures }: SchemaAST.Objects): Check | undefined => {
  const [index] = indexSignatures
  if (indexSignatures.length > 1) return undefined
  if (index !== undefined && (index.parameter._tag !== "String" || index.parameter.checks !== undefined))
    return undefined
  if (index === undefined && propertySignatures.length === 0) return undefined
  const properties = propertySignatures.map(({ name, type }): Property => ({
    name,
    optional: SchemaAST.isOptional(type),
    check: checkOf(type)
  }))
  const held = index === undefined ? undefined : checkOf(index.type)
  return (value) => {
    if (!isObject(value) || Array.isArray(value)) return false
    const own = value as Readonly<Record<PropertyKey, unknown>>
    for (const { check, name, optional } of properties) {
      const field = own[name]
      if (field === undefined && optional && !Object.hasOwn(value, name)) continue
      if (!check(field)) return false
    }
    return held === undefined || Object.keys(own).every((name) => held(own[name]))
  }
}

const union = ({ options, types }: SchemaAST.Union): Check | undefined => {
  if (options?.mode === "oneOf") return undefined
  const checks = types.map(checkOf)
  // Values come in runs of one kind, and a union may have many.
  let last = checks[0] ?? anything
  return (value) => {
    if (checks.length > 0 && last(value)) return true
    for (const check of checks) {
      if (check(value)) {
        last = check
        return true
      }
    }
    return false
  }
}

const declaration = (ast: SchemaAST.Declaration): Check | undefined => {
  const [parameter] = ast.typeParameters
  switch (representationOf(ast.annotations)) {
    case "effect/schema/Redacted":
      return Redacted.isRedacted
    case "effect/schema/Option": {
      const check = parameter === undefined ? anything : checkOf(parameter)
      return (value) => Option.isOption(value) && (Option.isNone(value) || check(value.value))
    }
    default:
      return isConstructedBy(ast)
  }
}

/** Instances of a class: its fields are checked with the instance, not with what holds it. */
const isConstructedBy = (ast: SchemaAST.Declaration): Check | undefined => {
  const descriptor: unknown = ast.annotations?.["~constructor"]
  if (typeof descriptor !== "function") return undefined
  const made: unknown = Reflect.apply(descriptor, undefined, [ast.typeParameters])
  const isConstructed: unknown = isObject(made) ? Reflect.get(made, "isConstructed") : undefined
  return typeof isConstructed === "function" ? (isConstructed as Check) : undefined
}

const guard = (ast: SchemaAST.AST): Check => {
  const is = Schema.is(Schema.make<Schema.Top>(ast))
  return (value) => {
    if (isMostlyHoles(value)) return false
    try {
      return is(value)
    } catch {
      return false
    }
  }
}
