/** The tree of a schema, as those who look for something in it walk it. */
import type * as SchemaAST from "effect/SchemaAST"
import { isObject, read } from "./wire.ts"

/** What Effect calls a type of its own, such as `effect/schema/Option`; `undefined` for all others. */
export const representationOf = (annotations: object | undefined): unknown => {
  const representation: unknown = annotations === undefined ? undefined : read(annotations, "representation")
  return isObject(representation) ? read(representation, "id") : undefined
}

/** The trees that a tree is made of. */
export const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Declaration":
      return ast.typeParameters
    case "Objects":
      return [
        ...ast.propertySignatures.map(({ type }) => type),
        ...ast.indexSignatures.flatMap(({ parameter, type }) => [parameter, type])
      ]
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Union":
      return ast.types
    case "Suspend":
      return [ast.thunk()]
    default:
      return []
  }
}
