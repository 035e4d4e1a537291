/**
 * The calls that a router serves, as an OpenAPI 3.1 document: what each takes, what it
 * gives, and every failure that it can end with, by status. Imported when somebody asks
 * for the document, since little else of a server needs what it stands on.
 */
import { STATUS_CODES } from "node:http"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as EffectOpenApi from "effect/http-api/OpenApi"
import * as JsonSchema from "effect/JsonSchema"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import * as Problem from "../Problem.ts"
import type * as PublicError from "../PublicError.ts"
import { failuresOf, isOfUpstream } from "./callFailures.ts"
import { mediaTypes } from "./predicted.ts"
import type { Endpoint, Mount } from "./served.ts"

/** A part of the document. */
export interface Json {
  readonly [name: string]: unknown
}

/** What the document says of the server as a whole. */
export interface Info {
  readonly title: string
  readonly version: string
  readonly description: string | undefined
}

/** OpenAI's shape, as a schema. */
const Body = Schema.Struct({
  error: Schema.Struct({
    message: Schema.String,
    type: Schema.String,
    param: Schema.NullOr(Schema.String),
    code: Schema.String
  })
}).annotate({ identifier: "Error" })

/** The document. */
export const document = (mounts: ReadonlyMap<string, Mount>, info: Info, explanations: string): Json => {
  const endpoints = Array.from(mounts, ([path, mount]) =>
    Array.from(mount.values(), (endpoint) => ({ path, ...endpoint }))
  ).flat()
  const schemas = new Schemas()
  const examples = new Examples(explanations)
  const error = { [json]: schemas.add(Body), [problem]: schemas.add(Problem.Problem) }
  const tags = new Map<string, Json>()
  const paths: Record<string, Json> = {}
  const names = new Set<string>()
  for (const endpoint of endpoints) {
    tags.set(endpoint.contract, { name: endpoint.contract })
    const operationId = unique(names, `${endpoint.contract}/${endpoint.call.tag}`)
    const post = operation(endpoint, operationId, schemas, examples, error)
    paths[`${endpoint.path}/${encodeURIComponent(endpoint.call.tag)}`] = { post }
  }
  return {
    openapi: "3.1.0",
    info: { title: info.title, version: info.version, ...(info.description && { description: info.description }) },
    tags: Array.from(tags.values()),
    paths,
    components: {
      schemas: schemas.resolve(),
      examples: examples.all,
      headers: {
        "x-request-id": { description: "The id of the request.", schema: { type: "string" } },
        "x-should-retry": {
          description: "Whether the same request may be sent again.",
          schema: { type: "string", enum: ["true", "false"] }
        },
        "retry-after": { description: "How long to wait before, in seconds.", schema: { type: "integer" } }
      },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" }
      }
    }
  }
}

const json = "application/json"
const problem = "application/problem+json"

/** A contract may be served at several paths. */
const unique = (names: Set<string>, name: string): string => {
  let given = name
  for (let n = 2; names.has(given); n++) given = `${name}-${n}`
  names.add(given)
  return given
}

/**
 * Every schema of the document. They are resolved together, so that what two calls have in
 * common stands there once; until then a schema is an empty object.
 */
class Schemas {
  private readonly wanted: Array<{ readonly target: Record<string, unknown>; readonly schema: Schema.Top }> = []

  add(schema: Schema.Top): Json {
    const target: Record<string, unknown> = {}
    this.wanted.push({ target, schema: Schema.toCodecJson(schema) })
    return target
  }

  /** Fills them in, and gives what they refer to. */
  resolve(): Json {
    // What JSON Schema cannot say is described by anything.
    const told = this.wanted.filter(({ schema }) => isTold(schema))
    if (!Arr.isReadonlyArrayNonEmpty(told)) return {}
    const { definitions, schemas } = JsonSchema.toMultiDocumentOpenApi3_1(
      SchemaRepresentation.toJsonSchemaMultiDocument(
        SchemaRepresentation.toRepresentations(Arr.map(told, ({ schema }) => schema.ast))
      )
    )
    for (const [index, { target }] of told.entries()) Object.assign(target, plain(schemas[index]))
    return plain(definitions)
  }
}

/** That there may be more properties is what JSON Schema says anyway; viewers would make one up. */
const plain = (schema: object | undefined): Json =>
  JSON.parse(
    JSON.stringify(schema, (name, value) => (name === "additionalProperties" && value === true ? undefined : value))
  )

const isTold = (schema: Schema.Top): boolean => {
  try {
    Schema.toJsonSchemaDocument(schema)
    return true
  } catch {
    return false
  }
}

/** An example of a failure, by the form in which it is told. */
interface Told {
  readonly status: number
  readonly kind: string
  readonly name: string
}

/** Every failure that the document shows, each once. */
class Examples {
  readonly all: Record<string, Json> = {}
  private readonly explanations: string

  constructor(explanations: string) {
    this.explanations = explanations
  }

