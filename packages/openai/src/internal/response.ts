/**
 * The answer of the recorder's `fetch`: a `Response` that reads its body straight
 * from the exchange, since undici's own costs as much as the whole request.
 */
import * as Classification from "@causeway/core/Classification"
import { MalformedResponse, type UpstreamReason } from "@causeway/core/UpstreamReason"
import { isUtf8 } from "node:buffer"
import type { Exchange, Sink } from "./exchange.ts"

/** The key of a response's own way out: its body goes to a sink, piece by piece as it comes. Once, instead of any other way. */
export const pipe: unique symbol = Symbol.for("@causeway/openai/Recorder/pipe")

/** Whether a response comes from a recorder. */
export const isRecorded = (response: object): response is { [pipe](sink: Sink): void } => pipe in response

/** Bytes that wait for a reader before the upstream is told to. */
const window = 256 * 1024

/** Holds a body's pieces until somebody reads them, one way or another. */
class Body implements Sink {
  readonly #started: (result: Exchange) => void
  readonly #failed: (error: unknown) => void
  #exchange: Exchange | undefined
  #chunks: Array<Uint8Array> = []
  #size = 0
  #state: "open" | "ended" | "failed" = "open"
  #error: unknown
  #notify: (() => void) | undefined
  /** Whether somebody began to read the stream. */
  isDisturbed = false
  #collecting = false
  #cause: unknown
  #target: Sink | undefined

  constructor(started: (exchange: Exchange) => void, failed: (error: unknown) => void) {
    this.#started = started
    this.#failed = failed
  }

  head(exchange: Exchange): void {
    this.#exchange = exchange
    this.#started(exchange)
  }

