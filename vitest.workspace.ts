import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

/** Lowest layer first: a package may import only those before it. */
const packages = ["core", "openai", "resilience", "workers", "simulator", "server", "cli", "testing"]

/** Far more than any test takes, since a busy machine is no failure. */
const testTimeout = 30_000

export default defineConfig({
  test: {
    // Most files wait for workers, servers and clocks: two of them go well beside each other, also on few cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"]
    },
    projects: [
      ...packages.map((name) => ({
        test: {
          name,
          root: `packages/${name}`,
          include: ["test/**/*.test.ts"],
          // These are part of `npm run test:full`.
          exclude: ["test/**/*.slow.test.ts"],
          testTimeout,
          hookTimeout: testTimeout
        }
      })),
      {
        test: {
          name: "workspace",
          include: ["test/**/*.test.ts"],
          exclude: ["test/full/**"],
          testTimeout,
          hookTimeout: testTimeout,
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
