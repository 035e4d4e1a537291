/**
 * An upstream's id of a request, as a header. What an upstream calls an id may hold
 * anything, and a header may not.
 */
export const upstreamRequestId = (id: string | undefined): Readonly<Record<string, string>> =>
  id !== undefined && /^[\x21-\x7e]{1,256}$/.test(id) ? { "x-upstream-request-id": id } : {}
