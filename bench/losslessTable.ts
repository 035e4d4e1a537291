/**
 * Writes the measured tables into `docs/lossless.md`: what kinds of values become
 * with this codec and with others, how much of the corpus arrives, and where a
 * secret can hide. With `--check` it changes nothing and fails where the page says
 * something else.
 */
import { readFileSync, writeFileSync } from "node:fs"
import * as Codec from "@causeway/testing/Codec"
import * as Secrets from "@causeway/testing/Secrets"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Case } from "../packages/core/test/conformance/corpus/Case.ts"
import { classes, corpus } from "../packages/core/test/conformance/corpus/index.ts"
import { fidelity } from "./losslessFidelity.ts"
import { effectSchema, rivalsFor, type Rival } from "./losslessRivals.ts"
import { harmless, places } from "./losslessSecrets.ts"

const page = "docs/lossless.md"

const ours = (form: Codec.Form): Rival & { readonly codec: Codec.Codec } => {
  const codec = Codec.lossless({ form, classes })
  return { name: `Lossless, ${form}`, codec, carry: (value) => Codec.roundTrip(codec, value) }
}

const columns: ReadonlyArray<Rival> = [
  ours("json"),
  ours("clone"),
  ...rivalsFor(classes.map((known) => ("class" in known ? known.class : known))).filter(
    ({ name }) => name !== "serialize-error, toJSON off"
  ),
  { ...effectSchema(Schema.Defect({ includeStack: true })), name: "Effect's `Defect`" }
]

/** Parts of the corpus that the table counts; the others are about limits and secrets. */
const counted = [
  "native errors",
  "causes and properties",
  "classes",
  "thrown values",
  "values",
  "Effect",
  "unknown tags",
  "placeholders"
]

/** Some serializers would walk its four thousand million holes. */
const endless: ReadonlySet<string> = new Set(["a list that is long and sparse"])

/**
 * One row of the table of kinds: a case of the corpus that stands for the kind, and
 * what it arrives as where nobody could carry it as it is.
 */
const kinds: ReadonlyArray<readonly [kind: string, part: string, name: string, as?: string]> = [
  ["`Error`", "native errors", "Error"],
  ["`TypeError` and the other native kinds", "native errors", "TypeError"],
  ["`AggregateError`", "native errors", "an AggregateError with its errors"],
  ["`SuppressedError`", "native errors", "a SuppressedError"],
  ["`DOMException`", "native errors", "a DOMException named AbortError"],
  ["system error (`code`, `errno`, `syscall`)", "native errors", "a system error of a file"],
  ["error of another realm", "native errors", "an error of another realm arrives as this realm's", "this realm's"],
  ["`cause`, chain of three", "causes and properties", "a chain of three"],
  ["`cause` that is `undefined`", "causes and properties", "an undefined cause"],
  ["`cause` that is the error itself", "causes and properties", "an error that is its own cause"],
  ["own properties of an error", "causes and properties", "own properties"],
  ["hidden property", "causes and properties", "a hidden property"],
  ["symbol-keyed property", "causes and properties", "a symbol-keyed property"],
  ["accessor", "causes and properties", "an accessor", "its value"],
  ["getter that throws", "causes and properties", "a getter that throws", "placeholder"],
  ["own `name`", "causes and properties", "a name of the instance"],
  ["frozen error", "causes and properties", "a frozen error"],
  [
    "class whose constructor needs arguments, registered",
    "classes",
    "a class whose constructor needs a response and a body"
  ],
  ["class whose constructor throws, registered", "classes", "a class whose constructor throws"],
  ["class that is not registered", "classes", "an unregistered subclass of RangeError", "native kind, with its name"],
  ["tagged error of Effect", "classes", "a tagged error with a nested class"],
  ["… with more on it than it declares", "classes", "a tagged error with more on it than it declares"],
  [
    "tagged error whose class the receiver lacks",
    "unknown tags",
    "an unknown tagged error keeps its tag and its fields",
    "`UnknownFailure`"
  ],
  ["thrown text", "thrown values", "a thrown text"],
  ["thrown `undefined`", "thrown values", "a thrown undefined"],
  ["function", "thrown values", "a thrown function", "placeholder"],
  ["promise", "placeholders", "a promise", "placeholder"],
  ["shared reference", "values", "a shared object"],
  ["cycle", "values", "an object that holds itself"],
  ["Map and Set", "values", "a Map with objects as keys"],
  ["Date, invalid", "values", "an invalid Date"],
  ["RegExp", "values", "a RegExp"],
  ["URL", "values", "a URL"],
  ["bigint", "values", "bigints"],
  ["`-0`, `NaN`, `Infinity`", "values", "a float array with odd numbers"],
  ["`undefined` against absent", "values", "an undefined property"],
  ["list with holes", "values", "a list with holes"],
  ["typed arrays", "values", "a typed array of every kind"],
  ["Buffer", "values", "a Buffer"],
  ["object without prototype", "values", "an object without prototype"],
  ["key `__proto__`", "values", "a key __proto__"],
  ["lone surrogates", "values", "lone surrogates"],
  ["causes, 1,000 deep", "values", "causes of causes, 1,000 deep"],
  ["`Option`", "Effect", "an Option"],
  ["`Duration`, `DateTime`", "Effect", "an error with Effect's values on it"],
  ["`Chunk`, `HashMap`", "Effect", "a HashMap"],
  ["`Cause` of a failure", "Effect", "a Cause of a failure"],
  ["`Cause`, combined", "Effect", "a combined Cause"],
  ["`Cause`, annotated", "Effect", "an annotated Cause"],
  ["`Exit`", "Effect", "an Exit of a combined Cause"],
  ["`UpstreamError`", "Effect", "an UpstreamError with everything on it"]
]

