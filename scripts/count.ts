/**
 * Adds up what the test runner wrote in its reports and prints it as one line. A
 * report that is missing, since its run never came so far, counts as a failure.
 */
import { existsSync, readFileSync } from "node:fs"

let passed = 0
let failed = 0
for (const path of process.argv.slice(2)) {
  const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { numPassedTests: 0, numFailedTests: 1 }
  passed += report.numPassedTests
  failed += report.numFailedTests
  // A file that could not be loaded has no tests to count.
  if (report.numFailedTests === 0 && report.success === false) failed++
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
