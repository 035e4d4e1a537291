/** Values of Effect, by their prototypes: an object that only looks like one is what it is. */
import { mask } from "../redaction/spans.ts"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Cuts from "./cuts.ts"
import type { Encoder, Handler } from "./encoder.ts"
import * as Own from "./ownProperties.ts"
import { isObject, type Node, numberNode, read, type Wire } from "./wire.ts"

const leaf = (encode: Handler["encode"]): Handler => ({ spills: false, encode })

/** A kind with one value in it; the node is known before the value is written. */
const holding = (kind: string, key: string, take: (value: object) => unknown, spills: boolean): Handler => ({
  spills,
  encode: (encoder, value, index) => {
    const node: Node = { $: kind }
    if (spills) encoder.nodes[index] = node
    node[key] = encoder.value(take(value))
    if (spills) Own.state(node, value)
    return node
  }
})

const listing = (kind: string, key: string, list: (value: object) => ReadonlyArray<unknown>): Handler =>
  leaf((encoder, value) => {
    const all = list(value)
    const values = all.slice(0, Cuts.keptOf(encoder, all.length)).map((element) => encoder.value(element))
    if (values.length < all.length) values.push(Cuts.cutElements(all.length, values.length, "elements"))
    const node: Node = { $: kind, [key]: values }
    if (kind === "HashSet") Own.state(node, value)
    return node
  })

const hashMap = leaf((encoder, value) => {
  const all = Array.from(value as HashMap.HashMap<unknown, unknown>)
  const entries: Array<Wire> = all
    .slice(0, Cuts.keptOf(encoder, all.length))
    .map(([key, held]) => [
      encoder.value(key),
      typeof key === "string" ? encoder.under(key, held) : encoder.value(held)
    ])
  if (entries.length < all.length) entries.push([Cuts.cutElements(all.length, entries.length, "entries"), null])
  const node: Node = { $: "HashMap", $entries: entries }
  Own.state(node, value)
  return node
})

/** A node with an integer in it, or the text that stands for one which is too long to be carried. */
const digits = (encoder: Encoder, integer: bigint, nodeOf: (digits: Wire) => Node): Wire => {
  const wire = encoder.bigint(integer)
  return isObject(wire) ? nodeOf(read(wire, "$value")) : typeof wire === "string" ? wire : nodeOf(wire)
}

const duration = leaf((encoder, value): Wire => {
  const own = (value as Duration.Duration).value
  switch (own._tag) {
    case "Millis":
      return { $: "Duration", $millis: numberNode(own.millis, encoder.settings.clone) }
    case "Nanos":
      return digits(encoder, own.nanos, (nanos) => ({ $: "Duration", $nanos: nanos }))
    case "Infinity":
      return { $: "Duration", $millis: "Infinity" }
    case "NegativeInfinity":
      return { $: "Duration", $millis: "-Infinity" }
  }
})

const zoneOf = (zone: DateTime.TimeZone): Wire => (zone._tag === "Named" ? zone.id : zone.offset)

const dateTime = leaf((encoder, value) => {
  const self = value as DateTime.DateTime
  const node: Node = { $: "DateTime", $ms: numberNode(self.epochMilliseconds, encoder.settings.clone) }
  if (DateTime.isZoned(self)) node["$zone"] = zoneOf(self.zone)
  return node
})

/** How time zones are written. */
export const zone = leaf((_, value) => ({ $: "TimeZone", $zone: zoneOf(value as DateTime.TimeZone) }))

const bigDecimal = leaf((encoder, value) => {
  if (encoder.masked) return mask
  const { scale, value: integer } = value as BigDecimal.BigDecimal
  return digits(encoder, integer, (own) => ({ $: "BigDecimal", $value: own, $scale: scale }))
})

const redacted = leaf((encoder, value, index) => {
  const { label } = value as Redacted.Redacted<unknown>
  const node: Node =
    typeof label !== "string"
      ? { $: "Redacted" }
      : {
          $: "Redacted",
          $label: encoder.isRoomForText(label.length) ? encoder.settings.redact(label) : Cuts.spentText(encoder, label)
        }
  encoder.lost ??= "a Redacted value"
  encoder.nodes[index] = node
  return node
})

const cause: Handler = {
  spills: true,
  encode: (encoder, value, index) => {
    const reasons: Array<Wire> = []
    const node: Node = { $: "Cause", $reasons: reasons }
    encoder.nodes[index] = node
    const all = (value as Cause.Cause<unknown>).reasons
    const kept = Cuts.keptOf(encoder, all.length)
    for (const one of kept < all.length ? all.slice(0, kept) : all) reasons.push(reasonOf(encoder, one))
    if (kept < all.length) reasons.push(Cuts.cutElements(all.length, kept, "reasons"))
    Own.state(node, value)
    return node
  }
}

