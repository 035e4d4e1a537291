/**
 * Whether what a codec encodes shares objects with anything else. A structured
 * clone keeps identity within one post, so two calls posted together that hold
 * the same object would arrive holding the same object, and a handler that writes
 * to it would write into another call.
 */
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** Whether every object of an encoded value is made by the codec itself: structs, arrays and values without identity. */
export const isFresh = (codec: Schema.Top): boolean => walk(SchemaAST.toEncoded(codec.ast), new Set())

const walk = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return true
  seen.add(ast)
  const fresh = (part: SchemaAST.AST): boolean => walk(part, seen)
  switch (ast._tag) {
    case "Declaration":
    case "Any":
    case "Unknown":
    case "ObjectKeyword":
      return false
    case "Objects":
      // An empty struct stands for any value that is not nullish, and gives it back as it is.
      return (
        ast.propertySignatures.length + ast.indexSignatures.length > 0 &&
        ast.propertySignatures.every(({ type }) => fresh(type)) &&
        ast.indexSignatures.every(({ type }) => fresh(type))
      )
    case "Arrays":
      return ast.elements.every(fresh) && ast.rest.every(fresh)
    case "Union":
      return ast.types.every(fresh)
    case "Suspend":
      return fresh(ast.thunk())
    default:
      return true
  }
}
