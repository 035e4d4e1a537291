import { defineConfig } from "vitest/config"

/** Lowest layer first: a package may import only those before it. */
const packages = ["core", "openai", "resilience", "workers", "simulator", "server", "cli", "testing"]

export default defineConfig({
  test: {
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"]
    },
    projects: [
      ...packages.map((name) => ({
        test: { name, root: `packages/${name}`, include: ["test/**/*.test.ts"] }
      })),
      {
        test: {
          name: "workspace",
          include: ["test/**/*.test.ts"],
          benchmark: { include: ["bench/**/*.bench.ts"] }
        }
      },
      {
        test: {
          name: "types",
          include: [],
          benchmark: { include: [] },
          typecheck: {
            enabled: true,
            only: true,
            include: ["packages/*/test/**/*.test-d.ts"],
            tsconfig: "tsconfig.test.json"
          }
        }
      }
    ]
  }
})
