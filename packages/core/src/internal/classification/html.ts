/** Pages where an API's answer should be. */

/** Whether a body is a page, by its beginning. */
export const isHtml = (body: string): boolean => /^[\s\uFEFF]{0,100}<(?:!doctype|html|head|body|\?xml)/i.test(body)

/** The title of a page, or its heading, or its text without markup. */
export const textOfHtml = (html: string): string => {
  const title = /<title[^<>]*>([^<]{1,200})/i.exec(html)?.[1] ?? /<h1[^<>]*>([^<]{1,200})/i.exec(html)?.[1]
  return (title ?? html.replaceAll(/<[^<>]*>/g, " ")).replaceAll(/\s+/g, " ").trim()
}
