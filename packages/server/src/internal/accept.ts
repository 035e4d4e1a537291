/**
 * Which of several media types a client wants, by its `accept` header (RFC 9110,
 * section 12.5.1).
 */
import * as ProblemDetails from "effect/http/ProblemDetails"

/** A range of media types, and how much it is wanted. */
interface Range {
  readonly type: string
  readonly subtype: string
  /** From 0, not at all, to 1. */
  readonly quality: number
}

/** What is read of a header: who sends more wants nothing in particular. */
const longest = 2000

const range = /^\s*([!#$%&'+.^_`|~\w-]+|\*)\/([!#$%&'+.^_`|~\w-]+|\*)\s*((?:;[^;]*)*)$/

const ofQuality = /^\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$/i

/** Reads a header. What is no range is skipped; a parameter other than `q` is not looked at. */
const parse = (header: string): ReadonlyArray<Range> =>
  header
    .slice(0, longest)
    .split(",")
    .flatMap((part) => {
      const [, type, subtype, parameters = ""] = range.exec(part.toLowerCase()) ?? []
      if (type === undefined || subtype === undefined || (type === "*" && subtype !== "*")) return []
      const [quality = 1] = parameters.split(";").flatMap((parameter) => ofQuality.exec(parameter)?.[1] ?? [])
      return [{ type, subtype, quality: Number(quality) }]
    })

/** How much a media type is wanted: the range that names it most closely says so. */
const quality = (ranges: ReadonlyArray<Range>, mediaType: string): number => {
  const [type, subtype] = mediaType.split("/")
  const named = (range: Range): number => (range.type === "*" ? 0 : range.subtype === "*" ? 1 : 2)
  let best: Range | undefined
  for (const range of ranges) {
    if (range.type !== "*" && range.type !== type) continue
    if (range.subtype !== "*" && range.subtype !== subtype) continue
    if (best === undefined || named(range) > named(best)) best = range
  }
  return best?.quality ?? 0
}

/** RFC 9457. */
const problem = ProblemDetails.contentType

/**
 * The one of some media types that is wanted most, and of those the first; `undefined`
 * where none is. Who says nothing takes the first one, and so does who only says in
 * which form a failure shall come.
 */
export const choose = <A extends string>(
  header: string | undefined,
  offered: readonly [A, ...Array<A>]
): A | undefined => {
  const [first] = offered
  // What nearly every client sends.
  if (header === undefined || header === "*/*" || header === first) return first
  const ranges = parse(header).filter(({ subtype, type }) => `${type}/${subtype}` !== problem)
  if (ranges.length === 0) return first
  let chosen: A | undefined
  let most = 0
  for (const one of offered) {
    const wanted = quality(ranges, one)
    if (wanted <= most) continue
    most = wanted
    chosen = one
  }
  return chosen
}

/** Whether a failure shall come as a problem: where that is named, and wanted no less than other JSON. */
export const wantsProblem = (header: string | undefined): boolean => {
  if (header === undefined || !/problem\+json/i.test(header)) return false
  const ranges = parse(header)
  const named = ranges.find(({ subtype, type }) => `${type}/${subtype}` === problem)
  return named !== undefined && named.quality > 0 && named.quality >= quality(ranges, "application/json")
}
