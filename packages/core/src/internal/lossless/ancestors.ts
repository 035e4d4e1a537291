/** What an object is by the classes that it derives from. */

/** The constructor that a prototype belongs to. */
export const constructorOf = (prototype: object): unknown =>
  Object.getOwnPropertyDescriptor(prototype, "constructor")?.value

/** By name first: to touch the global `Request` makes Node load all of its HTTP client. */
export const isA = (name: string, value: object): boolean => {
  if (!hasAncestor(name, value)) return false
  const kind: unknown = Reflect.get(globalThis, name)
  return typeof kind === "function" && value instanceof kind
}

const hasAncestor = (name: string, value: object): boolean => {
  for (let at: object | null = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    const constructor = constructorOf(at)
    if (typeof constructor === "function" && constructor.name === name) return true
  }
  return false
}
