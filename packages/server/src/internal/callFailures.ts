/** Every failure that a call of a contract can end with, as a client is told of it. */
import { BoundaryError } from "@causeway/core/BoundaryError"
import { PolicyError } from "@causeway/core/PolicyError"
import { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as SchemaAST from "effect/SchemaAST"
import * as PublicError from "../PublicError.ts"
import { RequestError } from "../RequestError.ts"
import type { Call } from "./calls.ts"
import { mediaTypes } from "./predicted.ts"
import * as Samples from "./samples.ts"

/** Everything that a call can end with, as it is told. */
export const failuresOf = (call: Call, hasPolicy: boolean): ReadonlyArray<PublicError.PublicError> => {
  const { any, accept, body } = Samples.requests
  const offered = mediaTypes(call)
  const reasons = [...any, ...body, ...(offered.length > 0 ? accept(offered) : [])]
  const declared = declaredBy(call.rpc)
  const errors: ReadonlyArray<unknown> = [
    ...reasons.map((reason) => new RequestError({ reason })),
    ...(declared.some(isUpstream) ? Samples.upstreams : []),
    ...Samples.boundaries,
    ...(hasPolicy || declared.some(({ ast }) => ast === PolicyError.ast) ? Samples.policies : []),
    // Nobody declares it.
    undefined
  ]
  return [
    ...errors.map((error) => PublicError.fromError(error)),
    ...declared.filter((one) => !isOfTheModel(one)).flatMap(({ tag }) => (tag === undefined ? [] : ofContract(tag)))
  ]
}

/** An error that a call declares. */
interface Declared {
  readonly ast: SchemaAST.AST
  readonly tag: string | undefined
}

/** Its middlewares fail with what they declare. */
const declaredBy = ({ errorSchema, middlewares, successSchema }: Rpc.AnyWithProps): ReadonlyArray<Declared> => {
  const own = RpcSchema.isStreamSchema(successSchema) ? successSchema.error : errorSchema
  return [own, ...Array.from(middlewares, ({ error }) => error)]
    .flatMap(({ ast }) => membersOf(ast))
    .map((ast) => ({ ast, tag: tagOf(ast) }))
}

const membersOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> =>
  SchemaAST.isUnion(ast) ? ast.types.flatMap(membersOf) : [ast]

const tagOf = (ast: SchemaAST.AST): string | undefined => {
  const encoded = SchemaAST.toEncoded(ast)
  const tag = SchemaAST.isObjects(encoded) ? encoded.propertySignatures.find(({ name }) => name === "_tag") : undefined
  return tag !== undefined && SchemaAST.isLiteral(tag.type) ? String(tag.type.literal) : undefined
}

const isUpstream = ({ ast }: Declared): boolean => ast === UpstreamError.ast

const isOfTheModel = (declared: Declared): boolean =>
  isUpstream(declared) || declared.ast === BoundaryError.ast || declared.ast === PolicyError.ast

/** Whom an error of a contract's own blames, only an instance of it can say. */
const ofContract = (tag: string): ReadonlyArray<PublicError.PublicError> =>
  ([undefined, "caller", "upstream"] as const).map((blame) =>
    PublicError.fromError(Samples.ofContract(tag, blame), { isDeclared: true })
  )

/** Whether it can end with what an upstream failed with, and so with the upstream's own status. */
export const isOfUpstream = (call: Call): boolean => declaredBy(call.rpc).some(isUpstream)
