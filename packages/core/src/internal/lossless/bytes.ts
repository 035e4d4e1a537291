/**
 * Binary: each view with its own bytes only, never with the rest of the memory
 * that it looks into.
 */
import { mask } from "../redaction/spans.ts"
import { ownBut } from "./builtins.ts"
import * as Cuts from "./cuts.ts"
import type { Encoder, Handler } from "./encoder.ts"
import { isIndex } from "./lists.ts"
import * as Own from "./ownProperties.ts"
import { type Node, type Wire } from "./wire.ts"

/** Reads what a subclass or an own property could fake. */
const getter = (key: PropertyKey): ((view: object) => unknown) => {
  const prototype: object = Object.getPrototypeOf(Uint8Array.prototype)
  const get = Object.getOwnPropertyDescriptor(prototype, key)?.get
  return (view) => (get === undefined ? undefined : Reflect.apply(get, view, []))
}
const kindOf = getter(Symbol.toStringTag)
const bufferOf = getter("buffer")
const offsetOf = getter("byteOffset")
const lengthOf = getter("byteLength")

interface Memory {
  readonly buffer: ArrayBufferLike
  readonly offset: number
  readonly length: number
}

const memoryOfView = (view: object): Memory => {
  const buffer = bufferOf(view)
  if (!(buffer instanceof ArrayBuffer || isShared(buffer))) throw new TypeError("no bytes to read")
  return { buffer, offset: Number(offsetOf(view)), length: Number(lengthOf(view)) }
}

const isBuffer = (value: object): boolean => typeof Buffer === "function" && value instanceof Buffer

const isShared = (u: unknown): u is SharedArrayBuffer =>
  typeof SharedArrayBuffer === "function" && u instanceof SharedArrayBuffer

/** How a typed array is written. */
export const typedArray: Handler = {
  spills: false,
  encode: (encoder, value, index) => {
    const kind = String(kindOf(value))
    return write(encoder, isBuffer(value) ? "Buffer" : kind, memoryOfView(value), value, index)
  }
}

/** How a `DataView` is written. */
export const dataView: Handler = {
  spills: false,
  encode: (encoder, value, index) => {
    const { buffer, byteLength, byteOffset } = value as DataView
    return write(encoder, "DataView", { buffer, offset: byteOffset, length: byteLength }, value, index)
  }
}

/** How an `ArrayBuffer` is written; a shared one arrives as one of its own. */
export const arrayBuffer: Handler = {
  spills: false,
  encode: (encoder, value, index) => {
    const buffer = value as ArrayBuffer
    return write(encoder, "ArrayBuffer", { buffer, offset: 0, length: buffer.byteLength }, value, index)
  }
}

/** Of a longer one own properties are not looked for: its indices would all be names to pass over. */
const namedUpTo = 4_096

/** The bytes, and whatever else hangs on their object. */
const write = (encoder: Encoder, kind: string, memory: Memory, value: object, index: number): Wire => {
  const node = bytesNode(encoder, kind, memory, value)
  if (typeof node === "string") return node
  if (encoder.moving?.has(value) === true) move(encoder, node["$bytes"])
  encoder.nodes[index] = node
  if (kind === "ArrayBuffer" || kind === "DataView" || memory.length <= namedUpTo) ownBut(encoder, node, value, isIndex)
  else Own.exotics(encoder, node, value)
  return node
}

/** The memory of what is posted, which was copied out where the value looks into a part of other memory. */
const move = (encoder: Encoder, bytes: Wire): void => {
  const buffer = ArrayBuffer.isView(bytes) ? bytes.buffer : bytes
  if (buffer instanceof ArrayBuffer) (encoder.moved ??= new Set()).add(buffer)
}

const bytesNode = (encoder: Encoder, kind: string, memory: Memory, value: object): Node | string => {
  if (encoder.masked) return mask
  encoder.bytesLeft -= memory.length
  if (encoder.bytesLeft < 0 && memory.length > Cuts.free) {
    return `[${kind} of ${memory.length} bytes: the limit of ${encoder.settings.limits.bytes} bytes is reached]`
  }
  const bytes = new Uint8Array(memory.buffer, memory.offset, memory.length)
  const clean = withoutSecrets(encoder, bytes, kind)
  if (typeof clean === "string") return clean
  if (!encoder.settings.clone) return { $: kind, $base64: toBase64(clean) }
  if (clean !== bytes) return { $: kind, $bytes: clean }
  return { $: kind, $bytes: owned(memory, value) }
}

