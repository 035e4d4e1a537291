/**
 * Where the bare SDK, and `fromSdkError` behind it, tell less than `OpenAiClient`.
 * `answered`: the SDK takes it as a success. `unrecognised`: what it throws could be
 * anybody's. `=`: as in the table.
 */
import type { Kind } from "@causeway/simulator/Answer"
import type { Reason } from "./expected.ts"

export type Seen = Reason | "answered" | "unrecognised" | "="

type Row = readonly [json: Seen, stream: Seen, binary: Seen]

const rows: Readonly<Record<string, Row>> = {
  "proxy-credential": ["ConnectionLost@socket", "ConnectionLost@socket", "ConnectionLost@socket"],
  "stall-body": ["=", "answered", "="],
  "stall-after-head": ["=", "answered", "="],
  "reset-body": ["=", "ConnectionLost@socket", "="],
  "close-body": ["=", "ConnectionLost@socket", "="],
  "half-close-body": ["=", "ConnectionLost@socket", "="],
  "redirect-loop": ["Configuration@request", "Configuration@request", "Configuration@request"],
  redirect: ["NotFound@status", "NotFound@status", "NotFound@status"],
  html: ["answered", "answered", "answered"],
  empty: ["answered", "answered", "answered"],
  blank: ["=", "answered", "answered"],
  "no-content": ["answered", "Configuration@request", "unrecognised"],
  text: ["answered", "answered", "answered"],
  null: ["answered", "answered", "answered"],
  "wrong-shape": ["answered", "answered", "answered"],
  "empty-object": ["answered", "answered", "answered"],
  "no-choices": ["answered", "answered", "answered"],
  "error-in-200": ["answered", "answered", "answered"],
  "error-text-in-200": ["answered", "answered", "answered"],
  "truncated-json": ["=", "StreamProtocol@stream", "="],
  "invalid-utf8": ["answered", "answered", "="],
  "wrong-content-type": ["=", "answered", "answered"],
  "cut-gzip": ["=", "StreamProtocol@stream", "answered"],
  "unknown-encoding": ["=", "answered", "answered"],
  "gzip-bomb": ["=", "answered", "answered"],
  oversized: ["=", "answered", "answered"],
  deep: ["answered", "answered", "answered"],
  "json-for-stream": ["=", "answered", "="],
  "stream-for-json": ["answered", "=", "answered"],
  "cut-stream": ["=", "answered", "="],
  "stream-reset": ["=", "ConnectionLost@socket", "="],
  "empty-stream": ["=", "answered", "="],
  "comments-only": ["=", "answered", "="],
  "done-only": ["=", "answered", "="],
  "cut-event": ["=", "StreamProtocol@stream", "="],
  "cut-character": ["=", "StreamProtocol@stream", "="],
  "wrong-event": ["=", "answered", "="],
  "html-event": ["=", "answered", "="],
  "no-finish": ["=", "answered", "="],
  "no-done": ["=", "answered", "="],
  "huge-event": ["=", "answered", "="],
  "stall-comments": ["=", "answered", "="],
  "openrouter-error-in-200": ["answered", "answered", "answered"],
  "gemini-unauthorized": ["InvalidRequest@status", "InvalidRequest@status", "InvalidRequest@status"]
}

const order: Readonly<Record<Kind, 0 | 1 | 2>> = { json: 0, stream: 1, binary: 2 }

/** What a call by the bare SDK comes to. */
export const seenBySdk = (name: string, kind: Kind): Seen => rows[name]?.[order[kind]] ?? "="
