/** Keys that are known by their shape, wherever they stand. */
import { alphanumeric, digit, is, keyBody } from "./characters.ts"
import type { Spans } from "./spans.ts"

/**
 * Prefixes of keys, each with the fewest characters that follow it in a real one.
 * A contributor adds a row; the vendor's documentation is the source.
 */
const prefixes: ReadonlyMap<string, number> = new Map([
  ["sk-", 8], // OpenAI, Anthropic, OpenRouter, DeepSeek, LiteLLM
  ["sess-", 20], // OpenAI's dashboard
  ["csk-", 20], // Cerebras
  ["pplx-", 20], // Perplexity
  ["nvapi-", 20], // NVIDIA
  ["xai-", 20], // xAI
  ["tvly-", 16], // Tavily
  ["glpat-", 16], // GitLab
  ["xoxa-", 10], // Slack, and the following
  ["xoxb-", 10],
  ["xoxe-", 10],
  ["xoxo-", 10],
  ["xoxp-", 10],
  ["xoxr-", 10],
  ["xoxs-", 10],
  ["xapp-", 10],
  ["sk_", 16], // Stripe, ElevenLabs
  ["rk_", 16], // Stripe
  ["whsec_", 16], // Stripe, Svix
  ["gsk_", 20], // Groq
  ["hf_", 20], // Hugging Face
  ["r8_", 20], // Replicate
  ["fw_", 16], // Fireworks
  ["tgp_", 20], // Together
  ["ghp_", 20], // GitHub, and the following
  ["gho_", 20],
  ["ghu_", 20],
  ["ghs_", 20],
  ["ghr_", 20],
  ["npm_", 20], // npm
  ["pat_", 20], // the end of GitHub's `github_pat_` and Docker's `dckr_pat_`
  ["lsv2_", 20], // LangSmith
  ["shpat_", 20], // Shopify
  ["esecret_", 16] // Anyscale
])

const longestPrefix = 7

/** The last two characters of every prefix before its separator. */
const ends = new Uint8Array(1 << 12)

const packed = (first: number, second: number): number => ((first & 63) << 6) | (second & 63)

for (const prefix of prefixes.keys())
  ends[packed(prefix.charCodeAt(prefix.length - 3), prefix.charCodeAt(prefix.length - 2))] = 1

/** Whether a separator may be that of a prefix: a test before any prefix is cut out. */
export const mayEndPrefix = (text: string, separator: number): boolean =>
  ends[packed(text.charCodeAt(separator - 2), text.charCodeAt(separator - 1))] === 1

/**
 * `task-force` has no boundary before its `sk`, `sk-SK` no body, `npm_package_name`
 * and `hf_hub_download` no digits in a row of letters, and scikit-learn is no key.
 */
const isKey = (text: string, start: number, body: number, end: number, least: number): boolean => {
  if (end - body < least || (start > 0 && is(text, start - 1, alphanumeric))) return false
  let run = 0
  let digits = false
  for (let at = body; at <= end; at++) {
    if (at < end && is(text, at, alphanumeric)) {
      run++
      digits ||= is(text, at, digit)
      if (run >= 20 || (run >= 12 && digits)) return true
    } else {
      run = 0
      // After an underscore a key is one row; after a dash it may hold dashes, and what its vendor masked.
      if (text.charCodeAt(body - 1) === underscore) digits = false
      else if (text[at] === "*") return true
    }
  }
  return digits && text.charCodeAt(body - 1) !== underscore
}

const underscore = 0x5f

const afterRun = (text: string, from: number, kind: number): number => {
  let at = from
  while (is(text, at, kind)) at++
  return at
}

/** Keys with a prefix that ends in a dash or an underscore. */
export const prefixed = (text: string, separator: "-" | "_", spans: Spans): void => {
  for (let at = text.indexOf(separator); at !== -1; at = text.indexOf(separator, at + 1)) {
    if (!mayEndPrefix(text, at)) continue
    let start = at - 1
    while (at - start < longestPrefix && is(text, start - 1, alphanumeric)) start--
    const least = prefixes.get(text.slice(start, at + 1))
    if (least === undefined) continue
    const end = afterRun(text, at + 1, keyBody)
    if (isKey(text, start, at + 1, end, least)) spans.push(start, end)
    // What was looked at is not looked at again: a text of prefixes alone stays linear.
    at = end - 1
  }
}

