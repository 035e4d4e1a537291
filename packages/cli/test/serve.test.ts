import { assert, describe, it } from "@effect/vitest"
import { plainFlags } from "../src/internal/serve.ts"

describe("plainFlags", () => {
  it("reads what says serve, with flags that have values", () => {
    assert.deepStrictEqual(plainFlags(["serve"]), { insecure: undefined })
    assert.deepStrictEqual(
      plainFlags(["serve", "--port", "9000", "--host=::1", "--workers", "2", "--config", "a.json", "--insecure"]),
      { port: "9000", host: "::1", workers: "2", config: "a.json", insecure: true }
    )
  })

  it.each([
    [[]],
    [["--help"]],
    [["check"]],
    [["--log-level", "debug", "serve"]],
    [["serve", "--help"]],
    [["serve", "-h"]],
    [["serve", "--log-level", "debug"]],
    [["serve", "--prot", "9000"]],
    [["serve", "--port"]],
    [["serve", "--port="]],
    [["serve", "--port", "--insecure"]],
    [["serve", "--port", "1", "--port", "2"]],
    [["serve", "--insecure", "--insecure"]],
    [["serve", "--insecure=false"]],
    [["serve", "--no-insecure"]],
    [["serve", "9000"]],
    [["serve", "--", "--port", "1"]]
  ])("leaves %j to the library for command lines", (args) => assert.isUndefined(plainFlags(args)))
})
