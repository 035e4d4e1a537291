/**
 * What the simulator remembers of a request, for tests to look at: never a
 * credential, and a body only where the simulator was told to record bodies.
 *
 * **Example** (Recognising an interrupted call)
 *
 * ```ts no-run
 * import type { SeenRequest } from "@causeway/simulator/SeenRequest"
 *
 * export const wasInterrupted = (request: SeenRequest): boolean =>
 *   request.model === "fault:stall" && request.outcome === "abandoned"
 * ```
 */

/**
 * `pending`: not at its end yet. `answered`: the whole reply went out.
 * `broken`: the simulator broke the connection, on purpose or because it closed.
 * `abandoned`: the client closed the connection before the end.
 */
export type Outcome = "pending" | "answered" | "broken" | "abandoned"

/** One request, as it stands at the moment of asking. */
export interface SeenRequest {
  /** 1 for the first, and so on. */
  readonly number: number
  /** What `x-request-id` says in the answer. */
  readonly id: string
  readonly method: string
  /** Without its query. */
  readonly path: string
  /** In the order in which they came, with the values of credentials masked. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** Known when the whole body has been read. */
  readonly model: string | undefined
  /** The fault that this request got. */
  readonly fault: string | undefined
  /** The script's phase that held when its body had been read. */
  readonly phase: string | undefined
  /** The answer's status; `undefined` where none went out. */
  readonly status: number | undefined
  /** Whether server-sent events were asked for. */
  readonly stream: boolean
  /** The names of the body's top-level fields. */
  readonly fields: ReadonlyArray<string>
  /** The size of the body. */
  readonly bytes: number
  /** The body as JSON, or a form's fields; only where the simulator was told to record bodies. */
  readonly body: unknown
  /** Whether a bearer token came along; which one is not kept. */
  readonly bearer: boolean
  /** Which connection it came on: the same number, the same socket. */
  readonly connection: number
  readonly socketOpen: boolean
  readonly outcome: Outcome
  /** From its arrival to its outcome, in milliseconds; until then `undefined`. */
  readonly millis: number | undefined
}
