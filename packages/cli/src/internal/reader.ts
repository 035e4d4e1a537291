/**
 * Reads settings out of values that came from a flag, a variable or a file, and
 * gathers what is wrong with them, so that all of it can be told at once.
 */
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as Redaction from "@causeway/core/Redaction"
import * as ByteSize from "effect/ByteSize"
import * as EffectConfig from "effect/Config"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Problem } from "../InvalidConfig.ts"

/** A value and where it came from. */
export interface Given {
  /** A variable, a flag, or a path in a file. */
  readonly name: string
  readonly file?: string | undefined
  readonly value: unknown
}

/** What a setting may be. */
export interface Kind<A> {
  readonly allowed: string
  /** `undefined` for a value that is not allowed. `inFile`: it came from a file, where not everything is a text. */
  readonly parse: (value: unknown, inFile: boolean) => A | undefined
  /** Nothing of the value may be shown. */
  readonly secret?: boolean
}

/** The problems that were found. */
export type Problems = Array<Problem>

/** The first one that is there: flag before variable before file. */
export const first = (...given: ReadonlyArray<Given>): Given | undefined =>
  given.find(({ value }) => value !== undefined)

/** Reads a value; one that is absent or wrong is `undefined`, and the latter a problem. */
export const read = <A>(problems: Problems, given: Given | undefined, kind: Kind<A>): A | undefined => {
  if (given === undefined || given.value === undefined) return undefined
  const value = kind.parse(given.value, given.file !== undefined)
  if (value === undefined) {
    const actual = kind.secret === true ? "a value that is not shown here" : show(given.value)
    problems.push({ setting: settingOf(given), actual, allowed: kind.allowed })
  }
  return value
}

/** As {@link read}, where one that is absent is a problem as well. */
export const needed = <A>(problems: Problems, given: Given, kind: Kind<A>): A | undefined => {
  if (given.value !== undefined) return read(problems, given, kind)
  problems.push({ setting: settingOf(given), actual: "nothing", allowed: kind.allowed })
  return undefined
}

/** Where a value was set, for people. */
export const settingOf = ({ file, name }: Given): string =>
  file === undefined ? name : name === "" ? file : `${name} in ${file}`

/** A value for people: short, on one line, without secrets. */
export const show = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (value === null || typeof value === "boolean" || typeof value === "number") return String(value)
  if (typeof value === "string") return quoted(value)
  if (value instanceof URL) return quoted(Redaction.url(value.href))
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`
}

const shownChars = 120

const quoted = (text: string): string => {
  const masked = Redaction.text(text)
  return JSON.stringify(masked.length <= shownChars ? masked : `${masked.slice(0, shownChars)}...`)
}

const finite = (value: unknown, inFile: boolean): number | undefined => {
  const number = !inFile && typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === "number" && Number.isSafeInteger(number) ? number : undefined
}

export const wholeNumber = (least: number, most?: number): Kind<number> => ({
  allowed: most === undefined ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`,
  parse: (value, inFile) => {
    const number = finite(value, inFile)
    return number !== undefined && number >= least && number <= (most ?? number) ? number : undefined
  }
})

export const flag: Kind<boolean> = {
  allowed: "true or false",
  parse: (value) => (typeof value === "boolean" ? value : undefined)
}

export const text = (allowed: string, isAllowed: (text: string) => boolean = (text) => text !== ""): Kind<string> => ({
  allowed,
  parse: (value) => (typeof value === "string" && isAllowed(value) ? value : undefined)
})

/** A list of texts. */
export const texts = (
  allowed: string,
  isAllowed: (text: string) => boolean = (text) => text !== ""
): Kind<ReadonlyArray<string>> => ({
  allowed,
  parse: (value) => {
    if (!Array.isArray(value)) return undefined
    const found = value.filter((each): each is string => typeof each === "string" && isAllowed(each))
    return found.length === value.length ? found : undefined
  }
})

/** A list of some of these words. */
export const someOf = <const Word extends string>(words: ReadonlyArray<Word>): Kind<ReadonlyArray<Word>> => ({
  allowed: `a list of ${words.join(", ")}, or of some of them`,
  parse: (value) => {
    if (!Array.isArray(value)) return undefined
    const known = words.filter((word) => value.includes(word))
    return value.every((each) => known.includes(each)) ? known : undefined
  }
})

/** A name or an address, not a URL and not with a port. */
export const host = text("a host name or an IP address", (text) => /^(?:[\w.-]+|\[?[0-9a-f:.]+\]?)$/i.test(text))

/** What can stand in a header. */
const isVisible = (text: string): boolean => /^[\x21-\x7e]+$/.test(text)

const visible = "visible ASCII characters without spaces"

