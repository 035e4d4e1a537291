import * as Catalogue from "@causeway/core/Catalogue"
import * as Contract from "@causeway/core/Contract"
import * as Local from "@causeway/core/Local"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Policy from "@causeway/resilience/Policy"
import * as OpenApi from "@causeway/server/OpenApi"
import * as PredictApi from "@causeway/server/PredictApi"
import * as Problem from "@causeway/server/Problem"
import * as PublicError from "@causeway/server/PublicError"
import { RequestReason } from "@causeway/server/RequestError"
import * as Server from "@causeway/server/Server"
import { assert, describe, it, layer } from "@effect/vitest"
import { Validator } from "@seriousme/openapi-schema-validator"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as EffectOpenApi from "effect/http-api/OpenApi"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Samples from "../src/internal/samples.ts"
import { Journal, Refused, routes } from "./fixtures/Calls.ts"
import { call, post } from "./fixtures/client.ts"

interface Tree {
  readonly leaves: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({ leaves: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree)) }).annotate({
  identifier: "Tree"
})

class Other extends Contract.Service<Other>()(
  "test/Other",
  Rpc.make("plant", { payload: { tree: Tree }, success: Tree, error: Schema.Union([UpstreamError, Refused]) })
    .annotate(EffectOpenApi.Summary, "Plants a tree")
    .annotate(EffectOpenApi.Description, "And gives it back."),
  Rpc.make("reverse", { payload: Schema.Uint8Array, success: Schema.Uint8Array }),
  Rpc.make("odd {x}/y", { success: Schema.instanceOf(URLSearchParams) }),
  Rpc.make("lines", { payload: { n: Schema.Int }, success: Schema.String, error: UpstreamError, stream: true })
) {}

const other = Local.layer(
  Other,
  Other.toLayer({
    plant: ({ tree }) => Effect.succeed(tree),
    reverse: (bytes) => Effect.succeed(bytes),
    "odd {x}/y": () => Effect.succeed(new URLSearchParams()),
    lines: ({ n }) => Stream.make(String(n))
  })
)

const served = Layer.mergeAll(
  routes,
  PredictApi.layer(Other, { path: "/other", policy: Policy.make({}), headers: ["accept-language"] }).pipe(
    Layer.provide(other)
  ),
  OpenApi.layer({ title: "Trees", version: "1.2.3" })
)

const serve = (options: Server.Options = {}) =>
  Server.serve(served, { port: 0, ...options }).pipe(Layer.provideMerge(Journal.layer))

const Document = Schema.Struct({
  openapi: Schema.String,
  info: Schema.Record(Schema.String, Schema.Unknown),
  paths: Schema.Record(
    Schema.String,
    Schema.Struct({
      post: Schema.Struct({
        operationId: Schema.String,
        tags: Schema.Array(Schema.String),
        summary: Schema.optional(Schema.String),
        description: Schema.optional(Schema.String),
        parameters: Schema.Array(Schema.Struct({ name: Schema.String })),
        requestBody: Schema.optional(Schema.Struct({ content: Schema.Record(Schema.String, Schema.Json) })),
        responses: Schema.Record(
          Schema.String,
          Schema.Struct({
            description: Schema.String,
            content: Schema.optional(
              Schema.Record(
                Schema.String,
                Schema.StructWithRest(
                  Schema.Struct({
                    examples: Schema.optional(Schema.Record(Schema.String, Schema.Struct({ $ref: Schema.String })))
                  }),
                  [Schema.Record(Schema.String, Schema.Unknown)]
                )
              )
            )
          })
        )
      })
    })
  ),
  components: Schema.Struct({
    examples: Schema.Record(Schema.String, Schema.Struct({ summary: Schema.String, value: Schema.Json })),
    schemas: Schema.Record(Schema.String, Schema.Json)
  })
})

const fetched = Effect.map(call("/openapi.json"), (answer) => {
  assert.strictEqual(answer.status, 200, answer.text)
  assert.match(String(answer.headers["content-type"]), /^application\/json/)
  return { json: JSON.parse(answer.text), document: Schema.decodeUnknownSync(Document)(JSON.parse(answer.text)) }
})

