/** Another model in a form, whose every other byte stays as it was. */

/**
 * Replaces the value of a form's field `model` by the name that the upstream has for
 * it. What is no such form, or names no such model, stays as it is. The form's grammar
 * is that of RFC 7578 and RFC 2046, section 5.1.1.
 */
export const renameInForm = (
  form: Uint8Array,
  contentType: string,
  models: ReadonlyMap<string, string>
): Uint8Array => {
  const [, quoted, token] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? token
  if (boundary === undefined) return form
  const bytes = Buffer.from(form.buffer, form.byteOffset, form.byteLength)
  const delimiter = Buffer.from(`--${boundary}`)
  for (let at = bytes.indexOf(delimiter); at !== -1;) {
    const start = at + delimiter.length
    const end = bytes.indexOf(delimiter, start)
    const value = bytes.indexOf("\r\n\r\n", start) + 4
    // Only the last delimiter has nothing behind it.
    if (end === -1) return form
    if (value >= 4 && value <= end && isModel(bytes.toString("latin1", start, Math.min(value, start + headLimit)))) {
      const stop = end - 2
      const name = models.get(bytes.toString("utf8", value, Math.max(value, stop)))
      return name === undefined
        ? form
        : Buffer.concat([bytes.subarray(0, value), Buffer.from(name), bytes.subarray(stop)])
    }
    at = end
  }
  return form
}

/** No part has longer headers. */
const headLimit = 4_096

const isModel = (head: string): boolean => /^content-disposition:[^\r\n]*;\s*name="?model"?\s*(?:;|\r|$)/im.test(head)
