/**
 * Somebody else's `fetch` as the transport of an exchange: the exchange bounds and
 * records it as it does its own.
 */
import type { Controller, Exchange } from "./exchange.ts"

/** The standard `fetch`, as far as it is used here. */
export type AnyFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** Makes an exchange's request by another `fetch`. */
export const dispatchOver = (
  fetch: AnyFetch,
  input: string | URL | Request,
  init: RequestInit,
  exchange: Exchange
): void => {
  const aborter = new AbortController()
  let paused: Promise<void> | undefined
  let goOn: (() => void) | undefined
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  const controller: Controller = {
    pause: () => {
      paused ??= new Promise((resolve) => {
        goOn = resolve
      })
    },
    resume: () => {
      paused = undefined
      goOn?.()
    },
    abort: (reason) => {
      aborter.abort(reason)
      goOn?.()
      // It may be a body that knows nothing of its request's signal.
      reader?.cancel(reason).catch(() => {})
    }
  }
  exchange.onRequestStart(controller, undefined)

  const run = async (): Promise<void> => {
    const response = await fetch(input, { ...init, signal: aborter.signal })
    reader = response.body?.getReader()
    if (aborter.signal.aborted) return reader?.cancel(aborter.signal.reason)
    exchange.onResponseStart(controller, response.status, headersOf(response), response.statusText)
    for (
      let next = await reader?.read();
      next?.done === false && !aborter.signal.aborted;
      next = await reader?.read()
    ) {
      exchange.onResponseData(controller, next.value)
      await paused
    }
    exchange.onResponseEnd()
  }

  run().catch((error: unknown) => exchange.onResponseError(controller, error))
}

/** What such a `fetch` hands on is decompressed already. */
const headersOf = (response: Response): Record<string, string | Array<string>> => {
  const headers: Record<string, string | Array<string>> = {}
  const isCompressed = response.headers.has("content-encoding")
  response.headers.forEach((value, name) => {
    if (isCompressed && (name === "content-encoding" || name === "content-length")) return
    headers[name] = name === "set-cookie" ? response.headers.getSetCookie() : value
  })
  return headers
}
