/** Files. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type * as Stream from "effect/Stream"
import type { FileCreateParams, FileDeleted, FileListParams, FileObject } from "openai/resources/files"
import { problems } from "../../answer.ts"
import { json } from "../accept.ts"
import { bytes } from "../bytes.ts"
import type { Caller } from "../caller.ts"
import { type Call, call, type StreamCall, streamCall } from "../methods.ts"
import type { CallOptions } from "../options.ts"
import { all, type Fetch, pageByPage, pages } from "../pages.ts"
import { shapes } from "../shapes.ts"

/** `files`. */
export interface Files {
  /**
   * Stores a file. Once it may have arrived it is sent again only with an idempotency
   * key. A file that is a stream is sent as it comes, and only once.
   */
  readonly create: Call<[params: FileCreateParams, options?: CallOptions], FileObject>
  readonly retrieve: Call<[fileID: string, options?: CallOptions], FileObject>
  /** Every file. */
  readonly list: Call<[query?: FileListParams | null, options?: CallOptions], ReadonlyArray<FileObject>>
  /** Every file, page by page. */
  readonly listStream: (
    query?: FileListParams | null,
    options?: CallOptions
  ) => Stream.Stream<FileObject, UpstreamError>
  readonly delete: Call<[fileID: string, options?: CallOptions], FileDeleted>
  /** The whole content. */
  readonly content: Call<[fileID: string, options?: CallOptions], Uint8Array>
  /** The content as it comes. */
  readonly contentStream: StreamCall<[fileID: string, options?: CallOptions], Uint8Array>
}

export const files = (caller: Caller): Files => ({
  create: call((params, options) =>
    caller.plain({
      name: "files.create",
      params,
      options,
      send: (sdk, request, sent) => sdk.files.create(request, sent),
      accept: json<FileObject>(problems.object),
      shape: shapes.file
    })
  ),
  retrieve: call((fileID, options) =>
    caller.plain({
      name: "files.retrieve",
      params: undefined,
      ids: { fileID },
      options,
      send: (sdk, _request, sent) => sdk.files.retrieve(fileID, sent),
      accept: json<FileObject>(problems.object),
      shape: shapes.file
    })
  ),
  list: call((query, options) => all(listOf(caller, "files.list", query, options))),
  listStream: (query, options) => pageByPage(listOf(caller, "files.listStream", query, options)),
  delete: call((fileID, options) =>
    caller.plain({
      name: "files.delete",
      params: undefined,
      ids: { fileID },
      options,
      send: (sdk, _request, sent) => sdk.files.delete(fileID, sent),
      accept: json<FileDeleted>(({ deleted }) => (deleted === true ? undefined : "it does not say that it was deleted"))
    })
  ),
  content: call((fileID, options) =>
    caller.plain({
      name: "files.content",
      params: undefined,
      ids: { fileID },
      options,
      send: async (sdk, _request, sent) => (await sdk.files.content(fileID, sent)).bytes(),
      accept: bytes("any")
    })
  ),
  contentStream: streamCall((scope, fileID, options) =>
    caller.bytes(
      {
        name: "files.contentStream",
        params: undefined,
        ids: { fileID },
        options,
        send: (sdk, _request, sent) => sdk.files.content(fileID, sent),
        content: "any"
      },
      scope
    )
  )
})

const listOf = (
  caller: Caller,
  name: string,
  query: FileListParams | null | undefined,
  options: CallOptions | undefined
): Fetch<FileObject> =>
  pages(caller, { name, options, query, get: (sdk, sent) => sdk.get("/files", sent), shape: shapes.files })
