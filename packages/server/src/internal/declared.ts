/**
 * What a type declares, by its tree. Effect's document of a schema says it too; but it
 * is 140 KB of code that a server needs for nothing else before it listens.
 */
import { hasProperty } from "effect/Predicate"
import type * as SchemaAST from "effect/SchemaAST"

/** Whether a type is one of Effect's own, by its id, whatever is checked of it. */
export const isDeclared = ({ _tag, annotations }: SchemaAST.AST, id: string): boolean => {
  const representation = annotations?.["representation"]
  return _tag === "Declaration" && hasProperty(representation, "id") && representation.id === id
}

/** Whether anywhere in a type there is a `Redacted`. */
export const holdsRedacted = (ast: SchemaAST.AST, seen = new Set<SchemaAST.AST>()): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  return isDeclared(ast, "effect/schema/Redacted") || partsOf(ast).some((part) => holdsRedacted(part, seen))
}

/** What a type is made of. */
const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Declaration":
      return ast.typeParameters
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Objects":
      return [
        ...ast.propertySignatures.map(({ type }) => type),
        ...ast.indexSignatures.flatMap(({ parameter, type }) => [parameter, type])
      ]
    case "Union":
      return ast.types
    case "Suspend":
      return [ast.thunk()]
    default:
      return []
  }
}
