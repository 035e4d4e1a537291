/** Event streams that are not what their protocol says. */
import { again, answered, brokenOff, is, type Table } from "../expected.ts"

export const streams: Table = {
  "cut-stream": {
    json: is("ConnectionLost@socket", again, 3, {
      phase: "body",
      code: "UND_ERR_SOCKET"
    }),
    stream: is("StreamTruncated@stream", again, 1, { events: 3, missing: "done" }),
    binary: is("ConnectionLost@socket", again, 3, {
      phase: "body",
      code: "UND_ERR_SOCKET"
    })
  },
  "stream-error": {
    json: is("ProviderFault@status", again, 3, { status: 500 }),
    stream: is("ProviderFault@stream", again, 1, {}),
    binary: is("ProviderFault@status", again, 3, { status: 500 })
  },
  "stream-reset": brokenOff("ECONNRESET"),
  "error-first": {
    json: is("ProviderFault@status", again, 3, { status: 500 }),
    stream: is("ProviderFault@stream", again, 3, {}),
    binary: is("ProviderFault@status", again, 3, { status: 500 })
  },
  "empty-stream": {
    json: "answered",
    stream: is("StreamTruncated@stream", again, 3, {
      events: 0,
      missing: "first-event"
    }),
    binary: "answered"
  },
  "comments-only": {
    json: "answered",
    stream: is("StreamTruncated@stream", again, 3, {
      events: 0,
      missing: "first-event"
    }),
    binary: "answered"
  },
  "done-only": {
    json: "answered",
    stream: is("StreamTruncated@stream", again, 3, {
      events: 0,
      missing: "finish-reason"
    }),
    binary: "answered"
  },
  "cut-event": {
    json: "answered",
    stream: is("StreamTruncated@stream", again, 1, { events: 3, missing: "done" }),
    binary: "answered"
  },
  "cut-character": {
    json: "answered",
    stream: is("StreamTruncated@stream", again, 1, { events: 3, missing: "done" }),
    binary: "answered"
  },
  "malformed-event": {
    json: "answered",
    stream: is("StreamProtocol@stream", again, 1, { index: 3 }),
    binary: "answered"
  },
  "wrong-event": {
    json: "answered",
    stream: is("StreamProtocol@stream", again, 1, { index: 3 }),
    binary: "answered"
  },
  "text-event": {
    json: "answered",
    stream: is("StreamProtocol@stream", again, 1, { index: 3 }),
    binary: "answered"
  },
  "html-event": {
    json: "answered",
    stream: is("StreamProtocol@stream", again, 1, { index: 3 }),
    binary: "answered"
  },
  "no-finish": {
    json: "answered",
    stream: is("StreamTruncated@stream", again, 1, {
      events: 15,
      missing: "finish-reason"
    }),
    binary: "answered"
  },
  "no-done": {
    json: "answered",
    stream: is("StreamTruncated@stream", again, 1, {
      events: 16,
      missing: "done"
    }),
    binary: "answered"
  },
  "after-done": answered,
  "error-before-done": {
    json: "answered",
    stream: is("ProviderFault@stream", again, 1, {}),
    binary: "answered"
  },
  "rate-limited-event": {
    json: "answered",
    stream: is("RateLimited@stream", "us backoff any pauses may-have-run", 1, { scope: "requests" }),
    binary: "answered"
  },
  "overloaded-event": {
    json: "answered",
    stream: is("Overloaded@stream", again, 1, {}),
    binary: "answered"
  },
  "huge-event": {
    json: "answered",
    stream: is("StreamProtocol@stream", again, 1, { index: 3 }),
    binary: "answered"
  },
  "endless-line": {
    json: "answered",
    stream: is("StreamProtocol@stream", again, 1, { index: 3 }),
    binary: "answered"
  },
  "stall-comments": {
    json: "answered",
    stream: is("Timeout@stream", again, 1, { phase: "idle" }),
    binary: "answered"
  }
}
