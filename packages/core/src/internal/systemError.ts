/** Reads errors of any origin without trusting any of their properties. */

/** What can be read of one error. */
export interface SystemError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly syscall?: string
  readonly address?: string
  readonly port?: number
  readonly original: object
}

/** Deep enough for every wrapping seen in practice, small enough for evidence. */
const most = 16

/** The property of an object that may throw when it is read. */
const read = (object: object, key: string): unknown => {
  try {
    return Reflect.get(object, key)
  } catch {
    return undefined
  }
}

const textOf = (object: object, key: string): string | undefined => {
  const value = read(object, key)
  return typeof value === "string" && value !== "" ? value : undefined
}

/** An error, its causes and the members of its aggregates, outermost first, each once. */
export const chainOf = (error: unknown): ReadonlyArray<SystemError> => {
  const seen = new Set<object>()
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value) || seen.size >= most) return
    seen.add(value)
    const members = read(value, "errors")
    if (Array.isArray(members)) members.slice(0, most).forEach(visit)
    visit(read(value, "cause"))
  }
  visit(error)
  return Array.from(seen, describe)
}

const describe = (error: object): SystemError => {
  const code = read(error, "code")
  const syscall = textOf(error, "syscall")
  // A name that was not found is an address too, under another key.
  const address = textOf(error, "address") ?? textOf(error, "hostname")
  const port = read(error, "port")
  return {
    name: textOf(error, "name") ?? "Error",
    message: textOf(error, "message") ?? "",
    original: error,
    ...((typeof code === "string" || typeof code === "number") && { code: String(code) }),
    ...(syscall !== undefined && { syscall }),
    ...(address !== undefined && { address }),
    ...(typeof port === "number" && Number.isFinite(port) && { port })
  }
}
