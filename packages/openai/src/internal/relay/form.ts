/** The fields of a form, whose every other byte is nobody's matter here. The grammar: RFC 7578 and RFC 2046, section 5.1.1. */

/** Whether a content type is a form's. */
export const isForm = (contentType: string): boolean => /^multipart\/form-data/i.test(contentType)

/** The names of fields that matter. */
type Name = "model" | "stream"

/** Where a field's value stands. */
interface Place {
  readonly bytes: Buffer
  readonly start: number
  readonly stop: number
}

/** The first field of a name; `undefined` where there is none, or what there is, is no such form. */
const find = (form: Uint8Array, contentType: string, name: Name): Place | undefined => {
  const [, quoted, token] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? token
  if (boundary === undefined) return undefined
  const bytes = Buffer.from(form.buffer, form.byteOffset, form.byteLength)
  const delimiter = Buffer.from(`--${boundary}`)
  for (let at = bytes.indexOf(delimiter); at !== -1;) {
    const head = at + delimiter.length
    const end = bytes.indexOf(delimiter, head)
    const start = bytes.indexOf("\r\n\r\n", head) + 4
    // Only the last delimiter has nothing behind it.
    if (end === -1) return undefined
    if (
      start >= 4 &&
      start <= end &&
      names[name].test(bytes.toString("latin1", head, Math.min(start, head + longest)))
    ) {
      return { bytes, start, stop: Math.max(start, end - 2) }
    }
    at = end
  }
  return undefined
}

/** No part has longer headers. */
const longest = 4_096

const named = (name: Name): RegExp =>
  new RegExp(String.raw`^content-disposition:[^\r\n]*;\s*name="?${name}"?\s*(?:;|\r|$)`, "im")

const names: Readonly<Record<Name, RegExp>> = { model: named("model"), stream: named("stream") }

/** Replaces the model of a form by the name that the upstream has for it. Where there is none, it stays as it is. */
export const renameInForm = (
  form: Uint8Array,
  contentType: string,
  models: ReadonlyMap<string, string>
): Uint8Array => {
  const place = find(form, contentType, "model")
  if (place === undefined) return form
  const { bytes, start, stop } = place
  const name = models.get(bytes.toString("utf8", start, stop))
  return name === undefined ? form : Buffer.concat([bytes.subarray(0, start), Buffer.from(name), bytes.subarray(stop)])
}

/** Whether a form asks for events. */
export const asksForStream = (form: Uint8Array, contentType: string): boolean => {
  const place = find(form, contentType, "stream")
  return place !== undefined && /^(?:true|1)$/i.test(place.bytes.toString("utf8", place.start, place.stop).trim())
}
