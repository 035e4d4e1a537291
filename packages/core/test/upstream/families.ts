/** The clients of HTTP that programs on Node use, each asked by `Upstream.json`. */
import type * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Http from "node:http"
import { fetch as undiciFetch, request as undiciRequest } from "undici"

/** Asks for JSON at an address. */
export type Ask = (upstream: Upstream.Upstream, url: string) => Effect.Effect<unknown, UpstreamError>

const getByNode = (url: string, signal: AbortSignal): Promise<Http.IncomingMessage> =>
  new Promise((resolve, reject) => {
    Http.get(url, { signal, agent: false }, resolve).on("error", reject)
  })

export const families: Readonly<Record<string, Ask>> = {
  fetch: (upstream, url) => upstream.json("get", (signal) => fetch(url, { signal })),
  "undici.fetch": (upstream, url) => upstream.json("get", (signal) => undiciFetch(url, { signal })),
  "undici.request": (upstream, url) => upstream.json("get", (signal) => undiciRequest(url, { signal })),
  "node:http": (upstream, url) => upstream.json("get", (signal) => getByNode(url, signal)),
  "effect/http over fetch": (upstream, url) =>
    Effect.provide(upstream.json("get", HttpClient.get(url)), FetchHttpClient.layer),
  "effect/http over node:http": (upstream, url) =>
    Effect.provide(upstream.json("get", HttpClient.get(url)), NodeHttpClient.layerNodeHttp),
  "effect/http over undici": (upstream, url) =>
    Effect.provide(upstream.json("get", HttpClient.get(url)), NodeHttpClient.layerUndici),
  "effect/http, statuses filtered": (upstream, url) =>
    Effect.provide(
      upstream.json(
        "get",
        Effect.flatMap(HttpClient.HttpClient, (client) => HttpClient.filterStatusOk(client).get(url))
      ),
      FetchHttpClient.layer
    )
}
