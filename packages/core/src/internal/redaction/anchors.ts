/**
 * Characters without which a text holds no secret of a known shape. Most texts have
 * none where one could stand, and are told by that alone.
 */
import { afterName, is } from "./characters.ts"
import { mayEndName } from "./names.ts"
import { mayEndPrefix } from "./shapes.ts"

/** What to look for in a text, as bits. */
export const anchors = {
  dash: 1,
  underscore: 2,
  at: 4,
  equals: 8,
  colon: 16,
  percent: 32,
  token: 64,
  scheme: 128,
  quote: 256,
  newline: 512,
  dashes: 1024
} as const

const all = 2047

const table = new Uint16Array(128)
for (const [characters, bit] of [
  ["-", anchors.dash],
  ["_", anchors.underscore],
  ["@", anchors.at],
  ["=", anchors.equals],
  [":", anchors.colon],
  ["%", anchors.percent],
  // Of AIza and AKIA, of eyJ, of ya29.
  ["IJ9", anchors.token],
  ["Bb", anchors.scheme],
  ["\"'", anchors.quote],
  ["\n", anchors.newline]
] as const) {
  for (const character of characters) table[character.charCodeAt(0)]! |= bit
}

/** The same characters. The engine looks at sixteen at once for it. */
const some = /[-_@=:%IJ9Bb"'\n]/g

/** Up to this length, looking at each character costs less than asking the expression once. */
const shortest = 12

/** Up to this length, it costs less than asking it again. */
const short = 48

/** In a longer text, or with more anchors, each search looks for its own. */
const long = 128
const few = 4

/** The anchors in a text, or in a part of it, that may belong to a secret. */
export const anchorsIn = (text: string, start = 0, end = text.length): number => {
  let found = 0
  let at = start
  if (end - start > shortest) {
    some.lastIndex = start
    if (!some.test(text)) return 0
    at = some.lastIndex - 1
  }
  if (end - at <= short) {
    for (; at < end; at++) {
      // Other characters may pass as an anchor: that costs a search, and a test of each would cost more.
      const bit = table[text.charCodeAt(at) & 127]!
      if (bit !== 0) found |= suspect(text, at, bit)
    }
    return found
  }
  for (let count = end - start > long ? few : 0; count < few; count++) {
    found |= suspect(text, at, table[text.charCodeAt(at)]!)
    if (!some.test(text)) return found
    at = some.lastIndex - 1
    if (at >= end) return found
  }
  return all
}

/** What an anchor may be a part of, by the characters next to it. */
const suspect = (text: string, at: number, bit: number): number => {
  switch (bit) {
    case anchors.dash:
      return (mayEndPrefix(text, at) ? bit : 0) | (text.charCodeAt(at + 1) === 0x2d ? anchors.dashes : 0)
    case anchors.underscore:
      return mayEndPrefix(text, at) ? bit : 0
    case anchors.equals:
    case anchors.colon:
      return mayEndName(text, at) || is(text, at - 1, afterName) ? bit : 0
    case anchors.percent:
      return text.charCodeAt(at + 1) === 0x33 ? bit : 0
    case anchors.token: {
      const next = text.charCodeAt(at + 1)
      // The z and the A of AIza and AKIA, the dot of ya29., the y of eyJ.
      return next === 0x7a || next === 0x41 || next === 0x2e || text.charCodeAt(at - 1) === 0x79 ? bit : 0
    }
    case anchors.scheme: {
      // The second letter of bearer and of basic.
      const next = text.charCodeAt(at + 1) | 0x20
      return next === 0x65 || next === 0x61 ? bit : 0
    }
    case anchors.quote:
      return text.charCodeAt(at + 1) === 0x2c ? bit : 0
    default:
      return bit
  }
}
