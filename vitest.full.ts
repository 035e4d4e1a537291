import { defineConfig } from "vitest/config"

/** What is slow: `npm run test:full`. `DURATION` (seconds) sets the length of what runs for a time. */
export default defineConfig({
  test: {
    name: "full",
    include: ["test/full/**/*.test.ts", "packages/*/test/**/*.slow.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Each is heavy by itself, and some measure.
    fileParallelism: false
  }
})
