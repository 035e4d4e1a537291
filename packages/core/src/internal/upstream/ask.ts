/** From what a client promised, to its value or the call's error. */
import * as Effect from "effect/Effect"
import * as Classification from "../../Classification.ts"
import type { UpstreamError } from "../../UpstreamError.ts"
import { clean, look } from "../classification/seen.ts"
import { read } from "../systemError.ts"
import { beginning } from "./body.ts"
import type { Call } from "./call.ts"
import { type Incoming, incomingOf } from "./incoming.ts"
import { settle } from "./iteration.ts"
import type { Ask } from "./options.ts"
import { jsonOf } from "./seen.ts"
import { ruled } from "../classification/ruled.ts"
import { type Verdict } from "./thrown.ts"

/** The value of a call, or the error of what it threw, or failed with. */
export const asked = <Name extends string, A = never, B = never, E = never, R = never>(
  call: Call<Name>,
  ask: Ask<A, B, Name, E, R>
): Effect.Effect<A | B, UpstreamError, R> =>
  Effect.isEffect(ask)
    ? Effect.catch(ask, (error) => failed(call, error))
    : Effect.catch(
        // An answer that comes too late holds a connection until somebody lets go of it.
        settle(
          () => ask(call.signal, call.context),
          (value) => incomingOf(value)?.discard()
        ),
        ({ value }) => failed(call, value)
      )

/** Fails by what was thrown. An answer that it holds and nobody has read is read first. */
const failed = (call: Call, thrown: unknown): Effect.Effect<never, UpstreamError> =>
  Effect.suspend(() => {
    const answer = typeof thrown === "object" && thrown !== null ? incomingOf(read(thrown, "response")) : undefined
    return answer === undefined || answer.isRead || isSuccess(answer)
      ? Effect.fail(call.errorOf(thrown))
      : refused(call, answer, thrown)
  })

export const isSuccess = ({ status }: Incoming): boolean => status >= 200 && status < 300

/** Fails by an answer whose status says so. */
export const refused = (call: Call, answer: Incoming, cause?: unknown): Effect.Effect<never, UpstreamError> =>
  Effect.suspend(() => {
    call.answered(answer)
    const refusal = (): Verdict => ({ ...verdictOn(call, answer, cause), ...(cause !== undefined && { cause }) })
    call.refusal = refusal
    return Effect.flatMap(beginning(call, answer), () => call.fail(refusal()))
  })

const verdictOn = (call: Call, { headers, status }: Incoming, thrown: unknown): Verdict => {
  const { body } = call
  const answer: Classification.Answer = { status, headers, body, seenIn: "status", now: call.now }
  const own = ruled({ ...look(answer), json: jsonOf(body), thrown }, call.settings.rules)
  if (own !== undefined) return { reason: own }
  return (
    Classification.classify(answer) ?? {
      reason: Classification.malformed("wrong-shape", body, clean(`its status is ${status}`))
    }
  )
}
