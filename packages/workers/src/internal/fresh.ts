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

/**
 * Whether a codec changes nothing of what its schema made, which a post then takes as it is: structs, arrays and
 * values without identity, and nothing that is written differently.
 */
export const isPlain = (codec: Schema.Top): boolean => walkPlain(codec.ast, new Set())

const walkPlain = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return true
  seen.add(ast)
  if (ast.encoding !== undefined || ("encodingChecks" in ast && ast.encodingChecks !== undefined)) return false
  const plain = (part: SchemaAST.AST): boolean => walkPlain(part, seen)
  switch (ast._tag) {
    case "String":
    case "Number":
    case "Boolean":
    case "Null":
    case "Literal":
    case "TemplateLiteral":
      return true
    case "Objects":
      return (
        ast.propertySignatures.length + ast.indexSignatures.length > 0 &&
        ast.propertySignatures.every(({ name, type }) => typeof name === "string" && plain(type)) &&
        ast.indexSignatures.every(({ parameter, type }) => plain(parameter) && plain(type))
      )
    case "Arrays":
      return ast.elements.every(plain) && ast.rest.every(plain)
    case "Union":
      return ast.types.every(plain)
    case "Suspend":
      return plain(ast.thunk())
    default:
      return false
  }
}
