/** What is thrown and is no error. */
import { whole, type Case } from "./Case.ts"

function onRetry(): void {}

export const cases: ReadonlyArray<Case> = whole({
  "a thrown text": () => "it broke",
  "a thrown empty text": () => "",
  "a thrown number": () => 42,
  "a thrown minus zero": () => -0,
  "a thrown NaN": () => Number.NaN,
  "a thrown bigint": () => 42n,
  "a thrown boolean": () => false,
  "a thrown null": () => null,
  "a thrown undefined": () => undefined,
  "a thrown object": () => ({ code: "E_OOPS", details: { at: new Date(0) } }),
  "a thrown object that looks like an error": () => ({ name: "Error", message: "no", stack: "none" }),
  "a thrown list": () => [new Error("a"), "b"],
  "a thrown symbol": () => Symbol.for("thrown"),
  "a thrown local symbol": () => Symbol("thrown"),
  "a thrown function": () => onRetry,
  "a thrown class": () => class Thrown {},
  "a thrown Date": () => new Date(0),
  "a thrown RegExp": () => /x/,
  "a thrown Map": () => new Map([["code", 1]]),
  "a thrown list of bytes": () => new Uint8Array([1, 2, 3])
})
