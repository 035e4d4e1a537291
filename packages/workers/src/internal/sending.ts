/**
 * Sends a message with those of its turn wherever it shares nothing with them: neither
 * objects, which would arrive as one, nor memory.
 */
import { isMarkedAsUntransferable } from "node:worker_threads"
import { transferables } from "./lossless.ts"
import type { Outbox, Transfers } from "./outbox.ts"

/**
 * Sends a message with an encoded value in it. `isFresh` says that a value of its type shares no
 * object with anything else; of others, what was written by the lossless codec is looked at.
 */
export const send = <Message>(outbox: Outbox<Message>, message: Message, value: unknown, isFresh: boolean): void => {
  if (isFresh) return outbox.push(message)
  const known = claimed.get(value as object)
  if (known !== undefined) return outbox.push(message, known)
  const transfers = transferables(value)
  const held = heldIn(value)
  if (held?.length === 0 && transfers.length === 0) return outbox.push(message)
  if (held === undefined || !outbox.moves || !isAllMoved(held, transfers)) return outbox.pushAlone(message, transfers)
  const taken = claim(value as object, held)
  if (taken === undefined)
    outbox.pushAlone(
      message,
      held.map(({ $bytes }) => bufferOf($bytes))
    )
  else outbox.push(message, taken)
}

/** Whether all memory in a value is given away, each part once, and can be. */
const isAllMoved = (held: ReadonlyArray<Holder>, transfers: Transfers): boolean =>
  held.length === transfers.length &&
  held.every(({ $bytes }) => {
    const buffer = bufferOf($bytes)
    return transfers.includes(buffer) && !buffer.detached && !isMarkedAsUntransferable(buffer)
  })

/** A node of the codec's that holds memory. */
interface Holder {
  $bytes: ArrayBuffer | Uint8Array<ArrayBuffer>
}

/** A value may be sent again, if it was taken back before it was posted. */
const claimed = new WeakMap<object, Transfers>()

/**
 * Takes the memory that a message gives away, at once and not at the end of the turn: whoever had it
 * can neither write to it in between nor give it away again. `undefined` where some of it cannot be
 * taken, such as that of a WebAssembly module.
 */
const claim = (value: object, held: ReadonlyArray<Holder>): Transfers | undefined => {
  const transfers: Array<ArrayBuffer> = []
  try {
    for (const holder of held) {
      const { $bytes } = holder
      const taken = bufferOf($bytes).transfer()
      holder.$bytes = $bytes instanceof ArrayBuffer ? taken : new Uint8Array(taken)
      transfers.push(taken)
    }
  } catch {
    return undefined
  }
  claimed.set(value, transfers)
  return transfers
}

const bufferOf = (bytes: Holder["$bytes"]): ArrayBuffer => (bytes instanceof ArrayBuffer ? bytes : bytes.buffer)

/** How much of a value is looked at: what is larger gains nothing by company. */
const mostNodes = 1000

/**
 * The nodes of a wire that hold memory; `undefined` where it holds anything else that was not made for it.
 * Everything that the codec makes is a plain object or a list.
 */
const heldIn = (value: unknown): ReadonlyArray<Holder> | undefined => {
  const held: Array<Holder> = []
  const left: Array<unknown> = [value]
  for (let at = 0; at < left.length; at++) {
    const one = left[at]
    if (typeof one === "function" || typeof one === "symbol") return undefined
    if (typeof one !== "object" || one === null) continue
    if (left.length > mostNodes) return undefined
    if (Array.isArray(one)) {
      for (const part of one) left.push(part)
      continue
    }
    if (Object.getPrototypeOf(one) !== Object.prototype) return undefined
    if (isHolder(one)) held.push(one)
    else for (const part of Object.values(one)) left.push(part)
  }
  return held
}

/** Memory and nothing else, which is whole: what hangs on the object beside it is not looked at. */
const isHolder = (node: object): node is Holder =>
  "$bytes" in node &&
  Object.keys(node).length === 2 &&
  (node.$bytes instanceof ArrayBuffer ||
    (node.$bytes instanceof Uint8Array &&
      node.$bytes.constructor === Uint8Array &&
      node.$bytes.buffer instanceof ArrayBuffer &&
      node.$bytes.byteLength === node.$bytes.buffer.byteLength))
