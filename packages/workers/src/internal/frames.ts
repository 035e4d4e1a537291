/**
 * Values on a stream of bytes, by V8's serializer as `postMessage` uses it: what
 * can be posted to a thread can be framed, and arrives the same. A frame is a mark,
 * the length of what follows, and the value.
 */
import { Deserializer, Serializer } from "node:v8"

/** Begins each frame, so that bytes of somebody else's are not taken for one. */
const mark = 0xe5_c7_05_ca
/** The mark and the length. */
export const headerBytes = 8

/** The largest value that crosses, in bytes: what claims to be larger is not waited for. */
export const maxBytes = 2 ** 30

class CloneSerializer extends Serializer {
  /** What V8 throws where a value cannot be cloned. */
  readonly _getDataCloneError = (message: string): DOMException => new DOMException(message, "DataCloneError")
}

/** A value as a frame. Throws where it cannot be cloned, or is too large. */
export const encode = (value: unknown): Uint8Array => {
  const serializer = new CloneSerializer()
  serializer.writeRawBytes(new Uint8Array(headerBytes))
  serializer.writeHeader()
  serializer.writeValue(value)
  const frame = serializer.releaseBuffer()
  const length = frame.length - headerBytes
  if (length > maxBytes) throw new RangeError(`a message of ${length} bytes is too large: ${maxBytes} may cross`)
  frame.writeUInt32LE(mark, 0)
  frame.writeUInt32LE(length, 4)
  return frame
}

/** Takes what arrives, in whatever pieces. */
export interface Reader {
  readonly push: (piece: Buffer) => void
}

/** What a reader finds. */
export interface Listener {
  readonly onValue: (value: unknown) => void
  /** What arrived is no frame, or holds no value. Comes once; nothing is read after it. */
  readonly onBroken: (error: Error) => void
}

/** Reads frames. Never throws for what it reads. */
export const makeReader = ({ onBroken, onValue }: Listener): Reader => {
  let pieces: Array<Buffer> = []
  let size = 0
  let wanted = headerBytes
  let isBroken = false

  const push = (piece: Buffer): void => {
    if (isBroken) return
    pieces.push(piece)
    size += piece.length
    // Joined when all of a frame is there, so that a large one is copied once.
    if (size >= wanted) take(pieces.length === 1 ? piece : Buffer.concat(pieces, size))
  }

  const take = (data: Buffer): void => {
    let at = 0
    wanted = headerBytes
    while (data.length - at >= headerBytes) {
      const length = lengthOf(data.subarray(at, at + headerBytes))
      if (length === undefined) return fail(new Error("what arrived is no message of ours"))
      const end = at + headerBytes + length
      if (end > data.length) {
        wanted = headerBytes + length
        break
      }
      let value: unknown
      try {
        value = decode(data.subarray(at + headerBytes, end))
      } catch (error) {
        return fail(new Error("a message that arrived cannot be read", { cause: error }))
      }
      at = end
      onValue(value)
    }
    pieces = at === data.length ? [] : [data.subarray(at)]
    size = data.length - at
  }

  const fail = (error: Error): void => {
    isBroken = true
    pieces = []
    onBroken(error)
  }

  return { push }
}

/** How long a frame is after its header; `undefined` where this is no header. */
export const lengthOf = (header: Buffer): number | undefined => {
  const length = header.readUInt32LE(4)
  return header.readUInt32LE(0) === mark && length <= maxBytes ? length : undefined
}

/** What stands after a header. Throws where it is no value. */
export const decode = (body: Buffer): unknown => {
  const deserializer = new Deserializer(body)
  deserializer.readHeader()
  return deserializer.readValue()
}
