/** Speech: silence, the longer the text the longer, in three formats that can be made without an encoder. */
import * as Result from "effect/Result"
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import * as Input from "../input.ts"
import { countTokens } from "../protocol.ts"

/** MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono: a frame of 417 bytes, whose zeros decode as silence of 26 ms. */
const mp3Frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0xc4]), Buffer.alloc(413)])

/** 24,000 samples a second of 16 bits, as OpenAI's. */
const sampleRate = 24_000

const wavHead = (bytes: number): Uint8Array => {
  const head = Buffer.alloc(44)
  head.write("RIFF", 0)
  head.writeUInt32LE(36 + bytes, 4)
  head.write("WAVEfmt ", 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(sampleRate, 24)
  head.writeUInt32LE(sampleRate * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write("data", 36)
  head.writeUInt32LE(bytes, 40)
  return head
}

const types = { mp3: "audio/mpeg", wav: "audio/wav", pcm: "audio/pcm" }

/** A tenth of a second for each word. */
const audio = (format: keyof typeof types, words: number): Uint8Array => {
  if (format === "mp3") return Buffer.concat(Array.from({ length: words * 4 }, () => mp3Frame))
  const samples = Buffer.alloc((sampleRate / 10) * 2 * words)
  return format === "pcm" ? samples : Buffer.concat([wavHead(samples.length), samples])
}

const eventForm: Answer.EventForm = {
  failure: (problem) => Reply.event({ type: "error", ...Reply.error(problem) }),
  isFinal: (piece) => piece.includes('"speech.audio.done"')
}

/** How many bytes of audio an event holds. */
const eventBytes = 4_096

const streamed = (bytes: Uint8Array, words: number): Answer.Answer => {
  const deltas: Array<string> = []
  for (let at = 0; at < bytes.length; at += eventBytes) {
    const part = Buffer.from(bytes.subarray(at, at + eventBytes)).toString("base64")
    deltas.push(Reply.event({ type: "speech.audio.delta", audio: part }))
  }
  const usage = { input_tokens: words, output_tokens: words, total_tokens: 2 * words }
  return Answer.stream(eventForm, [...deltas, Reply.event({ type: "speech.audio.done", usage })])
}

/** The right answer to a request. */
export const answer = (body: Input.Fields): Input.Input<Answer.Answer> =>
  Result.gen(function* () {
    yield* Input.model(body)
    const input = yield* Input.text(body, "input")
    if (input.length === 0 || input.length > 4_096) {
      return yield* Input.invalid(
        "input",
        `Invalid value for 'input': expected 1 to 4096 characters, got ${input.length}.`,
        input === "" ? "string_below_min_length" : "string_above_max_length"
      )
    }
    // A voice of one's own is named by an object.
    if (!Input.isFields(body["voice"])) yield* Input.text(body, "voice")
    const format = yield* Input.oneOf(body, "response_format", ["mp3", "wav", "pcm"])
    const streamFormat = yield* Input.oneOf(body, "stream_format", ["audio", "sse"])
    const words = countTokens(input)
    const bytes = audio(format, words)
    return streamFormat === "sse" ? streamed(bytes, words) : Answer.binary(types[format], bytes)
  })
