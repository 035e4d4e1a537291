/** What the workers of all variants do, as a contract. */
import * as Contract from "@causeway/core/Contract"
import * as Lossless from "@causeway/core/Lossless"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

const Greeted = Schema.Struct({ id: Schema.Finite, name: Schema.String, tags: Schema.Array(Schema.String) })

const Greeting = Schema.Struct({ id: Schema.Finite, greeting: Schema.String })

const Part = Schema.Struct({ id: Schema.Finite, name: Schema.String, price: Schema.Finite, stocked: Schema.Boolean })

/** About a kilobyte. */
const Order = Schema.Struct({ id: Schema.Finite, note: Schema.String, parts: Schema.Array(Part) })

const Moved = Lossless.transfer(Schema.Uint8Array)

/** A failure with a cause and a stack, which have to arrive as they were. */
export class Refused extends Schema.TaggedError<Refused>("bench/workers/Refused")("Refused", {
  id: Schema.Finite,
  cause: Schema.Defect()
}) {}

export class Calls extends Contract.Service<Calls>()(
  "bench/Calls",
  Rpc.make("greet", { payload: Greeted, success: Greeting }),
  Rpc.make("order", { payload: Order, success: Order }),
  Rpc.make("copy", { payload: { bytes: Schema.Uint8Array }, success: Schema.Uint8Array }),
  Rpc.make("move", { payload: { bytes: Moved }, success: Moved }),
  Rpc.make("refuse", { payload: Greeted, success: Greeting, error: Refused }),
  /** Computes for a millisecond. */
  Rpc.make("compute", { payload: Greeted, success: Greeting }),
  Rpc.make("tokens", { payload: { chunks: Schema.Int, size: Schema.Int }, success: Schema.String, stream: true })
) {}

export type Greeted = typeof Greeted.Type
export type Greeting = typeof Greeting.Type
export type Order = typeof Order.Type

export const decodeGreeted = Schema.decodeUnknownSync(Greeted)
export const decodeGreeting = Schema.decodeUnknownSync(Greeting)
