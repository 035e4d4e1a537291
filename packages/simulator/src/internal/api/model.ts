/** The models: two of its own, and one for each fault. */
import * as Answer from "../../Answer.ts"
import * as Fault from "../../Fault.ts"
import * as Reply from "../../Reply.ts"
import { created, identity } from "../protocol.ts"

const nameLimit = 256

const model = (id: string, description: string) => ({ id, object: "model", created, owned_by: identity, description })

const models = [
  model("simulator", "Answers in words; no model is running."),
  model("simulator-embedding", "Answers embeddings; no model is running."),
  ...Fault.all.map(({ description, name }) => model(`fault:${name}`, description))
]

export const list = (): Answer.Answer => Answer.json(Reply.json(200, { object: "list", data: models }))

/** Any name is answered but that of a fault that there is not. */
export const retrieve = (encoded: string): Answer.Answer => {
  let id: string
  try {
    id = decodeURIComponent(encoded)
  } catch {
    return Answer.json(notFound(encoded))
  }
  const description = Fault.isFaultModel(id)
    ? Fault.parse(id)?.fault.description
    : (models.find((known) => known.id === id)?.description ?? "Any name is answered; no model is running.")
  return Answer.json(description === undefined ? notFound(id) : Reply.json(200, model(id, description)))
}

/** The answer for a fault that there is not, or that cannot be told what it was told. */
export const notFound = (model: string): Reply.Reply =>
  Reply.problem(404, {
    type: "invalid_request_error",
    param: "model",
    code: "model_not_found",
    message:
      `The model '${model.slice(0, nameLimit)}' does not exist. ${nearTo(model)}` +
      `All ${Fault.all.length} faults: GET /v1/models, or causeway simulate --list.`
  })

const nearTo = (model: string): string => {
  const known = Fault.parse(/^fault:[a-z0-9-]+/.exec(model)?.[0] ?? "")?.fault
  if (known !== undefined) {
    const options = ["n", "share", "delay", ...Object.keys(known.parameters)].join(", ")
    return `The fault ${known.name} there is, but not told so: it takes *<n> or ?${options}, within their limits. `
  }
  const names = Fault.closest(model).map((name) => `fault:${name}`)
  return names.length === 0 ? "" : `Did you mean ${names.join(", ")}? `
}
