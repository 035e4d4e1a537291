import * as NodeHttp from "node:http"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import * as Server from "@causeway/server/Server"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { Journal, routes } from "./fixtures/Calls.ts"

const text = JSON.stringify({ text: "again and again ".repeat(1000) })

const pages = Layer.mergeAll(
  HttpRouter.add("GET", "/large", Effect.succeed(HttpServerResponse.text(text, { contentType: "application/json" }))),
  HttpRouter.add("GET", "/small", Effect.succeed(HttpServerResponse.text("{}", { contentType: "application/json" }))),
  HttpRouter.add("GET", "/audio", Effect.succeed(HttpServerResponse.text(text, { contentType: "audio/mpeg" }))),
  HttpRouter.add("GET", "/events", Effect.succeed(HttpServerResponse.text(text, { contentType: "text/event-stream" }))),
  HttpRouter.add(
    "GET",
    "/secret",
    Effect.succeed(HttpServerResponse.text(text, { headers: { "cache-control": "private, no-transform" } }))
  ),
  HttpRouter.add(
    "GET",
    "/encoded",
    Effect.succeed(
      HttpServerResponse.text(text, { contentType: "application/json", headers: { "content-encoding": "zstd" } })
    )
  )
)

interface Answer {
  readonly headers: NodeHttp.IncomingHttpHeaders
  readonly body: Buffer
}

const ask = (path: string, accept?: string, method = "GET", body?: string) =>
  Effect.flatMap(Server.Server, ({ url }) =>
    Effect.callback<Answer>((resume) => {
      const headers = accept === undefined ? {} : { "accept-encoding": accept }
      const request = NodeHttp.request(`${url}${path}`, { method, headers, agent: false }, (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("end", () => resume(Effect.succeed({ headers: response.headers, body: Buffer.concat(chunks) })))
      })
      request.on("error", (error) => resume(Effect.die(error)))
      request.end(body)
    })
  )

const decoded = ({ body, headers }: Answer): string => {
  const coding = headers["content-encoding"]
  return (coding === "br" ? brotliDecompressSync(body) : coding === "gzip" ? gunzipSync(body) : body).toString()
}

const served = Server.serve(Layer.merge(routes, pages), { port: 0, compression: true }).pipe(
  Layer.provide(Journal.layer)
)

describe("Compression", () => {
  layer(served)((it) => {
    it.effect.each([
      ["gzip", "gzip"],
      ["br", "br"],
      ["gzip, deflate, br, zstd", "br"],
      ["gzip, br;q=0.5", "gzip"],
      ["br;q=0.5, *;q=0.9", "gzip"],
      ["GZIP;q=1, br;Q=0.1", "gzip"],
      ["br;q=0, gzip", "gzip"],
      ["*", "br"],
      ["identity", undefined],
      ["br;q=0, gzip;q=0", undefined],
      ["deflate", undefined],
      [";;q=,,", undefined],
      [undefined, undefined]
    ] as const)("answers %s with %s", ([accept, coding]) =>
      Effect.gen(function* () {
        const answer = yield* ask("/large", accept)
        assert.strictEqual(answer.headers["content-encoding"], coding)
        assert.strictEqual(decoded(answer), text)
        assert.include(String(answer.headers.vary), "Accept-Encoding")
        if (coding !== undefined) {
          assert.isBelow(answer.body.length, 1000)
          assert.include([undefined, String(answer.body.length)], answer.headers["content-length"])
        }
      })
    )

    it.effect("leaves alone what is small, encoded already or gains nothing", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* ask("/encoded", "gzip")).headers["content-encoding"], "zstd")
        for (const path of ["/small", "/audio", "/events", "/secret"]) {
          assert.isUndefined((yield* ask(path, "gzip")).headers["content-encoding"], path)
        }
        assert.isUndefined((yield* ask("/events", "gzip")).headers.vary)
      })
    )

    it.effect("never holds back a stream of events", () =>
      Effect.gen(function* () {
        const { body, headers } = yield* ask("/predict/count", "br, gzip", "POST", JSON.stringify({ to: 500 }))
        assert.isUndefined(headers["content-encoding"])
        assert.match(String(headers["content-type"]), /event-stream/)
        assert.include(body.toString(), "500")
      })
    )
  })
})
