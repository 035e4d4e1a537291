/** One request and its reply on the socket. */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import type { Reply } from "../Reply.ts"
import type { Entry } from "./journal.ts"

/** The largest body that is taken. */
export const bodyLimit = 32 * 1024 * 1024

/** What is thrown away of a larger body before the connection is closed, so that most clients see the reply. */
const discardLimit = 2 * bodyLimit

/** The body, or `undefined` where it is too large. */
export const readBody = (request: IncomingMessage): Effect.Effect<Uint8Array | undefined> =>
  Effect.callback((resume) => {
    const chunks: Array<Uint8Array> = []
    let bytes = 0
    const end = () => {
      off()
      resume(Effect.succeed(bytes > bodyLimit ? undefined : Buffer.concat(chunks)))
    }
    const data = (chunk: Uint8Array) => {
      bytes += chunk.length
      if (bytes <= bodyLimit) chunks.push(chunk)
      else chunks.length = 0
      if (bytes > discardLimit) end()
    }
    const off = () => request.off("data", data).off("end", end)
    request.on("data", data).once("end", end)
    return Effect.sync(off)
  })

/** Resumes when the piece has left the process: a reset right after it does not overtake it. */
const write = (target: NodeJS.WritableStream, piece: string | Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => void target.write(piece, () => resume(Effect.void)))

const end = (response: ServerResponse, piece: string | Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => void response.end(piece, () => resume(Effect.void)))

/** What goes along with a reply. */
export interface Options {
  readonly entry: Pick<Entry, "settle">
  readonly headers: Readonly<Record<string, string>>
  /** Waits, in milliseconds. */
  readonly wait: number
  readonly pause: () => number
}

const sleep = (millis: number): Effect.Effect<void> => (millis > 0 ? Effect.sleep(millis) : Effect.void)

/**
 * Sends a reply. Whoever runs this interrupts it when the connection closes; then
 * a write that will never end, or a stall, ends too.
 */
export const play = Effect.fnUntraced(function* (
  response: ServerResponse,
  { body, ending, head, pace, wait = 0 }: Reply,
  options: Options
) {
  const { socket } = response.req
  yield* sleep(options.wait + wait)
  if (head !== undefined) {
    response.writeHead(head.status, { ...options.headers, ...head.headers })
    const [only = "", ...others] = body
    if (ending === "end" && others.length === 0) return yield* end(response, only)
    response.flushHeaders()
  }
  for (const [index, piece] of body.entries()) {
    if (index > 0) yield* sleep(pace ?? options.pause())
    yield* write(head === undefined ? socket : response, piece)
  }
  if (ending === "stall") return yield* Effect.never
  if (ending === "end" && head !== undefined) return yield* end(response, "")
  options.entry.settle("broken")
  switch (ending) {
    case "reset":
      return void socket.resetAndDestroy()
    case "half-close":
      socket.end()
      return yield* Effect.never
    default:
      return socket.destroySoon()
  }
})
