/** What the simulator keeps from one request to the next: responses and files. The newest push out the oldest. */
import type { Fields } from "./input.ts"

/** A response that can be asked for again. */
export interface StoredResponse {
  /** Changes where it runs in the background. */
  body: Fields
  /** Its input, as items. */
  readonly input: ReadonlyArray<unknown>
  /** The states that it has yet to pass, where it runs in the background. */
  readonly ahead: Array<Fields>
}

/** A file. */
export interface StoredFile {
  readonly id: string
  readonly name: string
  readonly purpose: string
  readonly type: string
  readonly bytes: Uint8Array
}

/** A map of bounded size. */
export interface Shelf<A> {
  readonly get: (id: string) => A | undefined
  readonly put: (id: string, value: A) => void
  readonly remove: (id: string) => boolean
  readonly values: () => ReadonlyArray<A>
  readonly clear: () => void
}

export interface Store {
  readonly responses: Shelf<StoredResponse>
  readonly files: Shelf<StoredFile>
  readonly clear: () => void
}

const maxResponses = 1_000
const maxFileBytes = 64 * 1024 * 1024
const maxFiles = 1_000

const shelf = <A>(limit: number, sizeOf: (value: A) => number): Shelf<A> => {
  const values = new Map<string, A>()
  let size = 0
  const remove = (id: string): boolean => {
    const value = values.get(id)
    if (value === undefined) return false
    size -= sizeOf(value)
    return values.delete(id)
  }
  return {
    get: (id) => values.get(id),
    put: (id, value) => {
      values.set(id, value)
      size += sizeOf(value)
      for (const oldest of values.keys()) {
        if (size <= limit) break
        if (oldest !== id) remove(oldest)
      }
    },
    remove,
    values: () => [...values.values()],
    clear: () => {
      values.clear()
      size = 0
    }
  }
}

export const make = (): Store => {
  const responses = shelf<StoredResponse>(maxResponses, () => 1)
  const files = shelf<StoredFile>(maxFileBytes, ({ bytes }) => Math.max(bytes.length, maxFileBytes / maxFiles))
  return {
    responses,
    files,
    clear: () => {
      responses.clear()
      files.clear()
    }
  }
}
