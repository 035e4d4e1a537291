import * as Info from "@causeway/server/Info"
import * as Server from "@causeway/server/Server"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { call } from "./fixtures/client.ts"

const served = Server.serve(
  Info.layer({
    name: "test",
    version: "1.2.3",
    parts: {
      upstreams: Effect.succeed([{ baseUrl: "https://user:hunter2@upstream.example/v1", apiKey: "hunter3" }]),
      broken: Effect.succeed(undefined)
    }
  }),
  { port: 0 }
)

describe("Info", () => {
  layer(served)((it) => {
    it.effect("tells what runs, without secrets", () =>
      Effect.gen(function* () {
        const { headers, status, text } = yield* call("/info")
        assert.strictEqual(status, 200)
        assert.strictEqual(headers["cache-control"], "no-store")
        const { startedAt, uptimeSeconds, ...rest } = JSON.parse(text)
        // It tells of the machine's clock.
        // @effect-diagnostics-next-line globalDateInEffect:off
        assert.isAtMost(Date.parse(startedAt), Date.now())
        assert.isAtLeast(uptimeSeconds, 0)
        assert.strictEqual(rest.name, "test")
        assert.strictEqual(rest.version, "1.2.3")
        assert.strictEqual(rest.upstreams[0].apiKey, "<redacted>")
        for (const secret of ["hunter2", "hunter3"]) assert.notInclude(text, secret)
      })
    )

    it.effect("tells nothing to another machine, nor to a page that came by another name", () =>
      Effect.gen(function* () {
        for (const headers of [{ "x-forwarded-for": "203.0.113.7" }, { host: "evil.example" }]) {
          assert.strictEqual((yield* call("/info", { headers })).status, 401)
        }
      })
    )
  })
})
