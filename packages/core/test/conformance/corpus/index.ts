/** The corpus by its parts, and the classes that a receiver of it knows. */
import type * as Lossless from "@causeway/core/Lossless"
import type { Case } from "./Case.ts"
import * as ofClasses from "./classes.ts"
import * as ofEffect from "./effect.ts"
import * as hostileValues from "./hostileValues.ts"
import * as limits from "./limits.ts"
import * as nativeErrors from "./nativeErrors.ts"
import * as placeholders from "./placeholders.ts"
import * as properties from "./properties.ts"
import * as redaction from "./redaction.ts"
import * as thrown from "./thrown.ts"
import * as unknown from "./unknown.ts"
import * as values from "./values.ts"

export const corpus: Readonly<Record<string, ReadonlyArray<Case>>> = {
  "native errors": nativeErrors.cases,
  "causes and properties": properties.cases,
  classes: ofClasses.cases,
  "thrown values": thrown.cases,
  values: values.cases,
  Effect: ofEffect.cases,
  "unknown tags": unknown.cases,
  placeholders: placeholders.cases,
  "hostile values": hostileValues.cases,
  limits: limits.cases,
  credentials: redaction.cases
}

export const classes: ReadonlyArray<Lossless.AnyClass> = [...ofClasses.classes, ...ofEffect.coreClasses, redaction.Held]
