/**
 * The server cannot listen, told in one line: where it was to listen and why that
 * is not possible.
 *
 * **Example** (A port in use)
 *
 * ```ts
 * import { ServeError } from "@causeway/server/ServeError"
 *
 * const error = new ServeError({ host: "127.0.0.1", port: 8000, problem: "address-in-use", code: "EADDRINUSE" })
 *
 * error.message // => "cannot listen on 127.0.0.1:8000: the port is in use"
 * ```
 */
import * as Schema from "effect/Schema"

/** Why the server cannot listen, or its routes cannot be replaced. */
export class ServeError extends Schema.TaggedError<ServeError>("@causeway/server/ServeError")("ServeError", {
  host: Schema.String,
  /** As it was given: what is no port may be no finite number either. */
  // @effect-diagnostics-next-line schemaNumber:off
  port: Schema.Number,
  /**
   * `open-without-key`: reachable from other machines, and neither keys are set nor `insecure`.
   * `still-serving`: its routes were replaced so often that too many former ones still serve their last requests.
   */
  problem: Schema.Literals([
    "address-in-use",
    "address-not-available",
    "not-permitted",
    "not-a-port",
    "open-without-key",
    "still-serving",
    "other"
  ]),
  /** Node's code, where there is one. */
  code: Schema.optional(Schema.String),
  cause: Schema.optional(Schema.Defect())
}) {
  override get message(): string {
    const why = {
      "address-in-use": "the port is in use",
      "address-not-available": "this machine does not have the address",
      "not-permitted": "it is not permitted",
      "not-a-port": "a port is a whole number from 0 to 65535",
      "open-without-key": "other machines could reach it without a key; set a key, or say that it shall be insecure",
      "still-serving": "too many former ones still serve their last requests",
      other: this.code ?? "for a reason that the cause states"
    }[this.problem]
    const host = this.host.includes(":") ? `[${this.host}]` : this.host
    const what = this.problem === "still-serving" ? "replace the routes of" : "listen on"
    return `cannot ${what} ${host}:${this.port}: ${why}`
  }
}

/** The problem that one of Node's codes stands for. */
export const problemOf = (code: string | undefined): ServeError["problem"] => {
  switch (code) {
    case "EADDRINUSE":
      return "address-in-use"
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "address-not-available"
    case "EACCES":
    case "EPERM":
      return "not-permitted"
    case "ERR_SOCKET_BAD_PORT":
      return "not-a-port"
    default:
      return "other"
  }
}
