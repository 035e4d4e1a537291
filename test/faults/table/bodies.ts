/** Successes that are none. */
import { again, answered, every, is, type Table } from "../expected.ts"

export const bodies: Table = {
  html: {
    json: is("MalformedResponse@body", again, 3, { issue: "not-json" }),
    stream: is("MalformedResponse@body", again, 3, { issue: "not-json" }),
    binary: is("MalformedResponse@body", again, 3, { issue: "wrong-shape" })
  },
  empty: every(is("MalformedResponse@body", again, 3, { issue: "empty" })),
  blank: every(is("MalformedResponse@body", again, 3, { issue: "empty" })),
  "no-content": every(is("MalformedResponse@body", again, 3, { issue: "empty" })),
  text: {
    json: is("MalformedResponse@body", again, 3, { issue: "not-json" }),
    stream: is("MalformedResponse@body", again, 3, { issue: "not-json" }),
    binary: is("MalformedResponse@body", again, 3, { issue: "wrong-shape" })
  },
  null: every(is("MalformedResponse@body", again, 3, { issue: "wrong-shape" })),
  "wrong-shape": every(is("MalformedResponse@body", again, 3, { issue: "wrong-shape" })),
  "empty-object": every(is("MalformedResponse@body", again, 3, { issue: "wrong-shape" })),
  "no-choices": every(is("MalformedResponse@body", again, 3, { issue: "wrong-shape" })),
  "error-in-200": every(is("ProviderFault@body", again, 3, {})),
  "error-text-in-200": every(is("MalformedResponse@body", again, 3, { issue: "error-in-success" })),
  "truncated-json": {
    json: is("MalformedResponse@body", again, 3, { issue: "truncated" }),
    stream: is("StreamTruncated@stream", again, 1, { events: 3, missing: "done" }),
    binary: "answered"
  },
  "trailing-text": {
    json: is("MalformedResponse@body", again, 3, { issue: "trailing" }),
    stream: "answered",
    binary: "answered"
  },
  "two-answers": {
    json: is("MalformedResponse@body", again, 3, { issue: "trailing" }),
    stream: "answered",
    binary: "answered"
  },
  "utf-16": {
    json: is("MalformedResponse@body", again, 3, { issue: "encoding" }),
    stream: "answered",
    binary: "answered"
  },
  "invalid-utf8": {
    json: is("MalformedResponse@body", again, 3, { issue: "encoding" }),
    stream: is("StreamProtocol@stream", again, 3, { index: 0 }),
    binary: "answered"
  },
  "no-content-type": answered,
  "wrong-content-type": {
    json: "answered",
    stream: is("MalformedResponse@body", again, 3, { issue: "not-json" }),
    binary: is("MalformedResponse@body", again, 3, { issue: "wrong-shape" })
  },
  "broken-gzip": every(is("MalformedResponse@body", again, 3, { issue: "encoding" })),
  "cut-gzip": every(is("MalformedResponse@body", again, 3, { issue: "encoding" })),
  "unknown-encoding": every(is("MalformedResponse@body", again, 3, { issue: "encoding" })),
  "gzip-bomb": every(is("MalformedResponse@body", again, 3, { issue: "too-large" })),
  oversized: every(is("MalformedResponse@body", again, 3, { issue: "too-large" })),
  "oversized-error": every(is("ProviderFault@status", again, 3, { status: 500 })),
  deep: every(is("MalformedResponse@body", again, 3, { issue: "wrong-shape" })),
  "deep-error": every(is("ProviderFault@status", again, 3, { status: 500 })),
  "json-for-stream": {
    json: "answered",
    stream: is("MalformedResponse@body", again, 3, { issue: "wrong-shape" }),
    binary: "answered"
  },
  "stream-for-json": {
    json: is("MalformedResponse@body", again, 3, { issue: "not-json" }),
    stream: "answered",
    binary: is("MalformedResponse@body", again, 3, { issue: "wrong-shape" })
  }
}