  add(error: PublicError.PublicError): Told {
    const { body, kind, status } = error
    const name = `${kind}.${body.error.code}.${status}`.replaceAll(/[^\w.-]/g, ".")
    const value = Problem.fromError(error, { explanations: this.explanations, requestId: "req_1" })
    this.all[name] ??= { summary: kind, value: body }
    this.all[`${name}.problem`] ??= { summary: kind, value }
    return { status, kind, name }
  }
}

const operation = (
  { call, contract, hasPolicy, headers }: Endpoint,
  operationId: string,
  schemas: Schemas,
  examples: Examples,
  error: Readonly<Record<typeof json | typeof problem, Json>>
): Json => {
  const told = failuresOf(call, hasPolicy).map((failure) => examples.add(failure))
  const byStatus = new Map<number, ReadonlyArray<Told>>()
  for (const one of told) byStatus.set(one.status, [...(byStatus.get(one.status) ?? []), one])
  const responses: Record<string, Json> = { ...success(call, schemas) }
  for (const [status, told] of byStatus) responses[String(status)] = failure(STATUS_CODES[status], told, error)
  if (isOfUpstream(call)) {
    responses["4XX"] = failure("The status with which the upstream itself refused the request", [], error)
  }
  return {
    operationId,
    tags: [contract],
    ...annotated(call.rpc),
    parameters: parameters(headers),
    ...requestBody(call, schemas),
    responses,
    // A server may have keys or none.
    security: [{}, { bearer: [] }, { apiKey: [] }]
  }
}

/** What the call's own annotations say: those of Effect's `OpenApi`. */
const annotated = ({ annotations }: Rpc.AnyWithProps): Json => {
  const summary = Context.getOrUndefined(annotations, EffectOpenApi.Summary)
  const description = Context.getOrUndefined(annotations, EffectOpenApi.Description)
  const deprecated = Context.getOrUndefined(annotations, EffectOpenApi.Deprecated)
  return {
    ...(summary !== undefined && { summary }),
    ...(description !== undefined && { description }),
    ...(deprecated !== undefined && { deprecated })
  }
}

const parameters = (headers: ReadonlyArray<string>): ReadonlyArray<Json> => [
  header("x-request-id", "The id of the request, taken over where it is fit to be one.", { type: "string" }),
  header("x-causeway-timeout", "The most that the call may take, in milliseconds.", {
    type: "integer",
    minimum: 1,
    example: 30_000
  }),
  ...headers
    // OpenAPI knows these by other means.
    .filter((name) => !["accept", "content-type", "authorization"].includes(name))
    .map((name) => header(name, "Passed on to the call's handler.", { type: "string" }))
]

const header = (name: string, description: string, schema: Json): Json => ({ name, in: "header", description, schema })

const requestBody = ({ rpc, takes }: Endpoint["call"], schemas: Schemas): Json => {
  if (takes === "nothing") return {}
  const content = { [json]: { schema: schemas.add(rpc.payloadSchema) } }
  return {
    requestBody: {
      required: true,
      content: takes === "bytes" ? { "application/octet-stream": {}, ...content } : content
    }
  }
}

const success = (call: Endpoint["call"], schemas: Schemas): Readonly<Record<string, Json>> => {
  const { bytesType, gives, rpc } = call
  const headers = { "x-request-id": { $ref: "#/components/headers/x-request-id" } }
  const types = mediaTypes(call)
  if (types.length === 0) return { 204: { description: "Done; there is nothing to tell.", headers } }
  const { successSchema } = rpc
  const isStream = RpcSchema.isStreamSchema(successSchema)
  const schema = schemas.add(isStream ? successSchema.success : successSchema)
  const content = Object.fromEntries(
    types.map((type) => {
      if (gives === "bytes" && type === bytesType) return [type, {}]
      return [type, isStream ? { schema: { type: "string" }, "x-element": schema } : { schema }]
    })
  )
  const description = isStream
    ? 'The elements as they come, each as x-element has it. A failure after the first one is an `event: error`, or a line `{"error":…}`; what is bytes breaks off.'
    : "The success."
  return { 200: { description, headers, content } }
}

const failure = (
  description: string | undefined,
  told: ReadonlyArray<Told>,
  error: Readonly<Record<typeof json | typeof problem, Json>>
): Json => {
  const kinds = Array.from(new Set(told.map(({ kind }) => kind)))
  const examples = (suffix: string) =>
    Object.fromEntries(told.map(({ name }) => [name, { $ref: `#/components/examples/${name}${suffix}` }]))
  const headers = ["x-request-id", "x-should-retry", "retry-after"]
  return {
    description: `${description ?? "The client has gone"}${kinds.length > 0 ? `: ${kinds.join(", ")}` : ""}`,
    headers: Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
    content: {
      [json]: { schema: error[json], ...(told.length > 0 && { examples: examples("") }) },
      [problem]: { schema: error[problem], ...(told.length > 0 && { examples: examples(".problem") }) }
    }
  }
}
