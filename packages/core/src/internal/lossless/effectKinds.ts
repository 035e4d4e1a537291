/** Values of Effect, made again by its own constructors. */
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Decoder } from "./decoder.ts"
import { describe, integerOf, listOf, refuse } from "./refusal.ts"
import { hashed } from "./hashed.ts"
import type { Kind } from "./kinds.ts"
import { isObject, type Node, read, type Wire } from "./wire.ts"

const leaf = (make: (node: Node, decoder: Decoder) => unknown): Kind => ({
  make: (decoder, wire) => make(wire as Node, decoder)
})

/** A value that holds another: made around nothing first, so that the other can refer to it. */
const holding = (empty: () => object, key: string): Kind => ({
  make: empty,
  fill: (decoder, value, wire) => {
    const { $state, $value } = wire as Node
    ;(value as Record<string, unknown>)[key] = decoder.value($value)
    if ($state !== undefined) decoder.state(value, $state)
  }
})

const values = (decoder: Decoder, wire: Wire): Array<unknown> => listOf(wire).map((element) => decoder.value(element))

const entries = (decoder: Decoder, wire: Wire): Array<readonly [unknown, unknown]> =>
  listOf(wire).map((entry) => {
    const [key, value] = listOf(entry)
    const own = decoder.value(key)
    return [own, decoder.value(value)] as const
  })

const numberOf = (wire: Wire): number => (typeof wire === "number" ? wire : refuse("shape", "no number"))

const duration = leaf(({ $millis, $nanos }, decoder) => {
  if ($nanos !== undefined) return Duration.nanos(integerOf($nanos))
  if ($millis === "Infinity") return Duration.infinity
  if ($millis === "-Infinity") return Duration.negativeInfinity
  return Duration.millis(numberOf(decoder.value($millis)))
})

/** Which names there are, each engine has from its own tables: `undefined` for one of a newer engine. */
const zoneOf = (wire: Wire): DateTime.TimeZone | undefined =>
  typeof wire === "string"
    ? Option.getOrUndefined(DateTime.zoneMakeNamed(wire))
    : typeof wire === "number" && Number.isFinite(wire)
      ? DateTime.zoneMakeOffset(wire)
      : refuse("shape", "no time zone")

const dateTime = leaf(({ $ms, $zone }, decoder) => {
  const instant = DateTime.makeUnsafe(numberOf(decoder.value($ms)))
  if ($zone === undefined) return instant
  const zone = zoneOf($zone)
  return zone === undefined
    ? `[DateTime ${DateTime.formatIso(instant)}: the zone ${describe($zone)} is not known here]`
    : DateTime.setZone(instant, zone)
})

/** Its value stayed with the sender. */
const redacted = leaf(({ $label: label }) => {
  if (label !== undefined && typeof label !== "string") return refuse("shape", "a label is a text")
  const made = Redacted.make<unknown>(undefined, { label })
  Redacted.wipeUnsafe(made)
  // By their values, which are gone, all of them would be one.
  return Equal.byReferenceUnsafe(made)
})

const cause: Kind = {
  // The list is filled when the cause is there already, so that an error in it can refer to it.
  make: () => Cause.fromReasons([]),
  fill: (decoder, value, wire) => {
    const reasons = (value as Cause.Cause<unknown>).reasons as Array<Cause.Reason<unknown>>
    const { $reasons, $state } = wire as Node
    for (const element of listOf($reasons)) {
      const one = decoder.value(element)
      // A text stands for a reason that was cut off, and dies of that.
      if (typeof one === "string") reasons.push(Cause.makeDieReason(one))
      else reasons.push(Cause.isReason(one) ? one : refuse("shape", "no reason of a cause"))
    }
    if ($state !== undefined) decoder.state(value, $state)
  }
}

const annotated = (decoder: Decoder, reason: Cause.Reason<unknown>, wire: Wire): Cause.Reason<unknown> => {
  if (wire === undefined) return reason
  const all = new Map<string, unknown>()
  for (const entry of listOf(wire)) {
    const [key, value] = listOf(entry)
    all.set(typeof key === "string" ? key : refuse("shape", "an annotation has a name"), decoder.value(value))
  }
  return reason.annotate(Context.makeUnsafe(all), { overwrite: true })
}

const fiberOf = (decoder: Decoder, wire: Wire): number | undefined =>
  wire === undefined ? undefined : numberOf(decoder.value(wire))

interface Frame {
  readonly name: string
  readonly stack: () => string | undefined
  readonly parent: Frame | undefined
}

/** The frames of spans, as Effect's own printing of a cause reads them. */
const frames = leaf(({ $frames }) => {
  let frame: Frame | undefined
  for (const wire of listOf($frames).toReversed()) {
    const name = isObject(wire) ? read(wire, "name") : undefined
    const stack = isObject(wire) ? read(wire, "stack") : undefined
    if (typeof name !== "string" || (stack !== undefined && typeof stack !== "string"))
      return refuse("shape", "no frame")
    frame = { name, stack: () => stack, parent: frame }
  }
  return frame ?? refuse("shape", "no frames")
})

const exit = (decoder: Decoder, wire: Wire): Exit.Exit<unknown, unknown> => {
  const own = decoder.value(wire)
  if (typeof own === "string") return Exit.die(own)
  return Cause.isCause(own) ? Exit.failCause(own) : refuse("shape", "an exit fails with a cause")
}

/** The kinds of Effect's values. */
export const kinds: ReadonlyArray<readonly [name: string, kind: Kind]> = [
  ["Some", holding(() => Option.some(undefined), "value")],
  ["None", leaf(() => Option.none())],
  ["Result.Success", holding(() => Result.succeed(undefined), "success")],
  ["Result.Failure", holding(() => Result.fail(undefined), "failure")],
  ["Exit.Success", leaf(({ $value }, decoder) => Exit.succeed(decoder.value($value)))],
  ["Exit.Failure", leaf(({ $cause }, decoder) => exit(decoder, $cause))],
  ["Cause", cause],
  [
    "Fail",
    leaf(({ $annotations, $error }, decoder) =>
      annotated(decoder, Cause.makeFailReason(decoder.value($error)), $annotations)
    )
  ],
  [
    "Die",
    leaf(({ $annotations, $defect }, decoder) =>
      annotated(decoder, Cause.makeDieReason(decoder.value($defect)), $annotations)
    )
  ],
  [
    "Interrupt",
    leaf(({ $annotations, $fiber }, decoder) =>
      annotated(decoder, Cause.makeInterruptReason(fiberOf(decoder, $fiber)), $annotations)
    )
  ],
  ["frames", frames],
  ["Duration", duration],
  ["DateTime", dateTime],
  ["TimeZone", leaf(({ $zone }) => zoneOf($zone) ?? `[TimeZone ${describe($zone)}: not known here]`)],
  ["Chunk", leaf(({ $values }, decoder) => Chunk.fromIterable(values(decoder, $values)))],
  ["BigDecimal", leaf(({ $scale, $value }) => BigDecimal.make(integerOf($value), numberOf($scale)))],
  [
    "HashMap",
    hashed(
      HashMap.empty(),
      (decoder, { $entries }) => entries(decoder, $entries),
      ([key]) => key,
      HashMap.fromIterable
    )
  ],
  [
    "HashSet",
    hashed(
      HashSet.empty(),
      (decoder, { $values }) => values(decoder, $values),
      (member) => member,
      HashSet.fromIterable
    )
  ],
  ["Redacted", redacted]
]
