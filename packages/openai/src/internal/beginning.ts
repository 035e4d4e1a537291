/** How an answer begins: what it is, where nothing else tells, and all that a verdict on it needs. */
import type { Exchange } from "./exchange.ts"

/** The first characters of a body. */
export const firstOf = (chunk: Uint8Array): string =>
  Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.byteLength, 64)).toString()

/** Whether the first bytes are a text's: no sort of audio begins as JSON or HTML does. */
export const beginsAsText = (chunk: Uint8Array): boolean => /^\uFEFF?\s*(?:[{[<]|$)/.test(firstOf(chunk))

/** Whether a content type names something that no sort of audio is. */
export const isText = (type: string): boolean => /json|html|xml|text\//i.test(type)

/** The beginning of an answer that is not what was asked for. */
export class Beginning {
  readonly #chunks: Array<Uint8Array> = []
  #bytes = 0

  /** Takes in a piece. Gives whether there is enough; the body of an error its exchange cuts itself. */
  add(chunk: Uint8Array, { limits, status }: Exchange): boolean {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    return status < 400 && this.#bytes > limits.errorBodyBytes
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString()
  }
}
