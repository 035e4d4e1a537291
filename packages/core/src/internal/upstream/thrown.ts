/** Why a call failed, by what was thrown: of any kind, from any realm, of any client. Nothing here throws. */
import * as Classification from "../../Classification.ts"
import type { Rule } from "../../Rule.ts"
import * as TransportFailure from "../../TransportFailure.ts"
import {
  Configuration,
  type MalformedResponse,
  ProviderFault,
  RequestEncoding,
  type UpstreamReason
} from "../../UpstreamReason.ts"
import { isReason, ruled } from "../classification/ruled.ts"
import { clean, type Seen } from "../classification/seen.ts"
import { errorsOf, read } from "../systemError.ts"
import { answerWithin } from "./answerOfError.ts"
import { seenIn } from "./seen.ts"

/** Why a call failed. */
export interface Verdict extends Classification.Classified {
  /** What was thrown, where something was. */
  readonly cause?: unknown
  /** The answer that an error was made of. */
  readonly answer?: Classification.Answer
}

/** The verdict on anything thrown. */
export const verdictOf = (
  thrown: unknown,
  rules: ReadonlyArray<Rule>,
  progress: TransportFailure.Progress = {}
): Verdict => {
  const errors = errorsOf(thrown)
  const answer = answerWithin(errors)
  const more = { cause: thrown, ...(answer !== undefined && { answer }) }
  const given = errors.find(safely(isReason))
  if (given !== undefined) return { reason: given, ...more }
  const seen = seenIn(thrown, errors, answer)
  const own = ruled(seen, rules)
  if (own !== undefined) return { reason: own, ...more }
  const classified = ofEffect(errors, seen, progress) ?? (answer && Classification.classify(answer))
  return { ...(classified ?? { reason: ofError(thrown, seen, progress) }), ...more }
}

/** A guard that does not hold where a proxy lets nobody look. */
const safely =
  <A>(guard: (u: unknown) => u is A) =>
  (u: unknown): u is A => {
    try {
      return guard(u)
    } catch {
      return false
    }
  }

/** What `effect/http` and `effect/Schema` fail with, by their tags. */
const ofEffect = (
  errors: ReadonlyArray<object>,
  seen: Seen,
  progress: TransportFailure.Progress
): Classification.Classified | undefined => {
  for (const error of errors) {
    const tag = read(error, "_tag")
    const inner = tag === "HttpClientError" ? read(error, "reason") : undefined
    const kind = typeof inner === "object" && inner !== null ? read(inner, "_tag") : tag
    const message = clean(seen.message ?? "")
    switch (kind) {
      case "EncodeError":
      case "HttpBodyError":
        return { reason: new RequestEncoding({ message, seenIn: "request", path: "" }) }
      case "InvalidUrlError":
        return { reason: new Configuration({ message, seenIn: "request", option: "url" }) }
      case "EmptyBodyError":
        return { reason: Classification.malformed("empty", "") }
      case "DecodeError":
        return { reason: ofReading(error, { phase: "body", ...progress }) ?? malformed(message) }
      case "SchemaError":
        return { reason: malformed(message) }
    }
  }
  return undefined
}

const malformed = (detail: string): MalformedResponse => Classification.malformed("wrong-shape", "", detail)

/** What the transport, a decompressor, or the JSON parser threw. */
const ofReading = (thrown: unknown, progress: TransportFailure.Progress): UpstreamReason | undefined => {
  const encoding = Classification.wrongEncoding(thrown)
  if (encoding !== undefined) return encoding
  if (TransportFailure.isTransport(thrown)) return TransportFailure.reasonOf(thrown, progress)
  const issue = Classification.jsonIssue(thrown)
  return issue === undefined ? undefined : Classification.malformed(issue, "")
}

const ofError = (thrown: unknown, seen: Seen, progress: TransportFailure.Progress): UpstreamReason => {
  const read = ofReading(thrown, progress)
  if (read !== undefined) return read
  const message = clean(seen.message ?? "")
  return isUnsendable.test(message)
    ? new RequestEncoding({ message, seenIn: "request", path: "" })
    : new ProviderFault({
        message: message === "" ? "the call failed, and nothing says why" : message,
        seenIn: progress.phase === "stream" ? "stream" : "socket"
      })
}

/** How V8 refuses to write JSON, and how `fetch` refuses what it is given: neither has a code. */
const isUnsendable =
  /^(?:Do not know how to serialize a BigInt|Converting circular structure to JSON|Request with GET\/HEAD method|Headers\.\w+: |Request(?:Init)?(?: constructor)?: )/
