/** What became of a value, in a few words. */
import * as Difference from "@causeway/testing/Difference"

/** An own `name` that was inherited before, an enumerable `stack`: nobody who handles an error notices. */
const trifles = /\.(?:name|stack)$/

const isTrifle = ({ actual, aspect, path }: Difference.Difference): boolean =>
  aspect === "property" && actual !== "absent" && trifles.test(path)

/** Whether it arrived whole, or the first difference that matters. */
export const fidelity = (expected: unknown, arrived: unknown, options: Difference.Options): string => {
  const difference = Difference.find(expected, arrived, { ...options, carried: true })
  if (difference === undefined) return "whole"
  if (!isTrifle(difference)) return words(difference)
  const ignore = (path: string) => options.ignore?.(path) === true || trifles.test(path)
  const more = Difference.find(expected, arrived, { ...options, carried: true, ignore })
  return more === undefined ? `whole, but ${words(difference)}` : words(more)
}

const words = ({ actual, aspect, expected, path }: Difference.Difference): string => {
  const at = path.replace(/^value\.?/, "")
  const where = at === "" ? "" : ` at \`${at}\``
  switch (aspect) {
    case "property":
      return expected === "present"
        ? `without \`${at}\``
        : actual === "present"
          ? `with \`${at}\` added`
          : `\`${at}\` ${actual}`
    case "kind":
      return `becomes ${actual}${where}`
    case "prototype":
      return `becomes ${actual.replace(".prototype", "")}${where}`
    case "identity":
      return `identity lost${where}`
    case "state":
      return `no longer ${expected}${where}`
    case "value":
      return `${actual === "undefined" ? "nothing" : "another value"}${where}`
    default:
      return `another ${aspect}${where}`
  }
}