/** Google's `AIza…`, Amazon's `AKIA…` and `ASIA…`: their capital I is rare. */
const capital = (text: string, spans: Spans): void => {
  for (let at = text.indexOf("I"); at !== -1; at = text.indexOf("I", at + 1)) {
    const google = text.startsWith("AIza", at - 1)
    const start = google ? at - 1 : at - 2
    if (!google && !text.startsWith("AKIA", start) && !text.startsWith("ASIA", start)) continue
    if (start > 0 && is(text, start - 1, alphanumeric)) continue
    const end = afterRun(text, at, keyBody)
    if (google ? end - start >= 30 : end - start === 20) spans.push(start, end)
    at = end - 1
  }
}

/** JSON Web Tokens, signed or encrypted: base64 of `{"` and at least one dot. */
const webTokens = (text: string, spans: Spans): void => {
  for (let at = text.indexOf("J"); at !== -1; at = text.indexOf("J", at + 1)) {
    const start = at - 2
    if (!text.startsWith("ey", start) || (start > 0 && is(text, start - 1, alphanumeric))) continue
    const head = afterRun(text, at, keyBody)
    let end = head
    while (text[end] === ".") end = afterRun(text, end + 1, keyBody)
    if (end > head && end - start >= 20) spans.push(start, end)
    at = end - 1
  }
}

/** Private keys in PEM, as far as they go; a text that was cut may lack their end. */
const pem =
  /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|$)/g

export const privateKeys = (text: string, spans: Spans): void => {
  if (!text.includes("-----BEGIN ")) return
  for (const { 0: found, index } of text.matchAll(pem)) spans.push(index, index + found.length)
}

/** Scheme and credential as in an `authorization` header. Of `Bearer authentication` the second word is none. */
const schemes = /\b(?:bearer|basic)(?:[ \t]+|%20|\+)(?=[\w.~+/=%-]*[\d=*]|[\w.~+/=%-]{20})([\w.~+/=%*-]{6,})/gi

export const afterScheme = (text: string, spans: Spans): void => {
  if (!names("b", text) && !names("B", text)) return
  for (const match of text.matchAll(schemes)) {
    const end = match.index + match[0].length
    spans.push(end - match[1]!.length, end)
  }
}

/** Whether a scheme may stand in a text, by its first letter: an expression would look at every character. */
const names = (first: string, text: string): boolean => {
  for (let at = text.indexOf(first); at !== -1; at = text.indexOf(first, at + 1)) {
    // The second and third letter in lower case: `ea` of bearer, `as` of basic.
    const second = text.charCodeAt(at + 1) | 0x20
    const third = text.charCodeAt(at + 2) | 0x20
    if ((second === 0x65 && third === 0x61) || (second === 0x61 && third === 0x73)) return true
  }
  return false
}

const googleOAuth = /\bya29\.[\w-]{16,}/g

const oauth = (text: string, spans: Spans): void => {
  // By its digits: they are rarer than its letters.
  if (!text.includes("29.")) return
  for (const { 0: found, index } of text.matchAll(googleOAuth)) spans.push(index, index + found.length)
}

/** Keys without a dash or an underscore in them. */
export const tokens = (text: string, spans: Spans): void => {
  capital(text, spans)
  webTokens(text, spans)
  oauth(text, spans)
}

/** The user and password of a URL. */
export const userInfo = (text: string, spans: Spans): void => {
  let from = 0
  let open = -1
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    let start = at
    while (start > from && !endsUserInfo(text.charCodeAt(start - 1))) start--
    // A password may hold an @ itself; what lies before the last one was looked at.
    if (start === from && open !== -1) start = open
    open = start < at && text.startsWith("://", start - 3) ? start : -1
    if (open !== -1) spans.push(open, at)
    from = at + 1
  }
}

/** Space, quotes, `<`, `>`, `/`, `?`, `#`. */
const endsUserInfo = (code: number): boolean =>
  code <= 0x23 || code === 0x27 || code === 0x2f || code === 0x3c || code === 0x3e || code === 0x3f || code === 0x60
