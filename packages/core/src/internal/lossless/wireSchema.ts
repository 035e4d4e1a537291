/** Wire values as the encoded side of a schema. */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Codec from "./codec.ts"
import { declarationsIn } from "./declarations.ts"
import { InvalidWire } from "./failures.ts"
import type { Options } from "./options.ts"
import * as Registry from "./registry.ts"
import { classesIn } from "./schemaClasses.ts"
import * as Settings from "./settings.ts"

/** A wire value as a schema: anything, and JSON already, so that nothing walks through it again. */
export const Wire = Schema.declare((_: unknown): _ is unknown => true, { toCodecJson: () => undefined })

/**
 * Settings with the classes that a schema holds, over the defaults of the fiber
 * that uses them. Options that are none are refused here and not with the first
 * value.
 */
export const settingsOf = (options: Options | undefined, schema?: Schema.Top): (() => Settings.Settings) => {
  const found =
    schema === undefined ? Registry.nothing : { classes: classesIn(schema), declared: declarationsIn(schema) }
  const made = new WeakMap<Options, Settings.Settings>()
  const of = (effective: Options): Settings.Settings => {
    let settings = made.get(effective)
    if (settings === undefined) made.set(effective, (settings = Settings.make(effective, found)))
    return settings
  }
  of(options ?? Settings.none)
  return () => of(Settings.withDefaults(options))
}

/** What is wrong with a value, in a sentence. */
export const issueOf = (message: string, cause?: InvalidWire): SchemaIssue.Issue =>
  new SchemaIssue.InvalidValue(cause === undefined ? { message } : { message, cause })

/** How a wire value is decoded. */
type Decode = typeof Codec.decode

/** Out of a wire value. */
export const decoding = (
  settings: () => Settings.Settings,
  decode: Decode = Codec.decode
): SchemaGetter.Getter<unknown, unknown> =>
  SchemaGetter.transformEffect((wire: unknown) => decodeWire(settings, wire, decode))

/** Out of a wire value, or why not. */
export const decodeWire = (
  settings: () => Settings.Settings,
  wire: unknown,
  decode: Decode = Codec.decode
): Exit.Exit<unknown, SchemaIssue.Issue> => {
  try {
    return Exit.succeed(decode(settings(), wire))
  } catch (thrown) {
    return Exit.fail(thrown instanceof InvalidWire ? issueOf(thrown.message, thrown) : issueOf(String(thrown)))
  }
}
