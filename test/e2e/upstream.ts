/**
 * An upstream that answers when the test says so.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** See {@link gate}. */
export interface Gate {
  /** The base URL. */
  readonly url: string
  /** The first request has arrived, and waits. */
  readonly arrived: Effect.Effect<void>
  /** Lets all requests go on, also later ones. */
  readonly open: Effect.Effect<void>
}

/** An upstream whose answers wait until it is opened. */
export const gate = (
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void = completion
): Effect.Effect<Gate, never, Scope.Scope> =>
  Effect.gen(function* () {
    const arrived = yield* Deferred.make<void>()
    const waiting: Array<() => void> = []
    let isOpen = false
    const server = yield* Effect.acquireRelease(
      Effect.sync(() =>
        createServer((request, response) => {
          let body = ""
          request.setEncoding("utf8").on("data", (text: string) => {
            body += text
          })
          request.on("end", () => {
            Deferred.doneUnsafe(arrived, Effect.void)
            if (isOpen) answer(request, response, body)
            else waiting.push(() => answer(request, response, body))
          })
        })
      ),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    )
    yield* Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
    const { port } = server.address() as AddressInfo
    return {
      url: `http://127.0.0.1:${port}/v1`,
      arrived: Deferred.await(arrived),
      open: Effect.sync(() => {
        isOpen = true
        for (const answer of waiting.splice(0)) answer()
      })
    }
  })

const completion = (_: IncomingMessage, response: ServerResponse): void => {
  response.setHeader("content-type", "application/json").end(
    JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model: "m",
      choices: [{ index: 0, message: { role: "assistant", content: "late", refusal: null }, finish_reason: "stop" }]
    })
  )
}
