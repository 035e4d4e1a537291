/** Calls that a worker makes. */
import * as Contract from "@causeway/core/Contract"
import * as Lossless from "@causeway/core/Lossless"
import { UpstreamError } from "@causeway/core/UpstreamError"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { kinds, ways } from "./calls.ts"

export class Calls extends Contract.Service<Calls>()(
  "test/faults/Calls",
  Rpc.make("call", {
    payload: {
      /** By which its failure is kept. */
      key: Schema.String,
      /** The fault's or the address's name, for the limits. */
      name: Schema.String,
      url: Schema.String,
      model: Schema.String,
      kind: Schema.Literals(kinds),
      way: Schema.Literals(ways)
    },
    success: Schema.Void,
    error: UpstreamError
  }),
  /** Whether the failure that arrived outside, and came back, is the one that left. */
  Rpc.make("compare", {
    payload: { key: Schema.String, failure: Lossless.Cause(UpstreamError) },
    success: Schema.String
  })
) {}
