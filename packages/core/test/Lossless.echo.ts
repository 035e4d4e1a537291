/** Another thread without any class: decodes what it gets and passes it on. */
import { parentPort } from "node:worker_threads"
import * as Lossless from "@causeway/core/Lossless"

parentPort?.on("message", ([id, form, wire]: readonly [number, Lossless.Form, unknown]) => {
  try {
    parentPort?.postMessage([id, Lossless.toWire(Lossless.fromWire(wire), { form, redaction: false })])
  } catch (thrown) {
    parentPort?.postMessage([id, String(thrown)])
  }
})
