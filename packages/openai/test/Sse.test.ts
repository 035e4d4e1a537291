import * as Sse from "@causeway/openai/Sse"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

const parse = (chunks: Iterable<Uint8Array>, max?: number) => {
  const events: Array<Sse.Event> = []
  const parser = new Sse.Parser((event) => events.push(event), max)
  let isRight = true
  for (const chunk of chunks) isRight = parser.feed(chunk) && isRight
  return { events, isRight, rest: parser.rest, isUtf8: parser.isUtf8, stray: parser.stray }
}

const whole = (text: string, max?: number) => parse([Buffer.from(text)], max)

/** Cuts bytes at every multiple of a length. */
const cut = (bytes: Uint8Array, length: number) => {
  const pieces: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length))
  return pieces
}

describe("Parser", () => {
  it("reads fields, comments and data over several lines", () => {
    const { events } = whole(": hi\nevent: note\nid: 7\nretry: 10\ndata: one\ndata:two\ndata\nother: x\n\n")
    assert.deepStrictEqual(
      events.map(({ data, event }) => [event, data]),
      [["note", "one\ntwo\n"]]
    )
  })

  it("keeps the text of an event as it was", () => {
    const text = 'data: {"a":"b  c"}\n\n'
    assert.deepStrictEqual(whole(`: ping\n\n${text}id: 1\n: c\n${text}`).events, [
      { event: "", data: '{"a":"b  c"}', text },
      { event: "", data: '{"a":"b  c"}', text: `id: 1\n: c\n${text}` }
    ])
  })

  it("takes LF, CRLF and CR as the end of a line, and drops a byte order mark", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const { events, rest } = whole(`\uFEFFdata: a${end}${end}event: b${end}data: c${end}${end}`)
      assert.deepStrictEqual(events, [
        { event: "", data: "a", text: "data: a\n\n" },
        { event: "b", data: "c", text: "event: b\ndata: c\n\n" }
      ])
      assert.strictEqual(rest, "")
    }
  })

  it("takes no event that the end cuts off, and tells what is left", () => {
    const { events, rest } = whole("data: a\n\ndata: b\nda")
    assert.strictEqual(events.length, 1)
    assert.strictEqual(rest, "data: b\nda")
  })

  it("takes no event without data, and one with empty data", () => {
    const { events } = whole("event: x\n\ndata:\n\n")
    assert.deepStrictEqual(events, [{ event: "", data: "", text: "data:\n\n" }])
  })

  it("puts a character together that two chunks share", () => {
    const bytes = Buffer.from("data: \u20ac\ud83d\ude00\n\n")
    for (let at = 1; at < bytes.length; at++) {
      assert.strictEqual(parse([bytes.subarray(0, at), bytes.subarray(at)]).events[0]?.data, "\u20ac\ud83d\ude00")
    }
  })

  it("tells bytes that are no UTF-8 from a replacement character that was sent, however they are cut", () => {
    const spoilt = [
      [0xff],
      [0xc3, 0x28],
      [0xe2, 0x82, 0x28],
      [0xf0, 0x9f, 0x98, 0x28],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80]
    ]
    for (const wrong of spoilt) {
      const bytes = Buffer.concat([Buffer.from("data: \u00e4\n\ndata: a"), Buffer.from(wrong), Buffer.from("\n\n")])
      for (let length = 1; length <= bytes.length; length++) {
        const { events, isUtf8 } = parse(cut(bytes, length))
        assert.isFalse(isUtf8)
        assert.deepStrictEqual(
          events.map(({ data }) => data.includes("\uFFFD")),
          [false, true]
        )
        // Whatever stands in their place is what the standard's own decoder puts there.
        assert.strictEqual(`data: ${events[1]?.data}`, new TextDecoder().decode(bytes).split("\n\n")[1])
      }
    }
    const right = Buffer.from("data: \uFFFD \ud83d\ude00\n\n")
    for (let length = 1; length <= right.length; length++) assert.isTrue(parse(cut(right, length)).isUtf8)
  })

  it("keeps what is no event: a page, a sentence, the beginning of either", () => {
    assert.strictEqual(whole("data: a\n\n<html>\n<p>x</p>\n").stray, "<html>\n<p>x</p>\n")
    assert.strictEqual(whole("Service is up.").stray, "Service is up.")
    assert.strictEqual(whole(`<p>${"x".repeat(10_000)}`).stray.length, 500)
    for (const text of [
      "",
      ": c\n",
      "id: 1\nretry: 5\nevent: e\ndata\n\n",
      "data: a\n\nda",
      "ret",
      "even",
      "data: {"
    ]) {
      assert.strictEqual(whole(text).stray, "", text)
    }
  })

  it("refuses an event that is longer than allowed, in one piece or in many", () => {
    const text = `data: ${"x".repeat(200)}\n\n`
    assert.isTrue(whole(text, text.length).isRight)
    assert.isFalse(whole(text, 100).isRight)
    assert.isFalse(parse(cut(Buffer.from(text), 7), 100).isRight)
    assert.isFalse(whole("data: x\n".repeat(50), 100).isRight)
    assert.isTrue(whole("data: x\n\n".repeat(50), 100).isRight)
  })

  it("reads a large event in small pieces in a time that grows with its size only", () => {
    const { events } = parse(cut(Buffer.from(`data: ${"x".repeat(4_000_000)}\n\n`), 1_000))
    assert.strictEqual(events[0]?.data.length, 4_000_000)
  })

  const Line = Schema.Literals([
    "data: \u00e4b",
    "data:",
    "data: \ud83d\ude00 c",
    "event: e",
    ": comment",
    "id: 1",
    "x",
    ""
  ])
  const End = Schema.Literals(["\n", "\r\n", "\r"])
  const Lines = Schema.Array(Schema.Tuple([Line, End]))

  it.prop("gives the same events however its bytes are cut", [Lines, Schema.Int], ([lines, seed]) => {
    const bytes = Buffer.from(lines.flat().join(""))
    const length = 1 + (Math.abs(seed) % 9)
    const { events, isRight } = parse(cut(bytes, length))
    assert.isTrue(isRight)
    assert.deepStrictEqual(events, parse([bytes]).events)
    // Another reader: lines first, as the standard describes it.
    const expected: Array<{ event: string; data: string }> = []
    let data: Array<string> = []
    let event = ""
    const all = bytes.toString().split(/\r\n|\n|\r/)
    for (const line of all.slice(0, -1)) {
      if (line === "") {
        if (data.length > 0) expected.push({ event, data: data.join("\n") })
        data = []
        event = ""
      } else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""))
      else if (line.startsWith("event:")) event = line.slice(6).replace(/^ /, "")
    }
    assert.deepStrictEqual(
      events.map(({ data, event }) => ({ event, data })),
      expected
    )
    // What is passed on reads the same again.
    assert.deepStrictEqual(whole(events.map(({ text }) => text).join("")).events, events)
  })
})
