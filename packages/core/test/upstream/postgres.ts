/**
 * As much of a PostgreSQL server as a driver needs to log in and to ask simple
 * queries: https://www.postgresql.org/docs/current/protocol-message-formats.html.
 */
import type * as Net from "node:net"

const message = (type: string, ...parts: ReadonlyArray<Buffer>): Buffer => {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(5)
  head.write(type, 0, "latin1")
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const ready = message("Z", Buffer.from("I"))

/** An error, by its SQLSTATE. */
export const failed = (code: string, said: string, severity = "ERROR"): Buffer =>
  message("E", text(`S${severity}`), text(`V${severity}`), text(`C${code}`), text(`M${said}`), Buffer.from("\0"))

/** Nothing was found, and all is well. */
export const done: Buffer = message("C", text("SELECT 0"))

/** Lets everybody in, and answers each query. What an answer does not write, nobody writes. */
export const postgres =
  (answer: (query: string, reply: (...messages: ReadonlyArray<Buffer>) => void, socket: Net.Socket) => void) =>
  (socket: Net.Socket): void => {
    let isIn = false
    let pending = Buffer.alloc(0)
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        const offset = isIn ? 1 : 0
        if (pending.length < offset + 4) return
        const length = offset + pending.readInt32BE(offset)
        if (pending.length < length) return
        const body = pending.subarray(offset + 4, length)
        const type = isIn ? pending.toString("latin1", 0, 1) : "startup"
        pending = pending.subarray(length)
        if (type === "startup") {
          isIn = true
          socket.write(Buffer.concat([message("R", int32(0)), ready]))
        } else if (type === "Q") {
          answer(
            body.toString("utf8", 0, body.length - 1),
            (...messages) => socket.write(Buffer.concat([...messages, ready])),
            socket
          )
        }
      }
    })
  }
