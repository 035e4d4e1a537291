/** A value that fits a JSON schema: the smallest one, always the same. */
import { isFields, type Fields } from "./input.ts"

/** Deeper than this there is `null`. */
const maxDepth = 32

/** Values beyond these are `null`: references may multiply. */
const maxValues = 10_000

/** Longer lists and texts than these are not made, whatever a schema asks for. */
const maxLength = 1_000

interface Place {
  readonly root: unknown
  readonly depth: number
  /** The references that led here. */
  readonly references: ReadonlyArray<string>
  readonly made: { count: number }
}

/** A value that fits. Of keywords that no value is made for, such as `pattern`, nothing is promised. */
export const of = (schema: unknown): unknown =>
  valueOf(schema, { root: schema, depth: 0, references: ["#"], made: { count: 0 } }) ?? null

/** `undefined` for a schema that leads to itself. */
const valueOf = (schema: unknown, outer: Place): unknown => {
  if (!isFields(schema)) return schema === true || schema === undefined ? {} : null
  const place = { ...outer, depth: outer.depth + 1 }
  if (place.depth > maxDepth || ++place.made.count > maxValues) return null
  if (schema["const"] !== undefined) return schema["const"]
  if (Array.isArray(schema["enum"])) return schema["enum"][0] ?? null
  const reference = schema["$ref"]
  if (typeof reference === "string") {
    if (place.references.includes(reference)) return undefined
    return valueOf(resolved(place.root, reference), { ...place, references: [...place.references, reference] })
  }
  for (const union of [schema["anyOf"], schema["oneOf"]]) {
    if (!Array.isArray(union)) continue
    for (const member of union) {
      const value = valueOf(member, place)
      if (value !== undefined) return value
    }
  }
  const parts = schema["allOf"]
  if (Array.isArray(parts)) return Object.assign({}, ...parts.map((part) => valueOf(part, place)).filter(isFields))
  return ofType(schema, place)
}

const ofType = (schema: Fields, place: Place): unknown => {
  const { type } = schema
  switch (Array.isArray(type) ? type[0] : type) {
    case "string":
      return textOf(schema)
    case "integer":
    case "number":
      return numberOf(schema)
    case "boolean":
      return true
    case "null":
      return null
    case "array":
      return listOf(schema, place)
    default:
      return objectOf(schema, place)
  }
}

const listOf = (schema: Fields, place: Place): unknown => {
  const least = Math.max(countOf(schema["minItems"]) ?? 1, 1)
  const length = Math.min(least, countOf(schema["maxItems"]) ?? maxLength)
  return Array.from({ length }, () => valueOf(schema["items"] ?? true, place)).filter((item) => item !== undefined)
}

const objectOf = (schema: Fields, place: Place): unknown => {
  const properties = isFields(schema["properties"]) ? schema["properties"] : {}
  const required: ReadonlyArray<unknown> = Array.isArray(schema["required"])
    ? schema["required"]
    : Object.keys(properties)
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => required.includes(name))
      .map(([name, each]) => [name, valueOf(each, place) ?? null])
  )
}

const formats: Readonly<Record<string, string>> = {
  date: "2026-01-01",
  "date-time": "2026-01-01T00:00:00Z",
  time: "00:00:00Z",
  duration: "PT1S",
  email: "somebody@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000"
}

const textOf = ({ format, maxLength: most, minLength: least }: Fields): string =>
  (typeof format === "string" ? (formats[format] ?? "simulated") : "simulated")
    .padEnd(countOf(least) ?? 0, ".")
    .slice(0, countOf(most))

const numberOf = ({ exclusiveMinimum, maximum, minimum, multipleOf = 1 }: Fields): number => {
  const step = typeof multipleOf === "number" && multipleOf > 0 ? multipleOf : 1
  const least =
    typeof minimum === "number" ? minimum : typeof exclusiveMinimum === "number" ? exclusiveMinimum + step : undefined
  if (least !== undefined) return Math.ceil(least / step) * step
  return typeof maximum === "number" ? Math.min(step, Math.floor(maximum / step) * step) : step
}

const countOf = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 ? Math.min(Math.floor(value), maxLength) : undefined

/** A reference within the schema, such as `#/$defs/Step`. */
const resolved = (root: unknown, reference: string): unknown => {
  if (!reference.startsWith("#")) return undefined
  let at: unknown = root
  for (const part of reference.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~")
    at = isFields(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return at
}
