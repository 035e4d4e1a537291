import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

const timeouts = { testTimeout: 300_000, hookTimeout: 300_000 }

/** Those that look at memory, or have the whole machine under load: each by itself. */
const alone = ["relayMemory", "serverSoak", "soak"].map((name) => `test/full/${name}.test.ts`)

/** What is slow: `npm run test:full`. `DURATION` (seconds) sets the length of what runs for a time. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "full",
          include: ["test/full/**/*.test.ts", "packages/*/test/**/*.slow.test.ts"],
          exclude: alone,
          maxWorkers: Math.max(2, availableParallelism() - 1),
          ...timeouts
        }
      },
      { test: { name: "alone", include: alone, fileParallelism: false, ...timeouts } }
    ]
  }
})
