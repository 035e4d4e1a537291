/**
 * Reads server-sent events from bytes as they come, and keeps the text of each
 * event as it was, so that it can be passed on without printing it anew.
 *
 * Follows the parsing rules of the HTML standard (9.2.6): a byte order mark at the
 * start, LF, CRLF and CR, comments, data over several lines, an event that the end
 * cuts off is none. How the bytes are cut into chunks makes no difference.
 *
 * **Example** (Events that arrive in odd pieces)
 *
 * ```ts
 * import * as Sse from "@causeway/openai/Sse"
 *
 * const events: Array<Sse.Event> = []
 * const parser = new Sse.Parser((event) => events.push(event))
 * parser.feed(Buffer.from("event: greeting\r\ndata: Hel"))
 * parser.feed(Buffer.from("lo\r\n: a comment\r\n\r"))
 *
 * events // => [{ event: "greeting", data: "Hello", text: "event: greeting\ndata: Hello\n: a comment\n\n" }]
 * ```
 */
import { isUtf8 } from "node:buffer"
import { StringDecoder } from "node:string_decoder"

/** One event. */
export interface Event {
  /** Its type; empty where none was given, which stands for `message`. */
  readonly event: string
  readonly data: string
  /** The whole event, with its comments and the empty line that ends it; line ends are LF. */
  readonly text: string
}

/** The longest event that is taken by default, in UTF-16 code units: 16 Mi. */
export const maxEventLength = 16 * 1024 * 1024

const lf = 10
const space = 32

/** What the standard puts in the place of bytes that are no UTF-8. */
const replacement = "\uFFFD"

/** A line of the standard's, or what may become one when its rest comes. */
const ofEvents = /^(?::|(?:data|event|id|retry)(?::|$)|(?:d|da|dat|e|ev|eve|even|i|r|re|ret|retr)?$)/

/** More is not kept of what is no event. */
const strayLimit = 500

/** An incremental parser. Make one for each stream. */
export class Parser {
  readonly #onEvent: (event: Event) => void
  readonly #max: number
  readonly #decoder = new StringDecoder("utf8")
  #isFirst = true
  /** Whether a CR ended the last chunk, so that an LF at the start of the next one belongs to it. */
  #afterCr = false
  /** The beginning of a line whose end has not come, in pieces: joined once, however many there are. */
  #line: Array<string> = []
  #lineLength = 0
  /** The lines of the event so far. */
  #text = ""
  #event = ""
  #data: string | undefined
  #stray = ""
  /** The last three bytes before this chunk, the first one highest: a character may have begun in them. */
  #before = 0
  /** Whether a replacement character was seen: sent as such, or in the place of bytes that are no UTF-8. */
  #isDoubtful = false

  /**
   * Whether all bytes so far were UTF-8. Where some are not, the event with the
   * replacement character U+FFFD in its text is the one that they spoilt.
   */
  isUtf8 = true

  /** `max`: the longest event that is taken, in UTF-16 code units. */
  constructor(onEvent: (event: Event) => void, max: number = maxEventLength) {
    this.#onEvent = onEvent
    this.#max = max
  }

  /**
   * Takes the next bytes and tells of every event that they complete. Gives
   * `false` when an event is longer than allowed: the parser is of no more use then.
   */
  feed(chunk: Uint8Array): boolean {
    const decoded = this.#decode(chunk)
    if (decoded === "") return true
    if (!this.#isFirst) return this.#read(decoded)
    this.#isFirst = false
    return this.#read(decoded.charCodeAt(0) === 0xfeff ? decoded.slice(1) : decoded)
  }

  /** What came after the last whole event, as it is: a stream that ends properly leaves nothing here. */
  get rest(): string {
    return this.#text + this.#line.join("")
  }

  /**
   * The beginning of what came in lines that are no server-sent events', which the
   * standard has readers skip: the page of a proxy, say. Empty where all were.
   */
  get stray(): string {
    const last = this.#line.join("")
    return ofEvents.test(last) ? this.#stray : (this.#stray + last).slice(0, strayLimit)
  }

  #decode(chunk: Uint8Array): string {
    const text = this.#decoder.write(chunk)
    // Looking for one character costs next to nothing; looking at every byte does not.
    if (this.#isDoubtful || text.includes(replacement)) {
      this.#isDoubtful = true
      if (this.isUtf8) this.isUtf8 = this.#isRight(chunk)
    }
    for (let at = Math.max(0, chunk.length - 3); at < chunk.length; at++) {
      this.#before = ((this.#before << 8) | chunk[at]!) & 0xff_ff_ff
    }
    return text
  }

