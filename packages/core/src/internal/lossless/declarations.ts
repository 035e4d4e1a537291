/**
 * Types that a schema declares with a codec of their own, such as a class of
 * somebody else's with private fields: their values go through that codec, and what
 * it gives is then searched for secrets as everything is.
 */
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { partsOf, representationOf } from "./ast.ts"
import { type Check, checkOf } from "./checks.ts"

/** A declared type with a codec. */
export interface Declared {
  readonly id: string
  readonly is: Check
  /** Throws where its codec needs services, or time. */
  readonly encode: (value: object) => unknown
  readonly decode: (encoded: unknown) => object
}

/** The declared types in a schema that only their own codec can carry. */
export const declarationsIn = (schema: Schema.Top): ReadonlyArray<Declared> => {
  const found = new Map<string, Declared>()
  walk(schema.ast, found, new Set())
  return [...found.values()]
}

const walk = (ast: SchemaAST.AST, found: Map<string, Declared>, seen: Set<SchemaAST.AST>): void => {
  if (seen.has(ast)) return
  seen.add(ast)
  if (ast._tag === "Declaration") {
    const id = nameOf(ast)
    if (id !== undefined && !found.has(id)) found.set(id, declared(id, SchemaAST.toType(ast)))
  }
  for (const part of partsOf(ast)) walk(part, found, seen)
}

/** The name of a declaration that is nobody's but its own: no class, and none of Effect's. */
const nameOf = ({ annotations }: SchemaAST.Declaration): string | undefined => {
  if (annotations === undefined || annotations["~constructor"] !== undefined) return undefined
  const { expected, identifier, toCodec, toCodecJson } = annotations as Readonly<Record<string, unknown>>
  if (typeof toCodecJson !== "function" && typeof toCodec !== "function") return undefined
  const own = representationOf(annotations)
  if (typeof own === "string" && own.startsWith("effect/")) return undefined
  const name = [identifier, own, expected].find((candidate) => typeof candidate === "string")
  return typeof name === "string" && name !== "" ? name : undefined
}

const declared = (id: string, ast: SchemaAST.Declaration): Declared => {
  // Whether it needs services is not to be seen in a tree; if so, coding throws, and that is caught.
  const codec: Schema.Codec<object, unknown> = Schema.toCodecJson(Schema.make<Schema.Codec<object>>(ast))
  return {
    id,
    is: checkOf(ast),
    encode: Schema.encodeSync(codec),
    decode: Schema.decodeUnknownSync(codec)
  }
}
