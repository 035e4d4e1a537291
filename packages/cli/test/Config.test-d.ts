import { defineConfig } from "@causeway/cli/Config"
import * as EffectConfig from "effect/Config"
import { describe, it } from "vitest"

const baseUrl = "http://127.0.0.1:8001/v1"

describe("defineConfig", () => {
  it("lets a policy fall back to upstreams that exist", () => {
    defineConfig({ upstreams: { primary: { baseUrl }, backup: { baseUrl } }, policy: { fallback: ["backup"] } })
    defineConfig({
      upstreams: { primary: { baseUrl }, backup: { baseUrl } },
      policy: { fallback: { "larger-context": ["backup"] } }
    })
  })

  it("takes models of one's own beside addresses, which they have none of", () => {
    const module = new URL("./models.ts", import.meta.url)
    defineConfig({
      upstreams: { own: { module, models: { a: "b" } }, backup: { baseUrl } },
      policy: { fallback: ["own"] }
    })
    // @ts-expect-error a module is served here
    defineConfig({ upstreams: { own: { module, apiKey: EffectConfig.Redacted("KEY") } } })
  })

  it("takes the simulator by its name", () => {
    defineConfig({ upstreams: "simulator", policy: {} })
    // @ts-expect-error there is only one that needs no address
    defineConfig({ upstreams: "simulated" })
  })

  it("refuses the names of others", () => {
    // @ts-expect-error there is no upstream of this name
    defineConfig({ upstreams: { primary: { baseUrl }, backup: { baseUrl } }, policy: { fallback: ["bakcup"] } })
  })

  it("refuses a key in clear text", () => {
    defineConfig({ upstreams: { primary: { baseUrl, apiKey: EffectConfig.Redacted("OPENAI_API_KEY") } } })
    // @ts-expect-error a key is Redacted
    defineConfig({ upstreams: { primary: { baseUrl, apiKey: "sk-123" } } })
  })

  it("refuses options that do not exist", () => {
    // @ts-expect-error the option is called `server`
    defineConfig({ sever: { port: 1 } })
    // @ts-expect-error the command chooses the entry by itself
    defineConfig({ pool: { entry: "./worker.ts" } })
    // @ts-expect-error a duration is not any text
    defineConfig({ server: { grace: "soon" } })
  })
})
