import { readFileSync } from "node:fs"

/** The version of this package. */
export const version = (): string => {
  const path = new URL("../../package.json", import.meta.url)
  const { version }: { version: string } = JSON.parse(readFileSync(path, "utf8"))
  return version
}
