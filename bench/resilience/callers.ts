/** The process of one contender's callers: name, addresses and seed come from the command line. */
import { contenderOf } from "./contenders.ts"
import { load } from "./load.ts"
import type { FromCallers, ToCallers } from "./protocol.ts"

const [, , name = "", primary = "", secondary = "", seed = ""] = process.argv
const { isRejection, make } = contenderOf(name)

let unhandled = 0
process.on("unhandledRejection", () => unhandled++)
process.on("disconnect", () => process.exit())

const send = (message: FromCallers): void => void process.send?.(message)

const ask = await make({ primary: { url: primary }, secondary: { url: secondary } })
process.on("message", ({ epochMs }: ToCallers) => {
  void load(ask, isRejection, epochMs, Number(seed)).then((calls) => send({ _tag: "Done", calls, unhandled }))
})
send({ _tag: "Ready" })
