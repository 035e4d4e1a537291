import * as Lossless from "@causeway/core/Lossless"
import { assert, describe, it } from "@effect/vitest"

const error = () =>
  Object.assign(new Error("deep down", { cause: new TypeError("why") }), { list: [{ a: 1 }, new Map([[1, 2]])] })

const attempts = 400

/**
 * Uses up the call stack, and on the way back runs a thunk in each frame: so first
 * with no room at all, then with a frame's room more each time.
 */
const withGrowingRoom = (thunk: () => unknown): ReadonlyArray<unknown> => {
  const outcomes: Array<unknown> = []
  const dive = (): void => {
    try {
      dive()
    } catch {
      // The end of the stack.
    }
    if (outcomes.length >= attempts) return
    try {
      outcomes.push(thunk())
    } catch {
      outcomes.push(undefined)
    }
  }
  dive()
  return outcomes
}

describe("with the call stack nearly used up", () => {
  for (const form of ["json", "clone"] as const) {
    it(`encoding gives the value or a visible placeholder as ${form}, wherever it can be called at all`, () => {
      const sent = error()
      const options = { form }
      const plain = JSON.stringify(Lossless.toWire(sent, options))
      // To compile a function takes more of the stack than to run it.
      const encode = () => Lossless.toWire(sent, options)
      for (let call = 0; call < 500; call++) encode()
      const wires = withGrowingRoom(encode)
      const encoded = wires.filter((wire) => wire !== undefined)
      const whole = encoded.filter((wire) => JSON.stringify(wire) === plain)
      const counts = `${whole.length} whole, ${encoded.length - whole.length} with placeholders, ${attempts - encoded.length} threw`
      for (const wire of encoded) {
        assert.notStrictEqual(Lossless.fromWire(wire, options), undefined)
        if (!whole.includes(wire)) assert.match(JSON.stringify(wire), /\[[^\]]*(call stack|stack)[^\]]*\]/, counts)
      }
      // There was no room for the call of `toWire` itself: 2 to 6 of them are usual, and 15 to 40 with placeholders.
      assert.isAtMost(attempts - encoded.length, 20, counts)
      assert.isAbove(whole.length, 200, counts)
    })
  }
})
