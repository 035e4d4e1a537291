/**
 * Writes the catalogue of `docs/errors.md` out of the reasons' own classes: what they
 * say, their fields, and the dispositions that their code comes to, for every value of
 * a field that changes one. It stands between `<!-- reasons: UpstreamError -->` and
 * `<!-- /reasons -->`. With `--check` it changes nothing and fails where the document
 * says something else.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { BoundaryReason } from "@causeway/core/BoundaryError"
import * as Catalogue from "@causeway/core/Catalogue"
import * as Disposition from "@causeway/core/Disposition"
import { PolicyReason } from "@causeway/core/PolicyError"
import { UpstreamReason } from "@causeway/core/UpstreamReason"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** A field, as far as a reader wants to know it. */
interface Field {
  readonly name: string
  readonly isOptional: boolean
  readonly type: string
  /** The values that it may have, or one that stands for all of them. */
  readonly values: ReadonlyArray<unknown>
}

const fieldOf = ([name, schema]: readonly [string, Schema.Constraint]): Field => {
  const { ast } = schema
  const flat = flatten(ast)
  const own = flat.filter((part) => !SchemaAST.isUndefined(part))
  const literals = own.flatMap((part) => (SchemaAST.isLiteral(part) ? [String(part.literal)] : []))
  const isOptional = own.length < flat.length || SchemaAST.isOptional(ast)
  if (literals.length > 0) return { name, isOptional, type: `one of ${literals.join(", ")}`, values: literals }
  const [type, values] = kindOf(name, own[0] ?? ast, Schema.is(schema))
  return { name, isOptional, type, values }
}

const flatten = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> =>
  SchemaAST.isUnion(ast) ? ast.types.flatMap(flatten) : [ast]

const kindOf = (
  name: string,
  ast: SchemaAST.AST,
  allows: (value: unknown) => boolean
): readonly [type: string, values: ReadonlyArray<unknown>] => {
  if (SchemaAST.isString(ast)) return ["string", [""]]
  // The one number by whose value something is decided.
  if (SchemaAST.isNumber(ast)) return ["number", name === "status" ? [302, 404, 503] : [0]]
  if (SchemaAST.isArrays(ast))
    return [`list of ${ast.rest.map((part) => kindOf(name, part, allows)[0]).join(", ")}s`, [[]]]
  const second = Duration.seconds(1)
  if (SchemaAST.isDeclaration(ast) && allows(second)) return ["duration", [second]]
  if (SchemaAST.isUnknown(ast)) return ["anything", [new Error("x")]]
  throw new Error(`${name} is of a kind that the catalogue does not know: ${ast._tag}`)
}

const columns = ["blame", "retry", "fallback", "health", "delivery"] as const

/** What a reason means, whose fields have these values. */
type Meaning = (fields: Readonly<Record<string, unknown>>) => Disposition.Disposition

/** A row for the usual case, and one for each value that changes it, with what it changes. */
const rowsOf = ({ error, tag, when }: Catalogue.Entry, fields: ReadonlyArray<Field>, meaning: Meaning) => {
  const required = Object.fromEntries(
    fields.flatMap((field) => (field.isOptional ? [] : [[field.name, field.values[0]]]))
  )
  const told = fields.filter(({ name }) => name !== "seenIn")
  const usual: Record<string, unknown> = { ...required }
  const groupsOf = ({ name, values }: Field) =>
    Map.groupBy(values, (value) => JSON.stringify({ ...meaning({ ...usual, [name]: value }), retryAfter: undefined }))
  for (const field of told) {
    if (field.isOptional) continue
    const [largest] = [...groupsOf(field).values()].toSorted((a, b) => b.length - a.length)
    usual[field.name] = largest?.[0]
  }
  const base = meaning(usual)
  const changes = told.flatMap((field) =>
    [...groupsOf(field).values()].flatMap((values) => {
      const changed = meaning({ ...usual, [field.name]: values[0] })
      const cells = columns.map((column) => (changed[column] === base[column] ? "" : changed[column]))
      if (cells.every((cell) => cell === "")) return []
      const label = field.type.startsWith("one of")
        ? ` ${values.join(", ")}`
        : field.type === "number"
          ? ` such as ${values.join(", ")}`
          : ""
      return [[`with \`${field.name}\`${label}`, ...cells, ""]]
    })
  )
  const link = `[\`${tag}\`](#${error.toLowerCase()}-${tag.toLowerCase()})`
  return [[link, ...columns.map((column) => base[column]), when], ...changes]
}

/** Aligned as the formatter aligns it. */
const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>, fill: string) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width, fill)).join(" | ")} |`
  const [head = [], ...rest] = rows
  return [line(head, " "), line([], "-"), ...rest.map((row) => line(row, " "))].join("\n")
}

const section = (
  { error, identifier, recognisedBy, since, tag, toDo, when }: Catalogue.Entry,
  fields: ReadonlyArray<Field>
) =>
  [
    `### ${error}: ${tag}`,
    "",
    when,
    "",
    `- **Recognised by:** ${recognisedBy}`,
    `- **To do:** ${toDo}`,
    ...(fields.length === 0
      ? []
      : [
          "- **Fields:**",
          ...fields.map(({ isOptional, name, type }) => `  - \`${name}\`: ${type}${isOptional ? ", optional" : ""}`)
        ]),
    `- **Identifier:** \`${identifier}\`, since ${since}`
  ].join("\n")

/** Fields of every reason of an error stand in the prose. */
const common: ReadonlySet<string> = new Set(["_tag", "message", "seenIn"])

const unions = { UpstreamError: UpstreamReason, BoundaryError: BoundaryReason, PolicyError: PolicyReason }

const meaningOf = ({ error, identifier }: Catalogue.Entry): Meaning => {
  const member = unions[error].members.find((each) => each.identifier === identifier)
  const decode = Schema.decodeUnknownSync(Schema.toType(member ?? Schema.Never))
  return (fields) => {
    const reason: unknown = Reflect.construct(Object(member), [fields])
    const found = Disposition.of(decode(reason))
    if (found === undefined) throw new Error(`${identifier} has no disposition`)
    return found
  }
}

const catalogueOf = (error: string): string => {
  const found = Catalogue.entries().filter((entry) => entry.error === error)
  if (found.length === 0) throw new Error(`there is no ${error}`)
  const described = found.map((entry) => ({
    entry,
    fields: Object.entries(entry.fields).map(([name, field]) => fieldOf([name, field as Schema.Constraint]))
  }))
  return [
    table([
      ["reason", ...columns, "when"],
      ...described.flatMap(({ entry, fields }) =>
        rowsOf(
          entry,
          fields.filter(({ name }) => name !== "_tag"),
          meaningOf(entry)
        )
      )
    ]),
    ...described.map(({ entry, fields }) =>
      section(
        entry,
        fields.filter(({ name }) => !common.has(name))
      )
    )
  ].join("\n\n")
}

const path = "docs/errors.md"
const text = readFileSync(path, "utf8")
const block = /<!-- reasons: (\w+) -->\n[\s\S]*?<!-- \/reasons -->/g
const written = text.replaceAll(
  block,
  (_, error: string) => `<!-- reasons: ${error} -->\n\n${catalogueOf(error)}\n\n<!-- /reasons -->`
)
if (written !== text) {
  if (process.argv.includes("--check")) {
    console.error(`${path} does not say what the reasons' classes say: run "npm run fix"`)
    process.exitCode = 1
  } else {
    writeFileSync(path, written)
    console.log(`${path} brought up to date`)
  }
}