/** A text in a reason's place makes the receiver die of it; passed on under the same limit, it stays what it is. */
const reasonOf = (encoder: Encoder, one: Cause.Reason<unknown>): Wire => {
  const wire = encoder.value(one)
  return typeof wire === "string" && one._tag === "Die" && typeof one.defect === "string"
    ? encoder.text(one.defect)
    : wire
}

const reason = leaf((encoder, value) => {
  const self = value as Cause.Reason<unknown>
  const node: Node = { $: self._tag }
  if (self._tag === "Fail") node["$error"] = encoder.value(self.error)
  else if (self._tag === "Die") node["$defect"] = encoder.value(self.defect)
  else if (self.fiberId !== undefined) node["$fiber"] = numberNode(self.fiberId, encoder.settings.clone)
  if (self.annotations.size > 0) node["$annotations"] = annotations(encoder, self.annotations)
  return node
})

const annotations = (encoder: Encoder, all: ReadonlyMap<string, unknown>): Wire =>
  Array.from(all, ([key, value]) => [
    encoder.settings.redact(key),
    frameKeys.has(key) ? frames(encoder, value) : encoder.under(key, value)
  ])

/** Annotations in which Effect keeps where a fiber was; their frames are functions. */
const frameKeys: ReadonlySet<string> = new Set([Cause.StackTrace.key, Cause.InterruptorStackTrace.key])

/** How many frames of spans are kept; Effect itself shows ten. */
const mostFrames = 100

/** The frames of the spans that a failure ran through, innermost first. */
const frames = (encoder: Encoder, value: unknown): Wire => {
  const list: Array<Wire> = []
  let frame: unknown = value
  while (isFrame(frame) && list.length < mostFrames) {
    const one: Node = { name: encoder.text(frame.name) }
    if (encoder.settings.stack === "keep") {
      const stack = stackOf(frame)
      if (typeof stack === "string") one["stack"] = encoder.text(stack)
    }
    list.push(one)
    frame = frame.parent
  }
  return list.length === 0 ? encoder.value(value) : { $: "frames", $frames: list }
}

interface Frame {
  readonly name: string
  readonly stack: () => unknown
  readonly parent: unknown
}

const isFrame = (u: unknown): u is Frame =>
  isObject(u) && typeof read(u, "name") === "string" && typeof read(u, "stack") === "function"

const stackOf = (frame: Frame): unknown => {
  try {
    return frame.stack()
  } catch {
    return undefined
  }
}

const prototypeOf = (value: object): object => Object.getPrototypeOf(value)

const utc = DateTime.makeUnsafe(0)
const offset = DateTime.zoneMakeOffset(0)

/**
 * Whether an object is a time zone that has a name. The prototype of those is looked at only where something looks like
 * one: to make a zone loads the engine's tables of dates, which takes longer than this whole package to load.
 */
export const isNamedZone = (prototype: object, value: object): boolean =>
  DateTime.isTimeZoneNamed(value) && prototype === prototypeOf(DateTime.zoneMakeNamedUnsafe("UTC"))

/** How values of Effect are written, by prototype; those of {@link isNamedZone} apart. */
export const handlers: ReadonlyArray<readonly [prototype: object, handler: Handler]> = [
  [prototypeOf(Option.some(0)), holding("Some", "$value", (value) => read(value, "value"), true)],
  [prototypeOf(Option.none()), leaf(() => ({ $: "None" }))],
  [prototypeOf(Result.succeed(0)), holding("Result.Success", "$value", (value) => read(value, "success"), true)],
  [prototypeOf(Result.fail(0)), holding("Result.Failure", "$value", (value) => read(value, "failure"), true)],
  [prototypeOf(Exit.succeed(0)), holding("Exit.Success", "$value", (value) => read(value, "value"), false)],
  [prototypeOf(Exit.fail(0)), holding("Exit.Failure", "$cause", (value) => read(value, "cause"), false)],
  [prototypeOf(Cause.empty), cause],
  [prototypeOf(Cause.makeFailReason(0)), reason],
  [prototypeOf(Cause.makeDieReason(0)), reason],
  [prototypeOf(Cause.makeInterruptReason()), reason],
  [prototypeOf(Duration.zero), duration],
  [prototypeOf(utc), dateTime],
  [prototypeOf(DateTime.makeZonedUnsafe(0, { timeZone: offset })), dateTime],
  [prototypeOf(offset), zone],
  [
    prototypeOf(Chunk.empty()),
    listing("Chunk", "$values", (value) => Chunk.toReadonlyArray(value as Chunk.Chunk<unknown>))
  ],
  [prototypeOf(BigDecimal.make(0n, 0)), bigDecimal],
  [prototypeOf(HashMap.empty()), hashMap],
  [
    prototypeOf(HashSet.empty()),
    listing("HashSet", "$values", (value) => Array.from(value as HashSet.HashSet<unknown>))
  ],
  [prototypeOf(Redacted.make(0)), redacted]
]
