import { globSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"

/** What each package may import; `docs/architecture.md` draws it. */
const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  core: [],
  openai: ["core"],
  resilience: ["core"],
  workers: ["core"],
  simulator: ["core"],
  testing: ["core"],
  server: ["core", "openai", "resilience", "workers"],
  cli: ["core", "openai", "resilience", "workers", "simulator", "server"]
}

interface Import {
  readonly file: string
  readonly from: string
}

/** An import or re-export at the start of a line (code in comments is indented by its asterisk), or a dynamic import. */
const statement = /^(?:import|export)\s(?:[^"=;]*?\bfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm

/** A module without its doc comments, whose examples import as users do. */
const code = (file: string): string => readFileSync(file, "utf8").replaceAll(/^ *\/\*\*[^]*?\*\//gm, "")

const importsOf = (files: string): ReadonlyArray<Import> =>
  globSync(files).flatMap((file) =>
    [...code(file).matchAll(statement)].map(([, declared, dynamic = ""]) => ({
      file,
      from: declared ?? dynamic
    }))
  )

const packageOf = (from: string): string | undefined => /^@causeway\/([^/]+)/.exec(from)?.[1]

const manifestOf = (name: string) => {
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(`packages/${name}/package.json`, "utf8"))
  return new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)])
}

describe("architecture", () => {
  it("knows every package", () => {
    const packages = globSync("packages/*/package.json").map((path) => path.split("/")[1])
    assert.deepStrictEqual(packages.toSorted(), Object.keys(allowed).toSorted())
  })

  for (const [name, below] of Object.entries(allowed)) {
    describe(name, () => {
      const imports = importsOf(`packages/${name}/src/**/*.ts`)

      it("imports only from the layers below it", () => {
        const upward = imports.filter(({ from }) => {
          const target = packageOf(from)
          return target !== undefined && !below.includes(target)
        })
        assert.deepStrictEqual(upward, [])
      })

      it("imports modules, not barrels", () => {
        const barrels = imports.filter(({ from }) => /^(effect|@effect\/[^/]+|@causeway\/[^/]+)$/.test(from))
        assert.deepStrictEqual(barrels, [])
      })

      it("stays within its own folder, and out of others' internals", () => {
        const strays = imports.filter(
          ({ file, from }) =>
            (from.startsWith(".") && !new URL(from, `file:///${file}`).pathname.startsWith(`/packages/${name}/src/`)) ||
            /^@causeway\/[^/]+\/internal\//.test(from)
        )
        assert.deepStrictEqual(strays, [])
      })

      it("declares what it imports, and nothing else of ours", () => {
        const used = new Set(
          imports.flatMap(({ from }) =>
            from.startsWith(".") || from.startsWith("node:") ? [] : [/^(@[^/]+\/[^/]+|[^/]+)/.exec(from)?.[1] ?? from]
          )
        )
        const declared = manifestOf(name)
        assert.deepStrictEqual(
          [...used].filter((dependency) => !declared.has(dependency)),
          [],
          "not declared"
        )
        const idle = [...declared].filter((dependency) => dependency.startsWith("@causeway/") && !used.has(dependency))
        assert.deepStrictEqual(idle, [], "declared but not imported")
      })
    })
  }

  it("keeps core free of all but effect", () => {
    const foreign = importsOf("packages/core/src/**/*.ts").filter(
      ({ from }) => !from.startsWith(".") && !from.startsWith("effect/")
    )
    assert.deepStrictEqual(foreign, [])
  })

  it("lets the codec import nothing of core but its redaction", () => {
    const foreign = importsOf("packages/core/src/{Lossless.ts,internal/lossless/*.ts,lossless/*.ts}").filter(
      ({ file, from }) => {
        const path = from.startsWith(".") ? new URL(from, `file:///${file}`).pathname : ""
        return path !== "" && !/\/(Redaction\.ts|Lossless\.ts|(?:lossless|redaction)\/[^/]+\.ts)$/.test(path)
      }
    )
    assert.deepStrictEqual(foreign, [])
  })
})
