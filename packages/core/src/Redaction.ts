/**
 * Keeps secrets out of whatever is captured, rendered, logged or sent.
 *
 * Four layers, from certain to best effort: the values of `Redacted` never get
 * here; headers and fields with a credential's name lose their value whole;
 * secrets that the program knows ({@link known}) are found however they look, also
 * percent-encoded and in base64; keys of common shapes are found in any text.
 * A bare secret of no known shape in prose (`bad password swordfish`) is not found
 * unless it is known.
 *
 * Everything here is synchronous, linear in the text's length, and never throws.
 *
 * **Example** (Masking)
 *
 * ```ts
 * import * as Redaction from "@causeway/core/Redaction"
 *
 * Redaction.text("no such key: sk-1234567890abcdef") // => "no such key: <redacted>"
 * Redaction.text("a task-force of 12") // => "a task-force of 12"
 * Redaction.url("https://me:pw@example.com/?api_key=1&page=2") // => "https://<redacted>@example.com/?api_key=<redacted>&page=2"
 * Redaction.headers([["Authorization", "Bearer x"]]) // => [["Authorization", "<redacted>"]]
 * ```
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Assignments from "./internal/redaction/assignments.ts"
import { anchors, anchorsIn } from "./internal/redaction/anchors.ts"
import * as Known from "./internal/redaction/known.ts"
import { weightOf } from "./internal/redaction/names.ts"
import * as Shapes from "./internal/redaction/shapes.ts"
import * as Spans from "./internal/redaction/spans.ts"

/** What stands in the place of a secret: `<redacted>`. */
export const mask = Spans.mask

/**
 * Whether a header, a field, a parameter or a variable of this name holds a
 * credential: `authorization`, `x-api-key`, `clientSecret`, `GITHUB_TOKEN`. Not
 * `max_tokens`, `next_page_token` or `primaryKey`.
 */
export const isCredentialName = (name: string): boolean => weightOf(name) === 2

/** A text with every secret in it masked. */
export const text = (text: string): string => {
  const frames = text.length < shortestStack ? -1 : text.indexOf(frame)
  const found = frames === -1 ? anchorsIn(text) : everywhere
  if (found === 0 && Known.isEmpty()) return text
  const spans: Spans.Spans = []
  Known.find(text, spans)
  if (found & anchors.dash) Shapes.prefixed(text, "-", spans)
  if (found & anchors.dashes) Shapes.privateKeys(text, spans)
  if (found & anchors.at) Shapes.userInfo(text, spans)
  if (found & anchors.equals) Assignments.equations(text, spans)
  if (frames === -1) prose(text, found, spans)
  else {
    part(text, 0, frames, spans)
    betweenFrames(text, frames, spans)
  }
  return Spans.cut(text, spans)
}

/** How a line of a stack begins. */
const frame = "\n    at "

/** What is shorter is searched as prose. */
const shortestStack = 40

/** What is looked for in a stack's frames as well. */
const everywhere = anchors.dash | anchors.dashes | anchors.at | anchors.equals

/** What people and programs write, where a secret may stand in more ways than in a stack's frames. */
const prose = (text: string, found: number, spans: Spans.Spans): void => {
  Known.findEncoded(text, spans)
  if (found & anchors.dashes) Assignments.flags(text, spans)
  if (found & anchors.underscore) Shapes.prefixed(text, "_", spans)
  if (found & anchors.token) Shapes.tokens(text, spans)
  if (found & anchors.scheme) Shapes.afterScheme(text, spans)
  if (found & anchors.colon) Assignments.declarations(text, spans)
  if (found & anchors.quote) Assignments.listings(text, spans)
  if (found & anchors.percent) Assignments.encoded(text, spans)
}

/** What stands between the frames of a stack: the messages of causes. The frames themselves are most of a text. */
const betweenFrames = (text: string, from: number, spans: Spans.Spans): void => {
  let start = -1
  for (let line = from; line !== -1; line = text.indexOf("\n", line + 1)) {
    // "    at ": three of its characters tell, and a comparison as a whole costs twice as much.
    if (
      text.charCodeAt(line + 5) === 0x61 &&
      text.charCodeAt(line + 6) === 0x74 &&
      text.charCodeAt(line + 4) === 0x20
    ) {
      if (start !== -1) part(text, start, line, spans)
      start = -1
    } else if (start === -1) start = line
  }
  if (start !== -1) part(text, start, text.length, spans)
}

const part = (text: string, start: number, end: number, spans: Spans.Spans): void => {
  const found = anchorsIn(text, start, end)
  if (found === 0 && Known.isEmpty()) return
  const own: Spans.Spans = []
  prose(text.slice(start, end), found, own)
  for (const place of own) spans.push(place + start)
}

/** An address with its user, its password and every credential in its query and fragment masked. */
export const url = (url: string): string => {
  const start = url.search(/[?#]/)
  if (start === -1) return text(url)
  const parameters = url.slice(start).split(/([&;?#])/)
  return text(url.slice(0, start)) + parameters.map(parameter).join("")
}

const parameter = (pair: string): string => {
  const sign = pair.indexOf("=")
  if (sign === -1) return text(pair)
  const name = pair.slice(0, sign)
  const value = pair.slice(sign + 1)
  const plain = decode(value)
  if (value === "") return pair
  if (isCredentialName(decode(name))) return `${name}=${mask}`
  // An address within an address: if anything in it has to go, all of it does.
  return plain !== value && text(plain) !== plain ? `${name}=${mask}` : text(pair)
}

const decode = (encoded: string): string => {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

/** Headers in their order, those with a credential's name masked whole, the others searched, and the names too. */
export const headers = (pairs: Iterable<readonly [string, string]>): Array<[string, string]> =>
  Array.from(pairs, ([name, value]) => [text(name), isCredentialName(name) ? mask : text(value)])

/**
 * While the scope is open, a secret is masked in every text, also percent-encoded,
 * in JSON and in base64 (alone, or within something longer). A secret of fewer than
 * eight characters is masked only where it stands as a word.
 *
 * **Example** (A key that looks like none)
 *
 * ```ts
 * import * as Redaction from "@causeway/core/Redaction"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const program = Redaction.known(Redacted.make("open sesame")).pipe(
 *   Effect.andThen(Effect.sync(() => Redaction.text("he said open%20sesame"))),
 *   Effect.scoped
 * )
 *
 * Effect.runSync(program) // => "he said <redacted>"
 * ```
 */
export const known = (secret: Redacted.Redacted<string>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.suspend(() => {
    const value = valueOf(secret)
    return value === undefined
      ? Effect.void
      : Effect.acquireRelease(
          Effect.sync(() => Known.add(value)),
          () => Effect.sync(() => Known.remove(value))
        )
  })

/** A secret that was wiped is known to nobody any more. */
const valueOf = (secret: Redacted.Redacted<string>): string | undefined => {
  try {
    return Redacted.value(secret)
  } catch {
    return undefined
  }
}
