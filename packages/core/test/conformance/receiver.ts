/** The other thread: decodes what it gets, looks at it, and sends it on. */
import { inspect } from "node:util"
import { parentPort } from "node:worker_threads"
import * as Lossless from "@causeway/core/Lossless"
import * as Difference from "@causeway/testing/Difference"
import { classes, corpus } from "./corpus/index.ts"

export interface Sent {
  readonly id: number
  readonly part: string
  readonly name: string
  readonly form: "json" | "clone"
  readonly wire: unknown
}

export interface Reply {
  readonly id: number
  /** What this thread finds wrong with what it got. */
  readonly wrong: string | undefined
  readonly wire: unknown
}

const receive = ({ form, id, name, part, wire }: Sent): Reply => {
  const found = corpus[part]?.find((candidate) => candidate.name === name)
  if (found === undefined) return { id, wrong: `no case ${part}: ${name}`, wire: undefined }
  const options = { classes, ...found.options, form }
  const arrived = Lossless.fromWire(form === "json" ? JSON.parse(String(wire)) : wire, options)
  const own = found.make()
  const difference = Difference.find(found.arrives === undefined ? own : found.arrives(own), arrived, {
    carried: true,
    // Made here, so with frames of its own.
    stack: false,
    ignore: found.ignore
  })
  found.holds?.(arrived)
  const passed = Lossless.toWire(arrived, options)
  return {
    id,
    wrong: difference && Difference.format(difference),
    wire: form === "json" ? JSON.stringify(passed) : passed
  }
}

parentPort?.on("message", (sent: Sent) => {
  try {
    parentPort?.postMessage(receive(sent))
  } catch (thrown) {
    parentPort?.postMessage({ id: sent.id, wrong: inspect(thrown), wire: undefined })
  }
})