/** What the document says that a call can answer with, by status and `code`. */
const codesOf = ({ components, paths }: typeof Document.Type, path: string): ReadonlySet<string> => {
  const responses = Object.entries(paths[path]?.post.responses ?? {})
  return new Set(
    responses.flatMap(([status, { content }]) =>
      Object.values(content?.["application/json"]?.examples ?? {}).map(({ $ref }) => {
        const example = components.examples[$ref.replace("#/components/examples/", "")]
        const value = example?.value as unknown as PublicError.Body
        return `${status} ${value.error.code}`
      })
    )
  )
}

const asked = (key: string) => call("/openapi.json", { headers: { "x-api-key": key } })

describe("OpenApi", () => {
  layer(serve(), { excludeTestServices: true })((it) => {
    it.effect("is valid OpenAPI 3.1, with what is referred to", () =>
      Effect.gen(function* () {
        const { json } = yield* fetched
        const validator = new Validator()
        const result = yield* Effect.promise(() => validator.validate(structuredClone(json)))
        assert.deepStrictEqual(result.valid ? [] : result.errors, [])
        assert.strictEqual(validator.version, "3.1")
        const text = JSON.stringify(json)
        for (const [, path = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
          const found = path
            .split("/")
            .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"))
            .reduce<unknown>((at, part) => (at as Readonly<Record<string, unknown>> | undefined)?.[part], json)
          assert.isDefined(found, path)
        }
        // What the resolver of the validator makes of them.
        assert.doesNotThrow(() => validator.resolveRefs())
      })
    )

    it.effect("has every call of every contract, with what it takes and gives", () =>
      Effect.gen(function* () {
        const { document } = yield* fetched
        assert.deepStrictEqual([document.openapi, document.info], ["3.1.0", { title: "Trees", version: "1.2.3" }])
        const paths = Object.keys(document.paths)
        for (const path of ["/predict/square", "/predict/die", "/other/plant", "/other/odd%20%7Bx%7D%2Fy"]) {
          assert.include(paths, path)
        }
        assert.lengthOf(paths, 20)
        const plant = document.paths["/other/plant"]?.post
        assert.deepInclude(plant, {
          operationId: "test/Other/plant",
          tags: ["test/Other"],
          summary: "Plants a tree",
          description: "And gives it back."
        })
        assert.deepStrictEqual(
          plant?.parameters.map(({ name }) => name),
          ["x-request-id", "x-causeway-timeout", "accept-language"]
        )
        assert.deepInclude(plant?.responses["200"]?.content?.["application/json"], {
          schema: { $ref: "#/components/schemas/Tree" }
        })
        const reverse = document.paths["/other/reverse"]?.post
        assert.hasAllKeys(reverse?.requestBody?.content, ["application/octet-stream", "application/json"])
        assert.hasAllKeys(reverse?.responses["200"]?.content, ["application/octet-stream", "application/json"])
        const lines = document.paths["/other/lines"]?.post.responses["200"]?.content
        assert.includeMembers(Object.keys(lines ?? {}), ["text/event-stream", "application/x-ndjson"])
        assert.deepInclude(lines?.["text/event-stream"], { "x-element": { type: "string" } })
        const ping = document.paths["/predict/ping"]?.post
        assert.isUndefined(ping?.requestBody)
        assert.hasAnyKeys(ping?.responses, ["204"])
      })
    )

    it.effect("has every failure that a call answers with, by status, in both forms", () =>
      Effect.gen(function* () {
        const { document } = yield* fetched
        for (const [path, body, headers] of [
          ["/predict/square", "{", {}],
          ["/predict/square", { x: "3" }, {}],
          ["/predict/square", { x: 3 }, { accept: "text/html" }],
          ["/predict/square", { x: 3 }, { "content-encoding": "gzip" }],
          ["/predict/square", { x: 3 }, { "x-causeway-timeout": "soon" }],
          ["/predict/upstream", "", {}],
          ["/predict/wrong", "", {}],
          ["/predict/die", "", {}],
          ["/predict/refuse", "", {}],
          ["/predict/blame", { who: "caller" }, {}],
          ["/predict/blame", { who: "upstream" }, {}],
          ["/predict/blame", { who: "us" }, {}],
          ["/predict/hang", "", { "x-causeway-timeout": "1" }]
        ] as const) {
          const answer = yield* post(path, body, headers)
          assert.isAbove(answer.status, 399)
          assert.include(Array.from(codesOf(document, path)), `${answer.status} ${answer.error?.code}`, path)
        }
        const responses = document.paths["/other/plant"]?.post.responses ?? {}
        for (const status of ["400", "401", "403", "404", "406", "409", "413", "415", "429", "499", "4XX"]) {
          assert.hasAllKeys(responses[status]?.content, ["application/json", "application/problem+json"], status)
        }
        assert.isTrue(codesOf(document, "/other/plant").has("503 circuit_open"))
        assert.isFalse(codesOf(document, "/predict/upstream").has("503 circuit_open"))
        assert.isFalse(codesOf(document, "/predict/square").has("503 gateway"))
      })
    )

    it.effect("shows an example of every kind of failure, fit for its schema", () =>
      Effect.gen(function* () {
        const { document } = yield* fetched
        const kinds = new Set(Object.values(document.components.examples).map(({ summary }) => summary))
        for (const { error, tag } of Catalogue.entries()) assert.isTrue(kinds.has(`${error}/${tag}`), tag)
        for (const [name, { value }] of Object.entries(document.components.examples)) {
          const isFit = name.endsWith(".problem")
            ? Schema.is(Problem.Problem)(value)
            : Object.hasOwn(Object(value), "error")
          assert.isTrue(isFit, name)
        }
      })
    )

    it.effect("gives pages that load nothing from elsewhere", () =>
      Effect.gen(function* () {
        const page = yield* call("/docs")
        assert.deepStrictEqual([page.status, page.headers["content-type"]], [200, "text/html; charset=utf-8"])
        assert.match(String(page.headers["content-security-policy"]), /^default-src 'none';.*connect-src 'self'$/)
        assert.include(page.text, '"test/Other/plant"')
        assert.notMatch(page.text, /<(?:script|link|img)[^>]*(?:src|href)="?https?:/)
        const errors = yield* call("/docs/errors")
        const anchors = Array.from(errors.text.matchAll(/ id="([^"]+)"/g), ([, id]) => id)
        const kinds = [
          ...Catalogue.entries().map(({ error, tag }) => `${error}/${tag}`),
          ...RequestReason.members.map((member) => `RequestError/${member.fields._tag.schema.literal}`),
          "ContractError",
          "InternalError",
          "Interrupted"
        ]
        assert.deepStrictEqual(anchors.toSorted(), kinds.map(Problem.anchorOf).toSorted())
      })
    )

    it.effect("is for programs on this machine where there are no keys", () =>
      Effect.gen(function* () {
        for (const path of ["/openapi.json", "/docs"]) {
          const answer = yield* call(path, { headers: { "x-forwarded-for": "192.0.2.1" } })
          assert.deepStrictEqual([answer.status, answer.error?.code], [401, "unauthenticated"], path)
        }
      })
    )
  })

  it.effect("is for the keys of operators", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* asked("operator")).status, 200)
      assert.deepStrictEqual((yield* asked("guest")).status, 403)
      assert.strictEqual((yield* call("/docs")).status, 401)
    }).pipe(
      Effect.provide(
        serve({
          keys: [
            { name: "operator", key: Redacted.make("operator"), scopes: { operator: true } },
            { name: "guest", key: Redacted.make("guest"), scopes: { operator: false } }
          ]
        })
      )
    )
  )

  const statuses = new Set(Samples.upstreams.map((error) => PublicError.fromError(error).status))

  it.prop("has the status of whatever an upstream fails with", [Arbitrary.schema(UpstreamError)], ([error]) => {
    const { status } = PublicError.fromError(error)
    // Below 500 there is the upstream's own, as 4XX.
    assert.isTrue(statuses.has(status) || status < 500, String(status))
  })
})
