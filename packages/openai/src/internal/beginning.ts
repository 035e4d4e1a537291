/** How an answer begins: what it is, where nothing else tells, and all that a verdict on it needs. */
import * as Classification from "@causeway/core/Classification"
import type { MalformedResponse } from "@causeway/core/UpstreamReason"
import { isUtf8 } from "node:buffer"
import type { Exchange } from "./exchange.ts"

/** The first characters of a body. */
export const firstOf = (chunk: Uint8Array): string =>
  Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.byteLength, 64)).toString()

/** Whether the first bytes are a text's: no sort of audio begins as JSON or HTML does. */
export const beginsAsText = (chunk: Uint8Array): boolean => /^\uFEFF?\s*(?:[{[<]|$)/.test(firstOf(chunk))

/** Whether a content type names something that no sort of audio is. */
export const isText = (type: string): boolean => /json|html|xml|text\//i.test(type)

/** Why bytes in the name of JSON are no text at all: they are in a compression that nobody knows, say. */
export const undecodable = (type: string, bytes: Uint8Array): MalformedResponse | undefined =>
  /json/i.test(type) && !isUtf8(bytes)
    ? Classification.malformed("encoding", Buffer.from(bytes).toString(), "they are not UTF-8")
    : undefined

/** The beginning of an answer that is not what was asked for. */
export class Beginning {
  readonly #chunks: Array<Uint8Array> = []
  #bytes = 0
  #isCut = false

  /** Takes in a piece. Gives whether there is enough; the body of an error its exchange cuts itself. */
  add(chunk: Uint8Array, { limits, status }: Exchange): boolean {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    this.#isCut = status < 300 && this.#bytes > limits.errorBodyBytes
    return this.#isCut
  }

  /** As the function of this name; what is cut may end within a character. */
  undecodable({ headers }: Exchange): MalformedResponse | undefined {
    return this.#isCut ? undefined : undecodable(String(headers["content-type"] ?? ""), Buffer.concat(this.#chunks))
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString()
  }
}
