/** Every fault that the simulator can make, and what a call must come to. */
import * as Address from "@causeway/simulator/Address"
import * as Fault from "@causeway/simulator/Fault"
import type { Shape } from "@causeway/simulator/Simulator"
import * as Effect from "effect/Effect"
import { answered, type Row, type Table } from "./expected.ts"
import { addresses } from "./table/addresses.ts"
import { bodies } from "./table/bodies.ts"
import { connections } from "./table/connections.ts"
import { gateways } from "./table/gateways.ts"
import { statuses } from "./table/statuses.ts"
import { streams } from "./table/streams.ts"
import { vendors } from "./table/vendors.ts"

export { addresses }

/** What is no fault has no row: each call has to succeed. */
const harmless: Table = Object.fromEntries(
  Fault.all.filter(Fault.isHarmless).map(({ name }): readonly [string, Row] => [name, answered])
)

export const table: Table = { ...statuses, ...gateways, ...connections, ...bodies, ...streams, ...vendors, ...harmless }

/** Every fault, and every address at which a connection fails. */
export const cases = [
  ...Object.entries(table).map(([name, row]) => [name, row, undefined] as const),
  ...Address.all.map(({ name }) => [name, addresses[name], name] as const)
]

/** Where a case is asked for. */
export const urlOf = ({ address, url }: Shape, name: Address.AddressName | undefined) =>
  name === undefined ? Effect.succeed(url) : address(name)

/** How large what has no end is made: more than the limits, and no more than it takes. */
const sizes: Readonly<Record<string, number>> = {
  "gzip-bomb": 4_194_304,
  oversized: 4_194_304,
  "oversized-error": 4_194_304,
  "huge-event": 17_825_792,
  "endless-line": 17_825_792
}

/** The model that asks for a fault, so that it shows in little time. */
export const modelOf = (name: string): string => {
  const size = sizes[name]
  const parameter =
    size !== undefined ? `?bytes=${size}` : name === "slow" ? "?millis=20" : name === "slow-drip" ? "?every=1" : ""
  return `fault:${name}${parameter}`
}
