/** What was thrown, in words. It may be anything, also what has none: a getter of it may throw, or it has no form as a string. */
export const inWords = (thrown: unknown): string => {
  try {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  } catch {
    return "something that cannot be shown"
  }
}
