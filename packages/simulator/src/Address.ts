/**
 * Faults that happen before there is a request, so that no model's name can ask for
 * them: base URLs at which the connection itself fails.
 *
 * **Example** (Which ones there are)
 *
 * ```ts
 * import * as Address from "@causeway/simulator/Address"
 *
 * Address.all.map(({ name }) => name) // => ["refused", "unknown-host", "no-tls", "tls-handshake", "tls-certificate", "tls-stall"]
 * ```
 */

/** The name of such an address. */
export type AddressName = "refused" | "unknown-host" | "no-tls" | "tls-handshake" | "tls-certificate" | "tls-stall"

/** One address. */
export interface Address {
  readonly name: AddressName
  /** What comes of it, in one sentence for people. */
  readonly description: string
}

/** Every address. */
export const all: ReadonlyArray<Address> = [
  { name: "refused", description: "a port of this machine that refuses connections" },
  { name: "unknown-host", description: "a name that no name server knows (RFC 6761, .invalid)" },
  { name: "no-tls", description: "https at a port that speaks plain HTTP" },
  { name: "tls-handshake", description: "https at a server that agrees to no cipher" },
  { name: "tls-certificate", description: "https with a certificate that nobody has signed" },
  { name: "tls-stall", description: "https at a port that accepts the connection and then says nothing" }
]
