/** A failure that `Lossless` wrote, an answer of a contract over HTTP, and any other JSON. */
import * as Catalogue from "@causeway/core/Catalogue"
import * as Lossless from "@causeway/core/Lossless"
import * as RemoteProtocol from "@causeway/core/RemoteProtocol"
import { isRecord, line } from "./lines.ts"

/** A value as a report, with what to do about each reason in it. */
export const explain = (value: unknown): string => {
  if (RemoteProtocol.isResponse(value)) return ofResponse(value)
  return [Lossless.render(value), ...toDos(value), ...unread(value)].join("\n")
}

const ofResponse = (response: RemoteProtocol.Response): string => {
  if (response._tag === "Chunk") {
    const { values } = response
    return `elements of a stream${Array.isArray(values) ? `: ${values.length}` : ""}\n${Lossless.render(values)}`
  }
  const { exit } = response
  return isRecord(exit) && exit["_tag"] === "Success"
    ? `the call succeeded\n${Lossless.render(exit["value"])}`
    : `the call failed\n${explain(exit)}`
}

/** More values than these are not looked through. */
const most = 100_000

/** What to do about the reasons that are named anywhere in a value, by identifiers or by the tags of plain JSON. */
const toDos = (value: unknown): ReadonlyArray<string> => {
  const found = new Set<Catalogue.Entry>()
  const pending: Array<unknown> = [value]
  for (let at = 0; at < pending.length && at < most; at++) {
    const each = pending[at]
    if (typeof each !== "object" || each === null) continue
    for (const part of Object.values(each)) if (typeof part === "object" && part !== null) pending.push(part)
    const entry = isRecord(each) ? entryOf(each) : undefined
    if (entry !== undefined) found.add(entry)
  }
  return [...found].flatMap(({ tag, toDo }) => line("to do", found.size === 1 ? toDo : `${tag}: ${toDo}`))
}

const entryOf = ({
  $class: id,
  _tag: error,
  reason
}: Readonly<Record<string, unknown>>): Catalogue.Entry | undefined => {
  if (typeof id === "string") return Catalogue.entries().find(({ identifier }) => identifier === id)
  return typeof error === "string" &&
    isRecord(reason) &&
    reason["$class"] === undefined &&
    typeof reason["_tag"] === "string"
    ? Catalogue.find(error, reason["_tag"])
    : undefined
}

/** Why a value that says it is a wire is none that can be read as a whole. */
const unread = (value: unknown): ReadonlyArray<string> => {
  const inner = isRecord(value) && value["_tag"] === "Failure" ? value["cause"] : value
  if (!isRecord(inner) || !("$v" in inner)) return []
  try {
    Lossless.fromWire(inner)
    return []
  } catch (error) {
    return line("unread", `what is shown may not be all: ${error instanceof Error ? error.message : String(error)}`)
  }
}