/** A secret out of a variable. */
export const secretText: Kind<Redacted.Redacted<string>> = {
  allowed: visible,
  secret: true,
  parse: (value) => (typeof value === "string" && isVisible(value) ? Redacted.make(value) : undefined)
}

/** A secret out of the file, or where to find it. */
export const secret: Kind<Redacted.Redacted<string> | EffectConfig.Config<Redacted.Redacted<string>>> = {
  allowed: `Config.Redacted("VARIABLE"), {"env": "VARIABLE"}, or a Redacted of ${visible}`,
  secret: true,
  parse: (value) =>
    isVariable(value)
      ? EffectConfig.Redacted(value.env)
      : EffectConfig.isConfig(value)
        ? // What it gives is looked at when it is read.
          (value as EffectConfig.Config<Redacted.Redacted<string>>)
        : isRedactedText(value)
          ? value
          : undefined
}

/** The form of JSON, which knows no `Config`. */
const isVariable = (value: unknown): value is { readonly env: string } =>
  isFields(value) && Object.keys(value).join() === "env" && typeof value["env"] === "string" && value["env"] !== ""

export const isRedactedText = (value: unknown): value is Redacted.Redacted<string> => {
  if (!Redacted.isRedacted(value)) return false
  const inner = Redacted.value(value)
  return typeof inner === "string" && isVisible(inner)
}

export const duration: Kind<Duration.Duration> = {
  allowed: 'a duration above zero, such as "30 seconds"',
  parse: (value) => {
    const duration = Option.getOrUndefined(Duration.fromInput(value as Duration.Input))
    return duration !== undefined && Duration.toMillis(duration) > 0 ? duration : undefined
  }
}

export const byteSize: Kind<ByteSize.ByteSize> = {
  allowed: 'a size above zero, such as "32 MiB"',
  parse: (value) => {
    const size = Option.getOrUndefined(ByteSize.fromInput(value as ByteSize.Input))
    return size !== undefined && !ByteSize.isZero(size) ? size : undefined
  }
}

export const httpUrl: Kind<string> = {
  allowed: "an http or https address without credentials in it, such as http://127.0.0.1:8001/v1",
  parse: (value) => {
    if (typeof value !== "string" || !URL.canParse(value)) return undefined
    const { password, protocol, username } = new URL(value)
    return username === "" && password === "" && /^https?:$/.test(protocol) ? value : undefined
  }
}

/** A file: its URL, or its path, which starts where the file stands that names it. */
export const fileUrl = (folder: string): Kind<URL> => ({
  allowed: 'the URL of a file, such as new URL("./services.ts", import.meta.url), or its path',
  parse: (value) => {
    if (typeof value === "string" && value !== "" && !/^\w{2,}:/.test(value))
      return pathToFileURL(resolve(folder, value))
    return value instanceof URL && value.protocol === "file:" ? value : undefined
  }
})

/** An object, by its members; unknown members are problems. `undefined` where it is absent or no object. */
export const members = (
  problems: Problems,
  given: Given,
  known: ReadonlyArray<string>
): ((name: string) => Given) | undefined => {
  const fields = record(problems, given)
  if (fields === undefined) return undefined
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue
    problems.push({
      setting: settingOf(under(given, name, undefined)),
      actual: "an option that does not exist",
      allowed: `one of ${known.join(", ")}`
    })
  }
  return (name) => under(given, name, fields[name])
}

/** An object, whatever its members are called. */
export const record = (problems: Problems, given: Given): Readonly<Record<string, unknown>> | undefined =>
  read(problems, given, {
    allowed: "an object",
    parse: (value) => (isFields(value) ? value : undefined)
  })

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The elements of a list; none where it is absent. */
export const elements = (problems: Problems, given: Given): ReadonlyArray<Given> => {
  const list = read<ReadonlyArray<unknown>>(problems, given, {
    allowed: "a list",
    parse: (value) => (Array.isArray(value) ? value : undefined)
  })
  return (list ?? []).map((value, index) => ({ ...given, name: `${given.name}[${index}]`, value }))
}

/** A member of a value. */
export const under = ({ file, name }: Given, member: string, value: unknown): Given => ({
  name: name === "" ? member : `${name}.${member}`,
  file,
  value
})

/** An object whose members are all of one kind; `undefined` where it is absent. */
export const fields = <A>(problems: Problems, given: Given, kind: Kind<A>): Readonly<Record<string, A>> | undefined => {
  const found = record(problems, given)
  if (found === undefined) return undefined
  const members: Record<string, A> = {}
  for (const [name, value] of Object.entries(found)) {
    const member = read(problems, under(given, name, value), kind)
    if (member !== undefined) members[name] = member
  }
  return members
}
