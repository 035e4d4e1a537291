/** A worker that makes calls, and compares what arrived outside with what failed in here. */
import * as Lossless from "@causeway/core/Lossless"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Difference from "@causeway/testing/Difference"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { byClient, byRelay, type Call } from "./calls.ts"
import { limitsOf } from "./check.ts"
import { Calls } from "./contract.ts"

const failures = new Map<string, unknown>()

const handlers = Calls.toLayer({
  call: ({ key, kind, model, name, url, way }) => {
    const call: Call = { url, model, kind, limits: limitsOf(name) }
    const made = way === "client" ? byClient(call, 0) : Effect.catchTag(byRelay(call), "BoundaryError", Effect.die)
    return Effect.tapError(made, (error) => Effect.sync(() => failures.set(key, error)))
  },
  compare: ({ failure, key }) =>
    Effect.sync(() => {
      const sent = failures.get(key)
      failures.delete(key)
      if (!(sent instanceof UpstreamError)) return "nothing failed in the worker"
      return differenceOf(sent, Cause.squash(failure)) ?? "same"
    })
})

/** What was thrown, as a property and among the arguments that the class remembers. */
const thrownAt = /^value(?:\[[^\]]+\])?\.cause$/

/**
 * Where they differ. What was thrown is of classes that nobody registers, undici's and
 * Node's: it arrives as an `Error` with their names, and all else as it was.
 */
const differenceOf = (sent: UpstreamError, received: unknown): string | undefined => {
  const difference = Difference.find(sent, received, { ignore: (path) => thrownAt.test(path) })
  if (difference !== undefined) return Difference.format(difference)
  const thrown = received instanceof UpstreamError ? received.cause : undefined
  const wires = Difference.find(Lossless.toWire(sent.cause), Lossless.toWire(thrown))
  return wires && `cause, as it crosses: ${Difference.format(wires)}`
}

WorkerEntry.run(handlers)