/** What became of a case's value, in a few words. */
const becomes = (rival: Rival, one: Case): string => {
  const value = one.make()
  try {
    const arrived = rival.carry(value)
    const expected = one.arrives === undefined ? value : one.arrives(value)
    const found = fidelity(expected, arrived, { ignore: one.ignore })
    return found.startsWith("whole") && !holds(one, arrived) ? "changed" : found
  } catch {
    return "throws"
  }
}

const holds = (one: Case, arrived: unknown): boolean => {
  try {
    one.holds?.(arrived)
    return true
  } catch {
    return false
  }
}

const find = (part: string, name: string): Case => {
  const found = corpus[part]?.find((one) => one.name === name)
  if (found === undefined) throw new Error(`the corpus has no case "${name}" in "${part}"`)
  return found
}

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const all = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")))
  const widths = head.map((_, index) => Math.max(3, ...all.map((cells) => cells[index]?.length ?? 0)))
  const [first = "", ...rest] = all.map((cells) => row(cells.map((cell, index) => cell.padEnd(widths[index] ?? 0))))
  return [first, row(widths.map((width) => "-".repeat(width))), ...rest].join("\n")
}

const kindsTable = (): string =>
  table(
    ["value", ...columns.map(({ name }) => name)],
    kinds.map(([kind, part, name, as]) => [
      kind,
      ...columns.map((rival) => {
        const found = becomes(rival, find(part, name))
        return as !== undefined && found === "whole" ? as : found
      })
    ])
  )

const countsTable = (): string =>
  table(
    ["arrives as it should", ...columns.map(({ name }) => name)],
    counted.map((part) => {
      const cases = (corpus[part] ?? []).filter(({ name }) => !endless.has(name))
      return [
        `${part} (${cases.length})`,
        ...columns.map((rival) => String(cases.filter((one) => becomes(rival, one).startsWith("whole")).length))
      ]
    })
  )

/** A key that its shape gives away. */
const secret = "sk-proj-T3BlbkFJtarnhelm4711Zauberflote0815AbCdEfGh"

/** What JSON lacks and a structured clone has. */
const printable = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value)

const isClean = (codec: Codec.Codec, value: unknown, written: string): boolean => {
  const wire = codec.encode(value)
  const bytes = Buffer.concat([Codec.bytes(codec, wire), Buffer.from(JSON.stringify(wire, printable))])
  const asJson = JSON.stringify(written).slice(1, -1)
  return Secrets.find(bytes, secret) === undefined && !bytes.includes(written) && !bytes.includes(asJson)
}

const secretsTable = (): string => {
  const ways = (["json", "clone"] as const).flatMap((form) =>
    [[], [Redacted.make(secret)]].map((secrets) => ({
      name: `${form}, ${secrets.length === 0 ? "by its shape" : "handed in"}`,
      codec: Codec.lossless({ form, classes, secrets })
    }))
  )
  const rows = places.map((place) => ({
    name: place.name,
    cells: ways.map(({ codec }) => isClean(codec, place.make(secret), place.written?.(secret) ?? secret))
  }))
  const share = ways.map((_, index) => `${rows.filter(({ cells }) => cells[index]).length} of ${rows.length}`)
  const kept = ways.map(({ codec }) => {
    const same = harmless.filter((text) => Codec.roundTrip(codec, text) === text)
    return `${same.length} of ${harmless.length}`
  })
  return table(
    ["where it hides", ...ways.map(({ name }) => name)],
    [
      ...rows.map(({ cells, name }) => [name, ...cells.map((clean) => (clean ? "clean" : "**open**"))]),
      ["**clean**", ...share],
      ["**harmless texts kept**", ...kept]
    ]
  )
}

const tables: Readonly<Record<string, () => string>> = {
  kinds: kindsTable,
  counts: countsTable,
  secrets: secretsTable
}

const text = readFileSync(page, "utf8")
const written = text.replaceAll(
  /<!-- measured: (\w+) -->\n[\s\S]*?<!-- \/measured -->/g,
  (_, name: string) => `<!-- measured: ${name} -->\n\n${tables[name]?.() ?? ""}\n\n<!-- /measured -->`
)

if (written === text) console.log(`${page} is up to date`)
else if (process.argv.includes("--check")) {
  console.error(`${page} is not up to date: run "node bench/losslessTable.ts"`)
  process.exitCode = 1
} else {
  writeFileSync(page, written)
  console.log(`${page} brought up to date`)
}
