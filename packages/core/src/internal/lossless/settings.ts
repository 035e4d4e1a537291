/**
 * Options made ready for use: registry, limits and redaction. Made once per options
 * object and remembered.
 */
import * as Context from "effect/Context"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Redaction from "../../Redaction.ts"
import * as Known from "../redaction/known.ts"
import { InvalidOptions } from "./failures.ts"
import type { Build } from "./generated.ts"
import { type Key, keysOf, plainKeys, sharedKeys } from "./keys.ts"
import { defaultLimits, type Options, type StackPolicy } from "./options.ts"
import * as Registry from "./registry.ts"
import * as Secrets from "./secrets.ts"
import { isObject } from "./wire.ts"

export interface Settings {
  readonly registry: Registry.Registry
  readonly limits: { readonly [K in keyof typeof defaultLimits]: number }
  readonly stack: StackPolicy
  readonly clone: boolean
  /** How the plans of classes are built. */
  readonly build: Build
  /** A text without secrets. */
  readonly redact: (text: string) => string
  /** Whether there are secrets to look for that no text's shape tells. */
  readonly hasSecrets: () => boolean
  readonly url: (url: string) => string
  readonly headers: (pairs: Iterable<readonly [string, string]>) => Array<[string, string]>
  /** Whether a text is the name of a credential and so not the credential itself: `OPENAI_API_KEY`. */
  readonly isName: (text: string) => boolean
  /** What is to be known of a property's name. */
  readonly key: (name: string) => Key
}

/** The options that hold where none are given. */
export const Defaults = Context.Reference<Options>("@causeway/core/Lossless/Defaults", {
  defaultValue: () => none
})

/** The options of those who give none. */
export const none: Options = {}

const made = new WeakMap<Options, Settings>()
const merged = new WeakMap<Options, WeakMap<Options, Options>>()

/** The settings of some options over the defaults of the current fiber. */
export const of = (options: Options | undefined): Settings => {
  const effective = withDefaults(options)
  if (!isObject(effective)) throw new InvalidOptions({ option: "options", message: "options are an object" })
  let settings = made.get(effective)
  if (settings === undefined) made.set(effective, (settings = make(effective)))
  return settings
}

/** Options over the defaults of the current fiber. */
export const withDefaults = (options: Options = none): Options => {
  const defaults = Fiber.getCurrent()?.getRef(Defaults) ?? none
  if (defaults === none) return options
  if (options === none) return defaults
  let byOptions = merged.get(defaults)
  if (byOptions === undefined) merged.set(defaults, (byOptions = new WeakMap()))
  let both = byOptions.get(options)
  if (both === undefined) byOptions.set(options, (both = { ...defaults, ...options }))
  return both
}

/** Options with the classes that schemas were found to hold. */
export const make = (options: Options, found: Registry.Found = Registry.nothing): Settings => {
  check(options)
  const secrets = Secrets.compile(options.secrets ?? [])
  const shapes = options.redaction ?? true
  const own = secrets === undefined ? (text: string) => text : (text: string) => text.replace(secrets, Redaction.mask)
  const redact = !shapes ? own : secrets === undefined ? Redaction.text : (text: string) => Redaction.text(own(text))
  return {
    registry: registryOf(options.classes ?? noClasses, found),
    limits: limitsOf(options),
    stack: options.stack ?? "keep",
    clone: options.form === "clone",
    build: options.jit === false ? "closures" : "generated",
    redact,
    hasSecrets: () => secrets !== undefined || (shapes && !Known.isEmpty()),
    url: shapes ? (url) => Redaction.url(own(url)) : own,
    headers: shapes
      ? (pairs) => Redaction.headers(Array.from(pairs, ([name, value]) => [own(name), own(value)] as const))
      : (pairs) => Array.from(pairs, ([name, value]) => [own(name), own(value)]),
    isName: (text) => text.length <= 64 && variable.test(text) && Redaction.isCredentialName(text),
    key: secrets !== undefined ? keysOf(redact, shapes) : shapes ? sharedKeys : plainKeys
  }
}

const wrong = (option: string, message: string): never => {
  throw new InvalidOptions({ option, message })
}

/** What a program without types may have got wrong: a secret that is none would leave, and nobody would notice. */
const check = ({ classes, form, secrets, stack }: Options): void => {
  if (form !== undefined && !["json", "clone"].includes(form)) wrong("form", "the form is json or clone")
  if (stack !== undefined && !["keep", "trim", "drop"].includes(stack))
    wrong("stack", "stacks are to keep, to trim or to drop")
  if (classes !== undefined && !Array.isArray(classes)) wrong("classes", "classes are a list")
  if (secrets !== undefined && !(Array.isArray(secrets) && secrets.every(Redacted.isRedacted)))
    wrong("secrets", "secrets are a list of Redacted")
}

/** A variable of the environment, by its spelling. */
const variable = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/

const noClasses: NonNullable<Options["classes"]> = []
const registries = new WeakMap<object, Registry.Registry>()

const registryOf = (classes: NonNullable<Options["classes"]>, found: Registry.Found): Registry.Registry => {
  if (found !== Registry.nothing) return Registry.make(classes, found)
  let registry = registries.get(classes)
  if (registry === undefined) registries.set(classes, (registry = Registry.make(classes)))
  return registry
}

const limitsOf = ({ limits }: Options): Settings["limits"] => {
  if (limits === undefined) return defaultLimits
  const own = Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined))
  for (const [name, limit] of Object.entries(own)) {
    if (typeof limit !== "number" || !(limit >= 1)) {
      throw new InvalidOptions({
        option: `limits.${name}`,
        message: `a limit is a number from 1, not ${String(limit)}`
      })
    }
  }
  return { ...defaultLimits, ...own }
}
