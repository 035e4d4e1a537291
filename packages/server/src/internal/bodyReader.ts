/**
 * Reads the body of a request of Node's. The HTTP server's own reader makes two fibers
 * and a watcher of the stream's end for each body, which costs as much as its routing.
 */
import type { IncomingMessage } from "node:http"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import { hasProperty } from "effect/Predicate"
import { BodyTooLarge, MalformedBody, RequestError } from "../RequestError.ts"

type Read = Effect.Effect<Uint8Array, RequestError>

/** What was read of a body, for who reads it again. */
const known = new WeakMap<object, Read>()

/**
 * Its bytes, which may be a part of a larger buffer, within the limit of the fiber;
 * `undefined` where it has to be read by the request itself: it is not Node's, somebody
 * has begun to read it, or its client waits for leave to send it.
 */
export const read = (request: HttpServerRequest): Read | undefined => {
  const { source } = request
  if (!isNodeRequest(source)) return undefined
  const before = known.get(source)
  if (before !== undefined) return before
  const { headers } = source
  if (headers.expect !== undefined || headers.upgrade !== undefined || source.readableDidRead) return undefined
  return Effect.withFiber((fiber) => {
    const limit = Number(fiber.getRef(HttpIncomingMessage.MaxBodySize) ?? Number.POSITIVE_INFINITY)
    return Effect.callback<Uint8Array, RequestError>((resume) => {
      const chunks: Array<Uint8Array> = []
      let size = 0
      const leave = (): void => {
        source.off("data", onData).off("end", onEnd).off("close", onBroken)
      }
      const end = (result: Read): void => {
        leave()
        known.set(source, result)
        together(() => resume(result))
      }
      const onData = (chunk: Uint8Array): void => {
        chunks.push(chunk)
        size += chunk.length
        if (size <= limit) return
        end(Effect.fail(new RequestError({ reason: new BodyTooLarge({ limit }) })))
        // So that its client gets to see the answer.
        source.resume()
      }
      const onEnd = (): void => {
        const [first] = chunks
        end(Effect.succeed(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)))
      }
      const onBroken = (): void => end(incomplete)
      // It stays: an error that comes later would have nobody to hear it.
      source.on("error", onBroken)
      if (source.destroyed) return onBroken()
      source.on("data", onData).on("end", onEnd).on("close", onBroken)
      return Effect.sync(() => {
        leave()
        // Destroyed, it would take the connection along, and the answer that says why.
        source.resume()
      })
    })
  })
}

let waiting: Array<() => void> = []

/**
 * Goes on with all requests that came in one turn of the event loop when it ends, and
 * so in one turn: what they send to a worker then goes as one message, and waking a
 * thread for each costs more than most of what is done for it.
 */
const together = (goOn: () => void): void => {
  if (waiting.push(goOn) > 1) return
  setImmediate(() => {
    const all = waiting
    waiting = []
    for (const each of all) each()
  })
}

const incomplete: Read = Effect.fail(new RequestError({ reason: new MalformedBody({ issue: "incomplete" }) }))

const isNodeRequest = (u: unknown): u is IncomingMessage => hasProperty(u, "rawHeaders") && hasProperty(u, "socket")
