/**
 * What goes out on the wire in answer to one request, as data: exact enough to
 * describe an answer that is broken on purpose.
 *
 * **Example** (Half of an answer, then silence)
 *
 * ```ts
 * import * as Reply from "@causeway/simulator/Reply"
 *
 * const whole = Reply.json(200, { text: "hello" })
 * const half: Reply.Reply = { ...whole, body: ['{"text":'], ending: "stall" }
 *
 * half.head?.headers["content-length"] // => "16"
 * ```
 */

/** The status line and the headers, with lower-case names. */
export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/**
 * What follows the last piece of the body. `end`: the message ends as HTTP says.
 * `cut`: the connection is closed, although more was promised. `half-close`: the
 * simulator's direction is closed (FIN), and the client's stays open. `stall`:
 * nothing, until the client leaves. `reset`: the connection is reset (RST).
 */
export type Ending = "end" | "cut" | "half-close" | "stall" | "reset"

/** One answer. */
export interface Reply {
  /** Without a head nothing of HTTP is sent, and the body goes to the socket as it is. */
  readonly head: Head | undefined
  /** Each piece is one write. The wait between two of several pieces is that of the simulator's latency. */
  readonly body: ReadonlyArray<string | Uint8Array>
  /** The wait before the head, beside the latency's, in milliseconds. */
  readonly wait?: number | undefined
  /** The wait between two pieces in the place of the latency's, in milliseconds. */
  readonly pace?: number | undefined
  readonly ending: Ending
}

/** The members of an error in OpenAI's shape. */
export interface Problem {
  readonly message: string
  readonly type: string
  readonly param?: string | null
  readonly code?: string | null
}

/** A whole body of one piece, with its length. */
export const text = (
  status: number,
  contentType: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {}
): Reply => ({
  head: {
    status,
    headers: { "content-type": contentType, "content-length": String(Buffer.byteLength(body)), ...headers }
  },
  body: [body],
  ending: "end"
})

/** A JSON answer. */
export const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply =>
  text(status, "application/json", JSON.stringify(value), headers)

/** An error as OpenAI writes it: all four members are always there. */
export const error = ({ code = null, message, param = null, type }: Problem) => ({
  error: { message, type, param, code }
})

/** An answer that is an error. */
export const problem = (status: number, problem: Problem, headers: Readonly<Record<string, string>> = {}): Reply =>
  json(status, error(problem), headers)

/** One server-sent event. A string goes out as it is, anything else as JSON. */
export const event = (data: unknown, name?: string): string =>
  `${name === undefined ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`

/** A stream of server-sent events, one piece each. */
export const events = (pieces: ReadonlyArray<string>): Reply => ({
  head: { status: 200, headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" } },
  body: pieces,
  ending: "end"
})

/** No byte is answered. */
export const silence: Reply = { head: undefined, body: [], ending: "stall" }

/** The connection is reset before anything is answered. */
export const reset: Reply = { head: undefined, body: [], ending: "reset" }
