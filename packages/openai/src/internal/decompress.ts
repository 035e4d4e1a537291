/** Answers that come compressed although nobody asked for it. */
import { MalformedResponse, type UpstreamReason } from "@causeway/core/UpstreamReason"
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib"

/** Takes compressed bytes and hands on what they hold. */
export interface Decompressor {
  write(chunk: Uint8Array): void
  end(): void
  pause(): void
  resume(): void
  close(): void
}

/** Where a decompressor puts what it made. */
export interface Outlet {
  data(chunk: Uint8Array): void
  end(): void
  fail(reason: UpstreamReason, cause: unknown): void
  /** The writer shall pause until `drained`. */
  full(): void
  drained(): void
}

const makers = new Map([
  ["gzip", () => createGunzip()],
  ["x-gzip", () => createGunzip()],
  ["deflate", () => createInflate()],
  ["br", () => createBrotliDecompress()],
  ["zstd", () => createZstdDecompress()]
])

/** The decompressor of a `content-encoding`, or `undefined` where the bytes can be read as they are. */
export const decompressorOf = (encoding: string, outlet: Outlet): Decompressor | undefined => {
  const make = makers.get(encoding.trim().toLowerCase())
  if (make === undefined) return undefined
  const stream = make()
  stream.on("data", (chunk: Uint8Array) => outlet.data(chunk))
  stream.on("end", () => outlet.end())
  stream.on("drain", () => outlet.drained())
  stream.on("error", (cause) =>
    outlet.fail(
      new MalformedResponse({
        message: `the body is not the ${encoding} that its headers promise`,
        seenIn: "body",
        issue: "encoding",
        excerpt: ""
      }),
      cause
    )
  )
  return {
    write: (chunk) => {
      if (!stream.write(chunk)) outlet.full()
    },
    end: () => stream.end(),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    close: () => void stream.destroy()
  }
}
