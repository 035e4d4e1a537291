/** An answer of HTTP, whichever client gave it. */
import { hasProperty } from "effect/Predicate"
import * as Stream from "effect/Stream"
import { read } from "../systemError.ts"
import { elements, silence, Thrown } from "./iteration.ts"
import { headersOf } from "./parts.ts"

/** What was asked, as far as an answer tells. */
export interface Asked {
  /** Left out where an answer does not say: that of `fetch`. */
  readonly method?: string
  readonly url: string
}

/** An answer. */
export interface Incoming {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [string, string]>
  /** Its body, piece by piece; empty where there is none. */
  readonly body: Stream.Stream<unknown, Thrown>
  readonly asked: Asked | undefined
  /** Whether somebody has read it before. */
  readonly isRead: boolean
  /** Lets go of it, unread. */
  readonly discard: () => void
}

/** An answer of `effect/http`, of `fetch`, of `undici.request` or of `node:http`; `undefined` for anything else. */
export const incomingOf = (value: unknown): Incoming | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  try {
    return ofEffect(value) ?? ofFetch(value) ?? ofNode(value)
  } catch {
    // A proxy that lets nobody look is no answer.
    return undefined
  }
}

const isStatus = (u: unknown): u is number => typeof u === "number" && Number.isInteger(u) && u >= 100 && u < 1_000

const isIterable = (u: unknown): u is AsyncIterable<unknown> =>
  hasProperty(u, Symbol.asyncIterator) && typeof u[Symbol.asyncIterator] === "function"

const ignore = (): void => undefined

const isBody = (u: unknown): u is Stream.Stream<unknown, unknown> => Stream.isStream(u)

/** Recognised by its key: core does not load `effect/http`. */
const ofEffect = (value: object): Incoming | undefined => {
  if (!hasProperty(value, "~effect/http/HttpClientResponse") || !hasProperty(value, "stream")) return undefined
  const { stream } = value
  const status = read(value, "status")
  const request = read(value, "request")
  if (!isStatus(status) || !isBody(stream)) return undefined
  const url = String(read(value, "url") || read(Object(request), "url") || "")
  return {
    status,
    headers: headersOf(read(value, "headers")),
    body: Stream.mapError(stream, (error) => new Thrown(error)),
    asked: { method: String(read(Object(request), "method") ?? "GET"), url },
    isRead: false,
    discard: ignore
  }
}

const ofFetch = (value: object): Incoming | undefined => {
  const status = read(value, "status")
  const headers = read(value, "headers")
  const body = read(value, "body")
  const url = read(value, "url")
  if (!isStatus(status) || !hasProperty(headers, Symbol.iterator) || !hasProperty(value, "body")) return undefined
  if (body !== null && !isIterable(body)) return undefined
  return {
    status,
    headers: headersOf(headers),
    body: body === null ? Stream.empty : elements(body),
    // The last address of a redirect; empty for an answer that no `fetch` gave.
    asked: typeof url === "string" && url !== "" ? { url } : undefined,
    isRead: read(value, "bodyUsed") === true,
    discard: () => discard(body)
  }
}

const ofNode = (value: object): Incoming | undefined => {
  const status = read(value, "statusCode")
  const headers = read(value, "headers")
  const body = isIterable(value) ? value : read(value, "body")
  if (!isStatus(status) || typeof headers !== "object" || headers === null || !isIterable(body)) return undefined
  const request = Object(read(value, "req"))
  const host = read(request, "host")
  return {
    status,
    headers: headersOf(headers),
    body: elements(body),
    asked:
      typeof host === "string"
        ? {
            method: String(read(request, "method") ?? "GET"),
            url: `${String(read(request, "protocol") ?? "http:")}//${String(headerOf(request) ?? host)}${String(read(request, "path") ?? "")}`
          }
        : undefined,
    isRead: read(body, "readableEnded") === true,
    discard: () => discard(body)
  }
}

/** What was asked, by an error of `effect/http` or of axios. */
export const askedBy = (thrown: unknown): Asked | undefined => {
  if (typeof thrown !== "object" || thrown === null) return undefined
  const asked = read(thrown, "request")
  const request = Object(typeof read(Object(asked), "url") === "string" ? asked : read(thrown, "config"))
  const method = read(request, "method")
  const url = read(request, "url")
  return typeof method === "string" && typeof url === "string" ? { method: method.toUpperCase(), url } : undefined
}

/** The host with its port, as Node sends it. */
const headerOf = (request: object): unknown =>
  hasProperty(request, "getHeader") && typeof request.getHeader === "function" ? request.getHeader("host") : undefined

const discard = (body: unknown): void => {
  silence(body)
  if (hasProperty(body, "destroy") && typeof body.destroy === "function") return void body.destroy()
  if (!hasProperty(body, "cancel") || typeof body.cancel !== "function") return
  const cancel = body.cancel.bind(body)
  new Promise((resolve) => resolve(cancel())).then(ignore, ignore)
}
