import * as Banner from "@causeway/cli/Banner"
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"

const facts: Banner.Facts = {
  url: "http://127.0.0.1:8000",
  upstreams: { simulator: { baseUrl: "http://127.0.0.1:1/v1" } },
  isSimulator: true,
  workers: 2,
  routes: ["/predict/square", "/predict/answer"],
  hasKey: false,
  isOpen: false
}

/** The command lines that a reader can copy. */
const curls = (banner: string): ReadonlyArray<string> => banner.match(/curl .*/g) ?? []

const tried = (upstreams: Banner.Facts["upstreams"], models?: Banner.Facts["models"]): string =>
  curls(Banner.render({ ...facts, isSimulator: false, upstreams, models }))[0] ?? ""

describe("Banner", () => {
  it("says that the upstream is the simulator", () => {
    const banner = Banner.render(facts)
    assert.include(banner, "the simulator")
    assert.include(banner, "2 threads")
  })

  it("says what the workers are, and that each process that serves has its own", () => {
    assert.include(Banner.render({ ...facts, workers: 1 }), "workers    1 thread\n")
    assert.include(Banner.render({ ...facts, isolation: "process" }), "workers    2 processes\n")
    assert.include(Banner.render({ ...facts, procs: 3 }), "workers    2 threads; in each of 3 processes that serve\n")
  })

  it("lists all routes, OpenAI's by their beginnings", () => {
    assert.include(
      Banner.render(facts),
      [
        "  routes     /v1/  chat/completions, responses, completions, embeddings, moderations, models, images, audio, files",
        "             /predict/square  /predict/answer  /health\n"
      ].join("\n")
    )
  })

  it("shows a call and a failure, both of which can be copied", () => {
    assert.deepStrictEqual(curls(Banner.render(facts)), [
      `curl -s http://127.0.0.1:8000/v1/chat/completions -d '{"model":"simulator","messages":[{"role":"user","content":"Hello"}]}'`,
      `curl -s http://127.0.0.1:8000/predict/answer -d '{"prompt":"Hello","model":"fault:no-healthy-upstream"}'`
    ])
  })

  it("names the upstreams and hides their secrets", () => {
    const banner = Banner.render({
      ...facts,
      isSimulator: false,
      workers: 0,
      upstreams: {
        primary: { baseUrl: "https://api.openai.com/v1", apiKey: Redacted.make("swordfish") },
        backup: { baseUrl: "http://127.0.0.1:8001/v1?api_key=swordfish" }
      }
    })
    assert.include(banner, "primary, https://api.openai.com/v1 (with a key)")
    assert.include(banner, "backup, http://127.0.0.1:8001/v1")
    assert.include(banner, "in process")
    assert.notInclude(banner, "swordfish")
    assert.notInclude(banner, "fault:")
  })

  it("names the modules of models of one's own, which have no address", () => {
    const upstreams = { own: { baseUrl: "" }, backup: { baseUrl: "http://127.0.0.1:8001/v1" } }
    const banner = Banner.render({
      ...facts,
      isSimulator: false,
      upstreams,
      models: { own: "file:///srv/app/models.ts" }
    })
    assert.include(banner, "  upstream   own, models of models.ts\n             backup, http://127.0.0.1:8001/v1\n")
  })

  it("tries a model that there is", () => {
    const own = { own: "file:///srv/app/models.ts" }
    assert.include(tried({ own: { baseUrl: "", models: { "gpt-5": "echo-1" } } }, own), '"model":"gpt-5"')
    assert.match(tried({ own: { baseUrl: "" } }, own), /\/v1\/models$/)
    assert.include(tried({ primary: { baseUrl: "http://127.0.0.1:8001/v1" } }), '"model":"gpt-5-mini"')
  })

  it("asks for the failure at a route that exists", () => {
    const [, failure = ""] = curls(Banner.render({ ...facts, routes: ["/words/count"] }))
    assert.include(failure, "/v1/chat/completions")
    assert.include(failure, "fault:no-healthy-upstream")
  })

  it("has the key in what it shows to copy, by its variable", () => {
    for (const line of curls(Banner.render({ ...facts, hasKey: true, keyVariable: "OUR_KEY" }))) {
      assert.include(line, '-H "authorization: Bearer $OUR_KEY"')
    }
    for (const line of curls(Banner.render({ ...facts, hasKey: true }))) {
      assert.include(line, '-H "authorization: Bearer YOUR-KEY"')
    }
  })

  it("shows an address that can be called where it listens on all of them", () => {
    for (const [url, address] of [
      ["http://0.0.0.0:8000", "http://127.0.0.1:8000/"],
      ["http://[::]:8000", "http://[::1]:8000/"]
    ] as const) {
      const banner = Banner.render({ ...facts, url, isOpen: true })
      assert.include(banner, "anybody")
      for (const line of curls(banner)) assert.include(line, address)
    }
  })
})
