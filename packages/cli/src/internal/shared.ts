/**
 * What the main thread and each worker read of the configuration alike.
 */
import type { Upstreams } from "@causeway/openai/UpstreamConfig"
import * as Effect from "effect/Effect"
import type { Service } from "../Service.ts"
import * as File from "./file.ts"
import * as Reader from "./reader.ts"
import * as Services from "./services.ts"
import * as FromUpstreams from "./upstreams.ts"

/** See {@link read}. */
export interface Shared {
  readonly upstreams: Upstreams | typeof FromUpstreams.simulator
  readonly services: ReadonlyArray<Service>
  /** A part of the file, such as `server`; `undefined` where there is no file. */
  readonly part: (name: "policy" | "pool" | "server") => Reader.Given | undefined
}

/** Reads the file, the upstreams and the services. */
export const read = Effect.fnUntraced(function* (
  problems: Reader.Problems,
  environment: FromUpstreams.Environment,
  path: string | undefined
): Effect.fn.Return<Shared> {
  const file = yield* File.load(problems, path)
  const part = file && Reader.members(problems, file, ["upstreams", "policy", "pool", "server", "services"])
  return {
    upstreams: yield* FromUpstreams.read(problems, environment, part?.("upstreams")),
    services: yield* Services.read(problems, part?.("services")),
    part: (name) => part?.(name)
  }
})
