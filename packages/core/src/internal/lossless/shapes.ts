/**
 * What a schema says of the values that it describes, as far as the codec makes use
 * of it: the leaves, and the objects whose keys are declared. Plans are built of it.
 */
import * as SchemaAST from "effect/SchemaAST"
import { type Check, checkOf, isFiniteCheck } from "./checks.ts"

/** A declared property. */
export interface Field {
  readonly shape: Shape
  readonly isOptional: boolean
}

/** A value of a declared type. */
export type Shape =
  | { readonly kind: "text" | "number" | "finite" | "boolean" }
  /** A plain object with these keys. */
  | { readonly kind: "struct"; readonly fields: ReadonlyMap<string, Field>; readonly isProven: boolean }
  | { readonly kind: "list"; readonly elements: ReadonlyArray<Shape>; readonly rest: Shape | undefined }
  /** An object, told by one property from the others that it may be. */
  | { readonly kind: "tagged"; readonly key: string; readonly cases: ReadonlyMap<unknown, Shape> }
  /** An object, or one of some leaves such as `undefined`. */
  | { readonly kind: "perhaps"; readonly object: Shape; readonly leaf: Check }
  /** One that holds itself. */
  | { readonly kind: "suspended"; readonly shape: () => Shape }
  | { readonly kind: "other"; readonly check: Check }

const known = new WeakMap<SchemaAST.AST, Shape>()

/** The shape of a type. Takes the type side of a schema. */
const shapeOf = (ast: SchemaAST.AST): Shape => {
  let shape = known.get(ast)
  if (shape === undefined) known.set(ast, (shape = describe(ast) ?? { kind: "other", check: later(ast) }))
  return shape
}

/** Of most types only one direction is ever used. */
const later = (ast: SchemaAST.AST): Check => {
  let check: Check | undefined
  return (value) => (check ??= checkOf(ast))(value)
}

const describe = (ast: SchemaAST.AST): Shape | undefined => {
  switch (ast._tag) {
    case "String":
      return ast.checks === undefined ? { kind: "text" } : undefined
    case "Number":
      if (ast.checks === undefined) return { kind: "number" }
      return ast.checks.length === 1 && isFiniteCheck(ast.checks[0]) ? { kind: "finite" } : undefined
    case "Boolean":
      return ast.checks === undefined ? { kind: "boolean" } : undefined
    case "Objects":
      return structOf(ast)
    case "Arrays":
      return ast.checks === undefined && ast.rest.length <= 1 && !ast.elements.some(SchemaAST.isOptional)
        ? { kind: "list", elements: ast.elements.map(shapeOf), rest: ast.rest[0] && shapeOf(ast.rest[0]) }
        : undefined
    case "Union":
      return unionOf(ast)
    case "Suspend":
      return ast.checks === undefined ? { kind: "suspended", shape: () => shapeOf(ast.thunk()) } : undefined
    default:
      return undefined
  }
}

/** Whether the keys of a struct are all known by name. As a key of a literal, `__proto__` sets the prototype. */
export const areNamed = ({ indexSignatures, propertySignatures }: SchemaAST.Objects): boolean =>
  indexSignatures.length === 0 &&
  propertySignatures.every(({ name }) => typeof name === "string" && name !== "__proto__")

/** The fields of a struct whose keys are known by name, whatever checks it has as a whole. */
export const fieldsOf = ({ propertySignatures }: SchemaAST.Objects): ReadonlyMap<string, Field> =>
  new Map(
    propertySignatures.map(({ name, type }) => [
      String(name),
      { shape: shapeOf(type), isOptional: SchemaAST.isOptional(type) }
    ])
  )

const structOf = (ast: SchemaAST.Objects): Shape | undefined =>
  ast.propertySignatures.length > 0 && areNamed(ast)
    ? { kind: "struct", fields: fieldsOf(ast), isProven: ast.checks === undefined }
    : undefined

const leaves: ReadonlySet<SchemaAST.AST["_tag"]> = new Set<SchemaAST.AST["_tag"]>([
  "String",
  "Number",
  "Boolean",
  "BigInt",
  "Null",
  "Undefined",
  "Literal"
])

const unionOf = (ast: SchemaAST.Union): Shape | undefined => {
  if (ast.checks !== undefined || ast.options?.mode === "oneOf") return undefined
  const objects = ast.types.filter((type) => !leaves.has(type._tag))
  if (objects.length === 0) return undefined
  const [first] = objects
  const object = objects.length === 1 && first !== undefined ? shapeOf(first) : taggedOf(objects)
  if (object === undefined || object.kind === "other" || object.kind === "perhaps") return undefined
  if (objects.length === ast.types.length) return object
  const checks = ast.types.filter((type) => leaves.has(type._tag)).map(later)
  return { kind: "perhaps", object, leaf: (value) => checks.some((check) => check(value)) }
}

/** Structs with a literal of their own under the same key. */
const taggedOf = (types: ReadonlyArray<SchemaAST.AST>): Shape | undefined => {
  const structs = types.filter(SchemaAST.isObjects)
  if (structs.length < types.length) return undefined
  for (const { name, type } of structs[0]?.propertySignatures ?? []) {
    if (typeof name !== "string" || type._tag !== "Literal") continue
    const cases = new Map<unknown, Shape>()
    for (const struct of structs) {
      const tag = struct.propertySignatures.find((property) => property.name === name)?.type
      const shape = shapeOf(struct)
      if (tag?._tag === "Literal" && shape.kind === "struct") cases.set(tag.literal, shape)
    }
    if (cases.size === structs.length) return { kind: "tagged", key: name, cases }
  }
  return undefined
}