  /** Whether a chunk is UTF-8, from the character that began before it to the last one that ends in it. */
  #isRight(chunk: Uint8Array): boolean {
    const before = Uint8Array.of(this.#before >> 16, (this.#before >> 8) & 0xff, this.#before & 0xff)
    const bytes = Buffer.concat([before.subarray(3 - unfinished(before)), chunk])
    return isUtf8(bytes.subarray(0, bytes.length - unfinished(bytes)))
  }

  #read(text: string): boolean {
    let at = 0
    if (this.#afterCr && text !== "") {
      this.#afterCr = false
      if (text.charCodeAt(0) === lf) at = 1
    }
    let nextCr = text.indexOf("\r", at)
    while (at < text.length) {
      let end = text.indexOf("\n", at)
      let next = end + 1
      if (nextCr !== -1 && nextCr < at) nextCr = text.indexOf("\r", at)
      if (nextCr !== -1 && (end === -1 || nextCr < end)) {
        end = nextCr
        next = text.charCodeAt(end + 1) === lf ? end + 2 : end + 1
        this.#afterCr = next === end + 1 && next === text.length
      }
      if (end === -1) {
        this.#line.push(text.slice(at))
        this.#lineLength += text.length - at
        return this.#text.length + this.#lineLength <= this.#max
      }
      // The usual event: one line of data, wholly in this chunk.
      if (
        text.charCodeAt(end) === lf &&
        text.charCodeAt(next) === lf &&
        this.#text === "" &&
        this.#lineLength === 0 &&
        text.startsWith("data: ", at)
      ) {
        if (next - at > this.#max) return false
        this.#onEvent({ event: "", data: text.slice(at + 6, end), text: text.slice(at, next + 1) })
        at = next + 1
        continue
      }
      if (this.#lineLength === 0) this.#take(text.slice(at, end))
      else {
        this.#line.push(text.slice(at, end))
        const line = this.#line.join("")
        this.#line = []
        this.#lineLength = 0
        this.#take(line)
      }
      if (this.#text.length > this.#max) return false
      at = next
    }
    return true
  }

  /** One line, without its end. */
  #take(line: string): void {
    if (line === "") {
      const data = this.#data
      const event = this.#event
      const text = `${this.#text}\n`
      this.#text = ""
      this.#event = ""
      this.#data = undefined
      if (data !== undefined) this.#onEvent({ event, data, text })
      return
    }
    this.#text += `${line}\n`
    const colon = line.indexOf(":")
    if (colon === 0) return
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? "" : line.slice(line.charCodeAt(colon + 1) === space ? colon + 2 : colon + 1)
    if (field === "data") this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`
    else if (field === "event") this.#event = value
    else if (field !== "id" && field !== "retry" && this.#stray.length < strayLimit) {
      this.#stray = `${this.#stray}${line}\n`.slice(0, strayLimit)
    }
  }
}

/** How many bytes at the end are the beginning of a character. */
const unfinished = (bytes: Uint8Array): number => {
  for (let count = 1; count <= 3 && count <= bytes.length; count++) {
    const byte = bytes[bytes.length - count]!
    // A byte that continues a character: its first one stands before it.
    if (byte >= 0x80 && byte < 0xc0) continue
    const length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    return length > count ? count : 0
  }
  return 0
}
