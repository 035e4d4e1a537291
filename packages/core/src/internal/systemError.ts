/** Reads errors of any origin without trusting any of their properties. */
import type { SystemEvidence } from "../Evidence.ts"
import * as Redaction from "../Redaction.ts"

/** What can be read of one error, without secrets. */
export type SystemError = typeof SystemEvidence.Type

/** Deep enough for every wrapping seen in practice, small enough for evidence. */
const most = 16

/** The property of an object that may throw when it is read. */
export const read = (object: object, key: string): unknown => {
  try {
    return Reflect.get(object, key)
  } catch {
    return undefined
  }
}

/** The errors that an aggregate holds, as far as they are looked at. */
const membersOf = (object: object): ReadonlyArray<unknown> => {
  try {
    const members: unknown = Reflect.get(object, "errors")
    return Array.isArray(members)
      ? Array.from({ length: Math.min(members.length, most) }, (_, index): unknown => members[index])
      : []
  } catch {
    return []
  }
}

const textOf = (object: object, key: string, limit = 255): string | undefined => {
  const value = read(object, key)
  return typeof value === "string" && value !== "" ? Redaction.text(value).slice(0, limit) : undefined
}

/** An error, its causes and the members of its aggregates, outermost first, each once. */
export const chainOf = (error: unknown): ReadonlyArray<SystemError> => errorsOf(error).map(describe)

/** The same as they are. */
export const errorsOf = (error: unknown): ReadonlyArray<object> => {
  const seen = new Set<object>()
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value) || seen.size >= most) return
    seen.add(value)
    membersOf(value).forEach(visit)
    visit(read(value, "cause"))
  }
  visit(error)
  return [...seen]
}

const describe = (error: object): SystemError => {
  const message = textOf(error, "message", 500) ?? ""
  const told = toldBy(message)
  // A `DOMException` has a number there that says nothing: 20 is an abort's.
  const code = textOf(error, "code") ?? told.code
  const syscall = textOf(error, "syscall") ?? told.syscall
  // A name that was not found is an address too, under another key.
  const address = textOf(error, "address") ?? textOf(error, "hostname") ?? told.address
  const port = read(error, "port") ?? told.port
  return {
    name: textOf(error, "name") ?? "Error",
    message,
    ...(code !== undefined && { code }),
    ...(syscall !== undefined && { syscall }),
    ...(address !== undefined && { address }),
    ...(typeof port === "number" && Number.isFinite(port) && { port })
  }
}

/**
 * What Node's messages repeat of an error's properties: all that is left of them
 * after `structuredClone`. `connect ECONNREFUSED 127.0.0.1:443`, `read ECONNRESET`.
 */
const toldBy = (message: string): Partial<SystemError> => {
  const found = /^(\w{1,20}) (E[A-Z_]{2,30})(?: (\S{1,255}?)(?::(\d{1,5}))?)?$/.exec(message)
  if (found !== null) {
    const [, syscall = "", code = "", address, port] = found
    return {
      syscall,
      code,
      ...(address !== undefined && { address }),
      ...(port !== undefined && { port: Number(port) })
    }
  }
  const code = sentences.find(([beginning]) => message.startsWith(beginning))?.[1]
  return code === undefined ? {} : { code }
}

/** undici's and llhttp's, by how their messages begin. */
const sentences = [
  ["Connect Timeout Error", "UND_ERR_CONNECT_TIMEOUT"],
  ["Headers Timeout Error", "UND_ERR_HEADERS_TIMEOUT"],
  ["Body Timeout Error", "UND_ERR_BODY_TIMEOUT"],
  ["other side closed", "UND_ERR_SOCKET"],
  ["socket hang up", "ECONNRESET"],
  ["Parse Error", "HPE_INVALID_CONSTANT"],
  ["Response does not match the HTTP/1.1 protocol", "HPE_INVALID_CONSTANT"]
] as const
