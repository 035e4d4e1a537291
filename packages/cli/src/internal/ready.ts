/** Whether the workers of a pool get ready. */
import type { WorkerPool } from "@causeway/workers/WorkerPool"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { WorkersError } from "../WorkersError.ts"

/** Waits until a worker is ready; fails where none gets ready. */
export const onceReady = ({ changes }: WorkerPool["Service"]): Effect.Effect<void, WorkersError> =>
  changes.pipe(
    Stream.filter(({ state }) => state !== "starting"),
    Stream.runHead,
    Effect.flatMap((found) =>
      found._tag === "Some" && found.value.state === "ready"
        ? Effect.void
        : Effect.fail(
            new WorkersError({
              reason: (found._tag === "Some" ? found.value.reason : undefined) ?? "the pool has ended"
            })
          )
    )
  )
