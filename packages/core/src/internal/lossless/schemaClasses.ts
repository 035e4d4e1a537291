/**
 * What a schema says about the values that it describes: the classes in it, and
 * how to check the declared fields of an instance.
 */
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { partsOf } from "./ast.ts"
import { type Check, checkOf, ownCheckOf } from "./checks.ts"
import { setStackLimit } from "./stacks.ts"
import { isObject } from "./wire.ts"

/** A class made by `Schema.Class`, `Schema.Error` or `Schema.TaggedError`. */
export interface SchemaClass extends Schema.Top {
  new (...args: never): object
  readonly prototype: object
  readonly identifier: string
  readonly fields: Schema.Struct.Fields
}

/** Whether something is a class made by `Schema.Class`, `Schema.Error` or `Schema.TaggedError`. */
export const isSchemaClass = (u: unknown): u is SchemaClass =>
  typeof u === "function" &&
  Schema.isSchema(u) &&
  "identifier" in u &&
  typeof u.identifier === "string" &&
  "fields" in u &&
  isObject(u.prototype)

/** Every class in a schema, itself included, in the order in which they are met. */
export const classesIn = (schema: Schema.Top): ReadonlyArray<SchemaClass> => {
  let known = classes.get(schema)
  if (known === undefined) {
    const found = new Map<string, SchemaClass>()
    throughParts(schema, found, new Set())
    throughTree(schema.ast, found, new Set())
    classes.set(schema, (known = [...found.values()]))
  }
  return known
}

const classes = new WeakMap<Schema.Top, ReadonlyArray<SchemaClass>>()

/** By the parts that a schema exposes, which are the classes themselves. */
const throughParts = (part: unknown, found: Map<string, SchemaClass>, seen: Set<unknown>): void => {
  if (seen.has(part)) return
  seen.add(part)
  if (Array.isArray(part)) {
    for (const element of part) throughParts(element, found, seen)
  } else if (Schema.isSchema(part)) {
    if (!mayHoldClass(part.ast)) return
    if (isSchemaClass(part)) {
      if (!found.has(part.identifier)) found.set(part.identifier, part)
      throughParts(Object.values(part.fields), found, seen)
    }
    for (const key of parts) if (Object.hasOwn(part, key)) throughParts(Reflect.get(part, key), found, seen)
  } else if (isObject(part)) throughParts(Object.values(part), found, seen)
}

const holding = new WeakMap<SchemaAST.AST, boolean>()

/** Whether a class may be in the values of a type. Most types have none; of a suspended one it is not asked. */
const mayHoldClass = (ast: SchemaAST.AST): boolean => {
  let holds = holding.get(ast)
  if (holds === undefined) {
    holds = ast._tag === "Suspend" || isClassOf(ast) || partsOf(ast).some(mayHoldClass)
    holding.set(ast, holds)
  }
  return holds
}

const isClassOf = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Declaration" && ast.annotations?.["~constructor"] !== undefined

const parts = [
  "fields",
  "members",
  "schema",
  "value",
  "key",
  "elements",
  "rest",
  "from",
  "to",
  "error",
  "defect",
  "success",
  "failure"
] as const

/** By the schema's tree, which also leads through suspended and annotated schemas, and names no class but makes instances. */
const throughTree = (ast: SchemaAST.AST, found: Map<string, SchemaClass>, seen: Set<SchemaAST.AST>): void => {
  if (seen.has(ast)) return
  seen.add(ast)
  const recur = (child: SchemaAST.AST): void => throughTree(child, found, seen)
  if (ast._tag === "Declaration") {
    const identifier: unknown = ast.annotations?.["identifier"]
    if (typeof identifier === "string" && !found.has(identifier)) {
      const made = constructorOf(ast)
      if (isSchemaClass(made) && made.identifier === identifier) {
        found.set(identifier, made)
        for (const field of Object.values(made.fields)) recur(field.ast)
      }
    }
  }
  for (const part of partsOf(ast)) recur(part)
}

/** The class of a declaration, seen on an instance without fields; `undefined` where that cannot be made. */
const constructorOf = (ast: SchemaAST.Declaration): unknown => {
  const toCodec: unknown = ast.annotations?.["toCodec"]
  if (typeof toCodec !== "function" || ast.annotations?.["~constructor"] === undefined) return undefined
  const limit = Error.stackTraceLimit
  try {
    setStackLimit(0)
    const link: SchemaAST.Link = toCodec(ast.typeParameters.map((parameter) => Schema.make<Schema.Top>(parameter)))
    const { decode } = link.transformation
    const instance: unknown =
      typeof decode !== "function" && decode._tag === "Transform" ? decode.transform({}) : undefined
    return isObject(instance) ? Reflect.get(instance, "constructor") : undefined
  } catch {
    return undefined
  } finally {
    setStackLimit(limit)
  }
}

/** Checks the declared fields of an instance; compiled when it is first called. */
export const validatorOf = ({ ast }: SchemaClass): ((instance: object) => boolean) => {
  let check: Check | undefined
  return (instance) => (check ??= compile(ast))(instance)
}

/** The type side of a class's fields, with the checks on all of them together and on the class. */
const compile = (ast: SchemaAST.AST): Check => {
  const struct = ast._tag === "Declaration" ? ast.typeParameters[0] : undefined
  const fields = struct && checkOf(SchemaAST.toType(struct))
  const own = ownCheckOf(ast)
  return (instance) => fields?.(instance) !== false && own(instance)
}

/**
 * The fields of a class that hold nothing but data of a closed form: structs, lists
 * and values without parts. What they hold is what the schema says; hidden and
 * symbol-keyed properties are not looked for in them.
 */
export const closedFields = ({ fields }: SchemaClass): ReadonlySet<string> =>
  new Set(Object.keys(fields).filter((name) => isClosed(fields[name]!.ast, new Set())))

const isClosed = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return true
  seen.add(ast)
  switch (ast._tag) {
    case "Declaration":
    case "Unknown":
    case "Any":
    case "ObjectKeyword":
      return false
    case "Objects":
      if (ast.propertySignatures.length + ast.indexSignatures.length === 0) return false
  }
  return partsOf(ast).every((part) => isClosed(part, seen))
}
