/** What the workers of `workers.ts` do: ours by the contract, piscina's by the function. */
import * as Contract from "@causeway/core/Contract"
import * as WorkerEntry from "@causeway/workers/WorkerEntry"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

const Payload = Schema.Struct({ id: Schema.Finite, name: Schema.String, tags: Schema.Array(Schema.String) })
const Answer = Schema.Struct({ id: Schema.Finite, greeting: Schema.String })

export class Greetings extends Contract.Service<Greetings>()(
  "bench/Greetings",
  Rpc.make("greet", { payload: Payload, success: Answer }).annotate(Contract.Concurrency, 64)
) {}

type Payload = typeof Payload.Type

const greet = ({ id, name, tags }: Payload): typeof Answer.Type => ({ id, greeting: `${name} (${tags.length})` })

/** A small payload, made anew for each call. */
export const payloadOf = (id: number): Payload => ({ id, name: "Ada", tags: ["one", "two"] })

/** piscina's task, without schemas. */
export default greet

/** The same, with the payload checked on arrival, as our worker does. */
export const checked = (payload: unknown): typeof Answer.Type => greet(decodePayload(payload))

const decodePayload = Schema.decodeUnknownSync(Payload)

export const decodeAnswer = Schema.decodeUnknownSync(Answer)

if (WorkerEntry.isWorker) WorkerEntry.run(Greetings.toLayer({ greet: (payload) => Effect.succeed(greet(payload)) }))
