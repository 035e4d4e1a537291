/**
 * Whether this Node can run workers as the pool needs them.
 */

/** What is wrong with a version of Node, as a sentence. */
export const problemOf = (version: string): string | undefined => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > 22 || (major === 22 && minor >= 19)
    ? undefined
    : `a worker pool needs Node 22.19 or newer; this is Node ${version}`
}