  data(chunk: Uint8Array): void {
    if (this.#target !== undefined) return this.#target.data(chunk)
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (!this.#collecting && this.#size > window) this.#exchange?.pause()
    if (this.#collecting) this.#check()
    else this.#wake()
  }

  end(): void {
    this.#state = "ended"
    if (this.#target !== undefined) return this.#target.end()
    this.#wake()
  }

  fail(reason: UpstreamReason, cause: unknown): void {
    this.#state = "failed"
    // A caller that aborts expects its own signal's reason, as from any `fetch`.
    this.#error = reason._tag === "Aborted" && cause !== undefined ? cause : reason
    this.#cause = cause
    if (this.#target !== undefined) return this.#target.fail(reason, cause)
    if (this.#exchange === undefined) this.#failed(this.#error)
    this.#wake()
  }

  /** Hands what came and what will come to a sink. */
  pipe(sink: Sink): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    sink.head(exchange)
    const chunks = this.#chunks
    this.#chunks = []
    this.#target = sink
    for (const chunk of chunks) sink.data(chunk)
    if (this.#state === "ended") sink.end()
    else if (this.#state === "failed" && exchange.failure !== undefined) sink.fail(exchange.failure, this.#cause)
    else exchange.resume()
  }

  /** The whole body, or a rejection with the reason. */
  async collect(): Promise<Buffer> {
    this.#collecting = true
    this.#check()
    this.#exchange?.resume()
    while (this.#state === "open") await this.#change()
    if (this.#state === "failed") throw this.#error
    const whole = this.#chunks.length === 1 ? this.#chunks[0] : undefined
    return whole === undefined
      ? Buffer.concat(this.#chunks)
      : Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength)
  }

  /** The body piece by piece. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          this.isDisturbed = true
          while (this.#chunks.length === 0 && this.#state === "open") await this.#change()
          if (this.#chunks.length > 0) {
            for (const chunk of this.#chunks) controller.enqueue(new Uint8Array(chunk))
            this.#chunks = []
            this.#size = 0
            this.#exchange?.resume()
          } else if (this.#state === "failed") controller.error(this.#error)
          else controller.close()
        },
        cancel: () => this.#exchange?.abort(this.#exchange.givenUp())
      },
      { highWaterMark: 0 }
    )
  }

  #check(): void {
    const exchange = this.#exchange
    if (exchange === undefined || this.#size <= exchange.limits.body) return
    const reason = new MalformedResponse({
      message: `the body is larger than ${exchange.limits.body} bytes`,
      seenIn: "body",
      issue: "too-large",
      excerpt: ""
    })
    // It may be here as a whole already.
    this.#state = "failed"
    this.#error = reason
    exchange.abort(reason)
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#notify = resolve
    })
  }

  #wake(): void {
    const notify = this.#notify
    this.#notify = undefined
    notify?.()
  }
}

/** Answers without a body, by their status. */
const bodyless = new Set([204, 205, 304])

class RecordedResponse implements Response {
  readonly redirected = false
  readonly type = "basic"
  readonly url: string
  readonly #exchange: Exchange
  readonly #content: Body
  #headers: Headers | undefined
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined
  #used = false
  #isCloned = false

  constructor(exchange: Exchange, content: Body) {
    this.#exchange = exchange
    this.#content = content
    this.url = exchange.outgoing.origin + exchange.outgoing.path
  }

  get status(): number {
    return this.#exchange.status
  }

  get statusText(): string {
    return this.#exchange.statusText
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  get headers(): Headers {
    if (this.#headers === undefined) {
      this.#headers = new Headers()
      for (const [name, value] of Object.entries(this.#exchange.headers)) {
        for (const each of typeof value === "string" ? [value] : (value ?? [])) this.#headers.append(name, each)
      }
    }
    return this.#headers
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (this.#stream === undefined) {
      const none = bodyless.has(this.status) || this.#exchange.outgoing.method === "HEAD"
      this.#stream = none ? null : this.#content.stream()
    }
    return this.#stream
  }

  get bodyUsed(): boolean {
    return this.#used || this.#stream?.locked === true || (!this.#isCloned && this.#content.isDisturbed)
  }

  [pipe](sink: Sink): void {
    if (this.bodyUsed) throw new TypeError("the body was read already")
    this.#used = true
    this.#content.pipe(sink)
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#take())
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer
  }

  async text(): Promise<string> {
    const buffer = await this.#take()
    // The standard would put other characters in the place of those that cannot be read, and so change the answer.
    if (this.ok && /json|^$/i.test(this.#exchange.header("content-type") ?? "") && !isUtf8(buffer)) {
      throw Classification.malformed("encoding", buffer.toString(), "they are not UTF-8")
    }
    // As the standard has it, a byte order mark is no part of the text.
    return buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf
      ? buffer.toString("utf8", 3)
      : buffer.toString()
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.#exchange.header("content-type") ?? "" })
  }

  formData(): Promise<FormData> {
    return this.#standard().formData()
  }

  clone(): Response {
    if (this.bodyUsed) throw new TypeError("the body of a response that was read cannot be cloned")
    const body = this.body
    if (body === null) return new RecordedResponse(this.#exchange, this.#content)
    const [mine, theirs] = body.tee()
    this.#stream = mine
    this.#isCloned = true
    return new Response(theirs, this.#init())
  }

  async #take(): Promise<Buffer> {
    if (this.bodyUsed) throw new TypeError("the body was read already")
    this.#used = true
    // One that was cloned has only its own branch of the stream.
    if (this.#isCloned) return Buffer.from(await new Response(this.#stream).arrayBuffer())
    return this.#content.collect()
  }

  #standard(): Response {
    this.#used = true
    return new Response(this.body, this.#init())
  }

  #init(): ResponseInit {
    return { status: this.status, statusText: this.statusText, headers: this.headers }
  }
}

/** Starts an exchange and resolves with its response as soon as the head is there. */
export const respond = (start: (sink: Sink) => void): Promise<Response> =>
  new Promise((resolve, reject) => {
    const body: Body = new Body((exchange) => resolve(new RecordedResponse(exchange, body)), reject)
    start(body)
  })
