/**
 * What a path that is not served may have been meant to be: the calls beside it, or a
 * route whose beginning a client's base URL lacks, or has twice.
 */
import type { HttpRouter } from "effect/http/HttpRouter"

/** Gives the paths that a path may have been meant to be. */
export type Find = (path: string) => ReadonlyArray<string>

const ofRouter = new WeakMap<HttpRouter, Array<Find>>()

/** Lets a router's 404 name what `find` finds. */
export const add = (router: HttpRouter, find: Find): void => {
  const known = ofRouter.get(router) ?? []
  ofRouter.set(router, known)
  known.push(find)
}

/** What is near to a path of this router that is not served. */
export const find = (router: HttpRouter, path: string): ReadonlyArray<string> =>
  (ofRouter.get(router) ?? []).flatMap((find) => find(path))

/** Routes below a prefix, which may have parameters, for a path that ends as one of them does. */
export const ending = (prefix: string, routes: ReadonlyArray<string>): Find => {
  const ends = routes.map((route) => route.replaceAll(/:\w+/g, String.raw`[\w.:-]{1,100}`))
  const end = new RegExp(`(${ends.join("|")})/?$`)
  return (path) => {
    const [, found] = end.exec(path) ?? []
    return found === undefined ? [] : [prefix + found]
  }
}
