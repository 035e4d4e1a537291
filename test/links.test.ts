/** Links between the pages of the repository: the file is there, and the heading in it. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "vitest"

const pages = ["*.md", "docs/**/*.md", "bench/README.md", "packages/*/README.md"]

/** A page without its blocks of code, in which nothing is a link or a heading. */
const prose = (file: string): string => readFileSync(file, "utf8").replaceAll(/^( *)(`{3,}).*\n[^]*?^\1\2 *$/gm, "")

/** The anchors of a page, as GitHub makes them of its headings. */
const anchors = (file: string): ReadonlySet<string> => {
  const seen = new Map<string, number>()
  const slugs = Array.from(prose(file).matchAll(/^#{1,6} +(.+)$/gm), ([, heading = ""]) => {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
      .replaceAll(" ", "-")
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    return before === 0 ? slug : `${slug}-${before}`
  })
  return new Set(slugs)
}

/** The links of a page that lead to a place in the repository. */
const links = (file: string): ReadonlyArray<string> =>
  [
    ...prose(file)
      .replaceAll(/`[^`\n]*`/g, "code")
      .matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)/gm)
  ]
    .flatMap(([, inline, reference]) => inline ?? reference ?? [])
    .filter((link) => !/^[a-z]+:/i.test(link))

const isDead = (file: string, link: string): boolean => {
  const [path = "", anchor] = link.split("#", 2)
  const target = path === "" ? file : join(dirname(file), path)
  if (!existsSync(target)) return true
  if (anchor === undefined || (path !== "" && !target.endsWith(".md") && !existsSync(join(target, "README.md")))) {
    return false
  }
  return !anchors(target.endsWith(".md") ? target : join(target, "README.md")).has(anchor)
}

describe("links of the documentation", () => {
  for (const file of globSync(pages).toSorted()) {
    it(file, () => {
      assert.deepStrictEqual(
        links(file).filter((link) => isDead(file, link)),
        []
      )
    })
  }
})
