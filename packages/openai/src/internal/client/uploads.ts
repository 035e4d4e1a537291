/**
 * Files among a call's parameters that can be read once: a stream of a file, an
 * iterable, the body of another answer. The SDK sends them as they come, without
 * keeping them in memory; a second attempt would send what is left, which is nothing.
 */
import { RequestEncoding } from "@causeway/core/UpstreamReason"
import { Readable } from "node:stream"

/** The parameters of the SDK's that take files. */
const fields = ["file", "image", "mask"] as const

/** Those that were begun, where they do not tell themselves. */
const begun = new WeakSet<object>()

/** The files of a call that can be read once. From now on what goes wrong with them is the call's to tell. */
export const oneShots = (params: object | undefined): ReadonlyArray<object> => {
  if (params === undefined) return []
  const files = fields
    .flatMap((field): ReadonlyArray<unknown> => {
      const value: unknown = Reflect.get(params, field)
      return Array.isArray(value) ? value : [value]
    })
    .filter((value): value is object => typeof value === "object" && value !== null && !(value instanceof Blob))
  for (const file of files) if (file instanceof Readable) guard(file)
  return files
}

/** A stream that fails before anybody reads it, as one of a file that is gone does, would end the process. */
const guard = (file: Readable): void => {
  if (guarded.has(file)) return
  guarded.add(file)
  file.on("error", () => {})
}

const guarded = new WeakSet<Readable>()

/** Whether a file was read already, or is being read. */
const isSpent = (file: object): boolean => {
  if (file instanceof Response) return file.bodyUsed
  if (!(file instanceof Readable || file instanceof ReadableStream)) return begun.has(file)
  // Node's own types know only its own streams here; its documentation names both.
  return Readable.isDisturbed(file as Readable)
}

/** Whether one of the files can not be sent again. */
export const isAnySpent = (files: ReadonlyArray<object>): boolean => files.some(isSpent)

/** The files are about to be sent. */
export const begin = (files: ReadonlyArray<object>): void => {
  for (const file of files) begun.add(file)
}

/** Of a call whose file was read already. */
export const spent = (): RequestEncoding =>
  new RequestEncoding({
    message: "a file of the request is a stream that was read already; give a Blob or a File, which can be sent again",
    seenIn: "request",
    path: "file"
  })
