/** Files: kept as long as there is room, and given back as they came. */
import * as Result from "effect/Result"
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import * as Input from "../input.ts"
import { created } from "../protocol.ts"
import type { Store, StoredFile } from "../store.ts"

const fileObject = ({ bytes, id, name, purpose }: StoredFile) => ({
  id,
  object: "file",
  bytes: bytes.length,
  created_at: created,
  expires_at: null,
  filename: name,
  purpose,
  status: "processed",
  status_details: null
})

const found = (store: Store, id: string): Input.Input<StoredFile> => {
  const file = store.files.get(id)
  return file === undefined ? Input.missing("id", `No such File object: ${id.slice(0, 100)}`) : Result.succeed(file)
}

export const create = (body: Input.Fields, number: number, store: Store): Input.Input<Answer.Answer> =>
  Result.gen(function* () {
    const { bytes, name, type } = yield* Input.file(body, "file")
    const purpose = yield* Input.text(body, "purpose")
    const file: StoredFile = { id: `file-sim-${number}`, name, purpose, type, bytes }
    store.files.put(file.id, file)
    return Answer.json(Reply.json(200, fileObject(file)))
  })

/** The newest first, by default; `query` may ask for a page, an order and a purpose. */
export const list = (query: URLSearchParams, store: Store): Answer.Answer => {
  const purpose = query.get("purpose")
  const all = store.files.values().filter((file) => purpose === null || file.purpose === purpose)
  const ordered = query.get("order") === "asc" ? all : all.toReversed()
  const after = ordered.findIndex(({ id }) => id === query.get("after"))
  const limit = Number(query.get("limit") ?? 10_000)
  const page = ordered.slice(after + 1, after + 1 + (Number.isInteger(limit) && limit > 0 ? limit : 10_000))
  return Answer.json(
    Reply.json(200, {
      object: "list",
      data: page.map(fileObject),
      first_id: page[0]?.id ?? null,
      last_id: page.at(-1)?.id ?? null,
      has_more: after + 1 + page.length < ordered.length
    })
  )
}

export const retrieve = (id: string, store: Store): Input.Input<Answer.Answer> =>
  Result.map(found(store, id), (file) => Answer.json(Reply.json(200, fileObject(file))))

export const content = (id: string, store: Store): Input.Input<Answer.Answer> =>
  Result.map(found(store, id), ({ bytes, type }) => Answer.binary(type, bytes))

export const remove = (id: string, store: Store): Input.Input<Answer.Answer> =>
  Result.map(found(store, id), () => {
    store.files.remove(id)
    return Answer.json(Reply.json(200, { id, object: "file", deleted: true }))
  })
