/** Comlink as Node loads it, which its types and its exports do not say. */
import { createRequire } from "node:module"
import type { MessagePort, Worker } from "node:worker_threads"
import type * as Comlink from "comlink"

const require = createRequire(import.meta.url)

export const { expose, transfer, wrap }: typeof Comlink = require("comlink")

export const nodeEndpoint: (
  port: MessagePort | Worker
) => Comlink.Endpoint = require("comlink/dist/umd/node-adapter.js")
