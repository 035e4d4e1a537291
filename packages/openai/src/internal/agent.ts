/**
 * undici's agent alone. The whole package, with its `fetch`, web sockets and mocks, takes
 * three times as long to load and 13 MB more, in each worker.
 */
import type * as Undici from "undici"
// @ts-expect-error: typed by the package itself
import UndiciAgent from "undici/lib/dispatcher/agent.js"

export const Agent: typeof Undici.Agent = UndiciAgent
