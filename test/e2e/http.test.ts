/** REST APIs behind policies, by the configuration of the command. */
import { createServer, type Server } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { directory, get, moduleUrl, post, ready } from "./command.ts"

const rest = (status: number, body: unknown) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: Server; readonly url: string }>((resume) => {
      const server = createServer((request, response) => {
        request.resume()
        response.writeHead(status, { "content-type": "application/json" })
        response.end(JSON.stringify(typeof body === "string" ? body : { ...Object(body), url: request.url }))
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ server, url: `http://127.0.0.1:${port}` }))
      })
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )

describe("causeway serve, before REST APIs", () => {
  it.live(
    "asks the next one, tells of both in health, and keeps keys to itself",
    () =>
      Effect.gen(function* () {
        const down = yield* rest(500, { detail: "the queue is full" })
        const up = yield* rest(200, { score: 1 })
        const cwd = directory({
          "causeway.config.ts": `
            import { defineConfig } from ${moduleUrl("packages/cli/src/Config.ts")}
            import * as Rule from ${moduleUrl("packages/core/src/Rule.ts")}
            export default defineConfig({
              upstreams: "simulator",
              pool: { size: 1 },
              http: {
                "/models/score": {
                  upstreams: {
                    one: { baseUrl: "${down.url}", paths: { "/": "/predict" }, health: "/health" },
                    two: { baseUrl: "${up.url}", paths: { "/": "/infer" }, health: "/health" }
                  },
                  replay: "safe"
                },
                "/models/alone": {
                  upstreams: { alone: { baseUrl: "${down.url}", headers: { "x-api-key": "hunter2hunter2" } } },
                  policy: { retry: { times: 0 } },
                  rules: [{ name: "busy", source: "its words", when: Rule.says(/queue is full/), reason: Rule.overloaded }]
                }
              }
            })`
        })
        const server = yield* ready({ cwd })
        const answer = yield* post(`${server.url}/models/score`, { x: 1 })
        assert.deepStrictEqual([answer.status, JSON.parse(answer.text)], [200, { score: 1, url: "/infer" }])
        const alone = yield* post(`${server.url}/models/alone/predict`, { x: 1 })
        assert.deepStrictEqual([alone.status, JSON.parse(alone.text).error.code], [503, "overloaded"])
        assert.notInclude(alone.text, "hunter2")
        const health = yield* get(`${server.url}/health`)
        assert.strictEqual(health.status, 200)
        assert.include(health.text, '"two":"well"')
        assert.include(server.stdout(), "/models/score/*")
        const info = yield* get(`${server.url}/info`)
        const [score, other] = JSON.parse(info.text).http
        assert.deepStrictEqual(score, {
          path: "/models/score",
          upstreams: [
            { name: "one", baseUrl: down.url, isAuthenticated: false, paths: { "/": "/predict" }, health: "/health" },
            { name: "two", baseUrl: up.url, isAuthenticated: false, paths: { "/": "/infer" }, health: "/health" }
          ]
        })
        assert.strictEqual(other.upstreams[0].name, "alone")
        assert.notInclude(info.text, "hunter2")
      }),
    60_000
  )
})