/** A view of memory of its own: the same one where it has that already. */
const owned = ({ buffer, length, offset }: Memory, value: object): Wire => {
  const isWhole = offset === 0 && length === buffer.byteLength && buffer instanceof ArrayBuffer && !isResizable(buffer)
  if (isWhole) return isBuffer(value) ? new Uint8Array(buffer) : value
  return copy(new Uint8Array(buffer, offset, length))
}

const isResizable = (buffer: ArrayBuffer): boolean => "resizable" in buffer && buffer.resizable === true

const copy = (bytes: Uint8Array): Uint8Array => {
  const own = new Uint8Array(bytes.length)
  own.set(bytes)
  return own
}

/** So much of the beginning tells text from other content. */
const sampled = 512

const looksLikeText = (bytes: Uint8Array): boolean => {
  const end = Math.min(bytes.length, sampled)
  for (let at = 0; at < end; at++) {
    const byte = bytes[at]!
    if (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) return false
  }
  return true
}

/** Bytes that are text are searched as text: the same ones where nothing was found. */
const withoutSecrets = (encoder: Encoder, bytes: Uint8Array, kind: string): Uint8Array | string => {
  if (bytes.length < 8 || !(looksLikeText(bytes) || encoder.settings.hasSecrets())) return bytes
  const text = decoder.decode(bytes)
  const clean = encoder.settings.redact(text)
  if (clean === text) return bytes
  const own = encoderOfText.encode(clean)
  const isText = (kind === "Uint8Array" || kind === "Buffer") && encoderOfText.encode(text).length === bytes.length
  return isText ? own : `[${kind} of ${bytes.length} bytes: ${mask}]`
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
const encoderOfText = new TextEncoder()

const toBase64 = (bytes: Uint8Array): string => {
  if (typeof Buffer === "function") {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
  }
  let binary = ""
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

const views = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView
} as const

const constructors: ReadonlyMap<string, new (buffer: ArrayBuffer) => object> = new Map([
  ...Object.entries(views),
  ...["Float16Array"].flatMap((name) => {
    const view: unknown = Reflect.get(globalThis, name)
    return typeof view === "function" ? [[name, view as new (buffer: ArrayBuffer) => object] as const] : []
  })
])

/** Kinds of nodes that hold bytes. */
export const kinds: ReadonlyArray<string> = [...constructors.keys(), "Buffer", "ArrayBuffer"]

/** What is read of a view of bytes by whoever goes through it, and what it can have as a property of its own instead. */
const measures: ReadonlyArray<string> = ["length", "buffer", "byteLength", "byteOffset"]

/** Whether a view, or the node of one, says by itself how many bytes it has. */
export const saysItsLength = (view: object): boolean => measures.some((name) => Object.hasOwn(view, name))

/** The bytes of a node as the kind that they were, or `undefined` where it holds none. */
export const bytesOf = (kind: string, node: Node): object | undefined => {
  const { $base64: base64, $bytes: bytes } = node
  const own = typeof base64 === "string" ? fromWireText(base64) : ownBytes(bytes)
  if (own === undefined) return undefined
  if (kind === "ArrayBuffer") return own
  if (kind === "Buffer") return typeof Buffer === "function" ? Buffer.from(own) : new Uint8Array(own)
  const View = constructors.get(kind)
  return View === undefined ? undefined : new View(own)
}

const fromWireText = (base64: string): ArrayBuffer => {
  if (typeof Buffer !== "function") return fromBase64(base64).buffer
  const bytes = Buffer.from(base64, "base64")
  const own = new ArrayBuffer(bytes.length)
  new Uint8Array(own).set(bytes)
  return own
}

/** What a structured clone brought is nobody else's. */
const ownBytes = (bytes: Wire): ArrayBuffer | undefined => {
  if (bytes instanceof ArrayBuffer) return bytes
  if (!ArrayBuffer.isView(bytes)) return undefined
  const { buffer, byteLength, byteOffset } = bytes
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength) return buffer
  return copy(new Uint8Array(buffer, byteOffset, byteLength)).buffer as ArrayBuffer
}
