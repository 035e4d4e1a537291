/** What a fixture is, and the words in which most of them are told. */
import type * as Disposition from "@causeway/core/Disposition"
import type { SeenIn, UpstreamReason } from "@causeway/core/UpstreamReason"

/** What of a reason is compared; the rest is free. */
type Fields = Readonly<Record<string, unknown>> & { readonly _tag: UpstreamReason["_tag"] }

export interface Fixture {
  /** Whose answer it is, and on which occasion. */
  readonly name: string
  /** Where the form is written down, or was seen. */
  readonly source: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body: unknown
  readonly seenIn?: SeenIn
  readonly reason: Fields
  readonly disposition: Partial<Disposition.Disposition>
  /** The rule that has to decide, where it is not told by the reason. */
  readonly rule?: string
}

/** A row as it is written: without a source of its own it has its group's. */
type Row = Omit<Fixture, "source"> & { readonly source?: string }

export const group = (vendor: string, source: string, rows: ReadonlyArray<Row>): ReadonlyArray<Fixture> =>
  rows.map((row) => ({ source, ...row, name: `${vendor}: ${row.name}` }))

export const rest = { retry: "never", health: "ignored" } as const
export const again = { retry: "backoff", health: "counts", fallback: "any" } as const
export const pause = { retry: "after", health: "pauses", delivery: "not-sent" } as const

export const gateway = (which: string, flag: string) => ({ _tag: "Gateway", gateway: which, flag }) as const
export const notSent = { ...again, delivery: "not-sent" } as const
export const perhaps = { ...again, delivery: "may-have-run" } as const
/** A page as nginx and its kin write them. */
export const html = (status: string, by: string): string =>
  `<html>\r\n<head><title>${status}</title></head>\r\n<body>\r\n<center><h1>${status}</h1></center>\r\n<hr><center>${by}</center>\r\n</body>\r\n</html>\r\n`
