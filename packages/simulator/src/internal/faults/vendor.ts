/** How the rows of other vendors are made. */
import * as Reply from "../../Reply.ts"
import { always, type Row } from "./fault.ts"

type Headers = Readonly<Record<string, string>>

/** A vendor's row: `azure("content-filter", …)` is the fault `azure-content-filter`. */
export const of =
  (vendor: string, by: string) =>
  (name: string, status: number, description: string, body: unknown, headers: Headers = {}): Row =>
    always(
      `${vendor}-${name}`,
      `${status} of ${by} ${description}`,
      typeof body === "string"
        ? Reply.text(status, "text/plain; charset=utf-8", body, headers)
        : Reply.json(status, body, headers)
    )

/** An error as Anthropic writes it. */
export const anthropicError = (type: string, message: string) => ({
  type: "error",
  error: { type, message },
  request_id: "req_simulated"
})
