/**
 * Values as short text for people, whatever they are. Never throws.
 */
import { types } from "node:util"

const limit = 120

const cut = (text: string): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 20)}… (${text.length} characters)`

/** A value in a few words. */
export const show = (value: unknown): string => {
  try {
    return cut(words(value))
  } catch {
    return "[a value that cannot be shown]"
  }
}

const words = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value)
    case "number":
      return Object.is(value, -0) ? "-0" : String(value)
    case "bigint":
      return `${value}n`
    case "symbol":
      return String(value)
    case "function":
      return `[function ${value.name || "anonymous"}]`
    case "object":
      break
    default:
      return String(value)
  }
  if (value === null) return "null"
  if (types.isProxy(value)) return "[proxy]"
  if (types.isNativeError(value)) return `${String(value.name)}: ${String(value.message)}`
  if (Array.isArray(value)) return `[array of ${value.length}]`
  const prototype: object | null = Object.getPrototypeOf(value)
  const constructor: unknown = prototype === null ? undefined : Reflect.get(prototype, "constructor")
  const name = typeof constructor === "function" ? constructor.name : "no prototype"
  return `{${name}: ${Object.keys(value).slice(0, 8).join(", ")}}`
}

/** Whether a value is what stands for one that cannot be carried: text in brackets. */
export const isPlaceholder = (value: unknown): boolean => typeof value === "string" && /^\[[^[\]][\s\S]*\]$/.test(value)
