/**
 * Puts files of `examples/` into the documents that show them, between
 * `<!-- file: path -->` and `<!-- /file -->`. With `--check` it changes nothing
 * and fails where a document shows something else than the file.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs"

const block = /<!-- file: (\S+) -->\n[\s\S]*?<!-- \/file -->/g
const check = process.argv.includes("--check")

for (const document of globSync(["*.md", "docs/**/*.md", "packages/*/README.md"])) {
  const text = readFileSync(document, "utf8")
  const embedded = text.replaceAll(block, (_, path: string) => {
    const code = readFileSync(path, "utf8").trimEnd()
    return `<!-- file: ${path} -->\n\n\`\`\`ts file\n${code}\n\`\`\`\n\n<!-- /file -->`
  })
  if (embedded === text) continue
  if (check) {
    console.error(`${document} does not show its example as it is: run "npm run fix"`)
    process.exitCode = 1
  } else {
    writeFileSync(document, embedded)
    console.log(`${document} brought up to date`)
  }
}
