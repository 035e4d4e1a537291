/** Transcriptions and translations: the text tells which file came. */
import * as Result from "effect/Result"
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import * as Input from "../input.ts"
import * as Output from "../output.ts"

const eventForm: Answer.EventForm = {
  failure: (problem) => Reply.event({ type: "error", ...Reply.error(problem) }),
  isFinal: (piece) => piece.includes('"transcript.text.done"')
}

/** A second for each word. */
const verbose = (task: string, text: string, words: number) => ({
  task,
  language: "english",
  duration: words,
  text,
  segments: [
    {
      id: 0,
      seek: 0,
      start: 0,
      end: words,
      text,
      tokens: [],
      temperature: 0,
      avg_logprob: -0.125,
      compression_ratio: 1,
      no_speech_prob: 0
    }
  ],
  usage: { type: "duration", seconds: words }
})

const subtitle = (format: "srt" | "vtt", text: string, words: number): string => {
  const mark = format === "srt" ? "," : "."
  const end = `00:${String(Math.floor(words / 60)).padStart(2, "0")}:${String(words % 60).padStart(2, "0")}${mark}000`
  const cue = `00:00:00${mark}000 --> ${end}\n${text}\n\n`
  return format === "srt" ? `1\n${cue}` : `WEBVTT\n\n${cue}`
}

/** The right answer to a request; only a transcription can be streamed. */
const answer = (body: Input.Fields, task: "transcribe" | "translate"): Input.Input<Answer.Answer> =>
  Result.gen(function* () {
    yield* Input.model(body)
    const file = yield* Input.file(body, "file")
    const stream = task === "transcribe" && (yield* Input.optionalFlag(body, "stream"))
    const format = yield* Input.oneOf(body, "response_format", [
      "json",
      "text",
      "srt",
      "verbose_json",
      "vtt",
      "diarized_json"
    ])
    const text = Output.sentence(`You sent "${Output.quote(file.name)}", ${file.bytes.length} bytes`)
    const words = Output.words(text)
    const usage = {
      type: "tokens",
      input_tokens: words.length,
      output_tokens: words.length,
      total_tokens: 2 * words.length
    }
    if (stream) {
      return Answer.stream(eventForm, [
        ...words.map((delta) => Reply.event({ type: "transcript.text.delta", delta })),
        Reply.event({ type: "transcript.text.done", text, usage })
      ])
    }
    switch (format) {
      case "text":
        return Answer.binary("text/plain; charset=utf-8", `${text}\n`)
      case "srt":
      case "vtt":
        return Answer.binary("text/plain; charset=utf-8", subtitle(format, text, words.length))
      case "verbose_json":
        return Answer.json(Reply.json(200, verbose(task, text, words.length)))
      case "diarized_json":
        return yield* Input.invalid("response_format", "The simulator tells no speakers apart.", "unsupported_value")
      case "json":
        return Answer.json(Reply.json(200, task === "transcribe" ? { text, usage } : { text }))
    }
  })

/** A transcription. */
export const transcription = (body: Input.Fields): Input.Input<Answer.Answer> => answer(body, "transcribe")

/** A translation into English. */
export const translation = (body: Input.Fields): Input.Input<Answer.Answer> => answer(body, "translate")
