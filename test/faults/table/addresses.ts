/** Connections that fail before there is a request. */
import type { AddressName } from "@causeway/simulator/Address"
import { every, is, type Row } from "../expected.ts"

const unsent = "upstream backoff any counts not-sent"
const tls = "upstream never any counts not-sent"

export const addresses: Readonly<Record<AddressName, Row>> = {
  refused: every(is("Connect@socket", unsent, 3, { kind: "refused", code: "ECONNREFUSED" })),
  "unknown-host": every(is("Connect@socket", unsent, 3, { kind: "dns" })),
  "no-tls": every(is("Connect@socket", tls, 1, { kind: "tls" })),
  "tls-handshake": every(is("Connect@socket", tls, 1, { kind: "tls" })),
  "tls-certificate": every(is("Connect@socket", tls, 1, { kind: "tls", code: "DEPTH_ZERO_SELF_SIGNED_CERT" })),
  "tls-stall": every(is("Timeout@socket", unsent, 3, { phase: "connect" }))
}
