/** Which names stand before a credential. */

/** Names whose value is a credential, by how they end: lower case, without separators. */
const credential = new RegExp(
  "(?:" +
    [
      "authorization",
      "cookies?",
      "token",
      "(?:access|api|auth|bearer|refresh|session|security)tokens",
      "secrets?",
      "passwords?",
      "passwd",
      "passphrase",
      "passcode",
      "pwd",
      "credentials?",
      "jwt",
      "connectionstring",
      // Of a signed URL.
      "x(?:amz|goog)signature",
      // What kind of key it is decides: a primary key, a cache key, an idempotency key is none.
      "(?:access|account|admin|api|app|auth|client|consumer|deploy|encryption|functions|hmac|ingestion|license|master" +
        "|personal|private|secret|secure|server|service|session|shared|signing|ssh|storage|subscription|webhook)keys?"
    ].join("|") +
    ")$"
)

/** Tokens of another kind: those of a model, of a page of results, of a parser. */
const harmless =
  /(?:page|next|prev|previous|continuation|sync|stop|bos|eos|pad|unk|sep|cls|mask|special|max|min|per|first|last|num|input|output|prompt|completion|unexpected|invalid)token$/

/** Names that stand before a credential at times: the value has to look like one as well. */
const sometimes = new Set(["key", "sig", "signature", "auth", "pass"])

/** How a name is spelt does not matter: `X-Api-Key`, `apiKey` and `API_KEY` are one. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "")

/**
 * The last three letters of names that weigh something, packed into one number
 * each. `tokens` and `code` are left out: before a value in a text they are nearly
 * always something else.
 */
const ends = new Uint8Array(1 << 15)

const packed = (first: number, second: number, third: number): number =>
  ((first & 31) << 10) | ((second & 31) << 5) | (third & 31)

for (const end of [
  "ion",
  "kie",
  "ies",
  "ken",
  "ret",
  "ets",
  "ord",
  "rds",
  "swd",
  "ase",
  "pwd",
  "ial",
  "als",
  "jwt",
  "ing",
  "key",
  "eys",
  "sig",
  "ure",
  "uth",
  "ass"
]) {
  ends[packed(end.charCodeAt(0), end.charCodeAt(1), end.charCodeAt(2))] = 1
}

/** Whether a text, up to a place, can end with a name that weighs something: a test before any name is cut out. */
export const mayEndName = (text: string, end: number): boolean =>
  ends[packed(text.charCodeAt(end - 3), text.charCodeAt(end - 2), text.charCodeAt(end - 1))] === 1

/** `2`: always a credential; `1`: if its value looks like one; `0`: never. */
export type Weight = 0 | 1 | 2

const most = 2_048
const longest = 128
const weights = new Map<string, Weight>()

const weigh = (name: string): Weight => {
  const bare = plain(name)
  if (credential.test(bare)) return harmless.test(bare) ? 0 : 2
  return sometimes.has(bare) ? 1 : 0
}

/** Whether a name is that of a credential. Remembered, for names come again and again. */
export const weightOf = (name: string): Weight => {
  if (name.length > longest) return weigh(name.slice(-longest))
  let weight = weights.get(name)
  if (weight === undefined) {
    if (weights.size >= most) weights.clear()
    weights.set(own(name), (weight = weigh(name)))
  }
  return weight
}

/** A text of its own: one that was cut out of another keeps all of that in memory for as long as it is remembered. */
export const own = (name: string): string => name.split("").join("")
