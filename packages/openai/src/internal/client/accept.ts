/** From what the SDK hands on to the answer of a call, or to why it is none. */
import * as Classification from "@causeway/core/Classification"
import type { Attempt } from "../../Recording.ts"
import { isRecord, judge, judgeValue, type Problem, problems } from "../answer.ts"
import { classified, type Verdict } from "../failure.ts"

/** The answer behind a value of the SDK. */
export interface Received {
  readonly attempt: Attempt
  /** Its body, or the beginning of it. */
  readonly text: () => string
}

/** An answer that holds what it should. */
export interface Accepted<A> {
  readonly value: A
}

/** How an answer is checked. */
export interface Accept<A> {
  readonly accept: (value: unknown, received: Received) => Accepted<A> | Verdict
  /** How its text is judged where the SDK failed at reading it. */
  readonly problem: Problem
}

/**
 * An answer in JSON, checked on the level on which code relies. Beyond that its
 * fields are the upstream's word, as they are in the SDK: `A` is the SDK's type.
 */
export const json = <A>(problem: Problem): Accept<A> => ({
  problem,
  accept: (value, received) => {
    const { attempt } = received
    const isText = typeof value === "string" && !/json/i.test(attempt.header("content-type") ?? "")
    if (!isText && value !== undefined && value !== null) {
      return judgeValue(attempt, value, received.text, problem) ?? { value: value as A }
    }
    // Without the right content type the SDK hands on the text.
    const text = isText ? value : received.text()
    const wrong = judge(attempt, text, problem)
    if (wrong !== undefined) return wrong
    const parsed: A = JSON.parse(text)
    Object.defineProperty(parsed, "_request_id", { value: attempt.header("x-request-id") ?? null, enumerable: false })
    return { value: parsed }
  }
})

/** An object that is a record of another call: that call's failure is not this one's. */
export const record = <A>(kind: string, problem: Problem): Accept<A> => {
  const plain = json<A>(problem)
  return {
    problem,
    accept: (value, received) =>
      isRecord(value, kind, problem) ? { value: value as A } : plain.accept(value, received)
  }
}

/** An answer in plain text that has to begin in a certain way, as its format says. */
export const text = (format: string, beginning: RegExp): Accept<string> => ({
  problem: problems.anything,
  accept: (value, received) => {
    const body = typeof value === "string" ? value : received.text()
    if (body === "") return { reason: Classification.malformed("empty", body) }
    const type = received.attempt.header("content-type") ?? ""
    // An error inside a 200 says what went wrong, whatever it calls itself.
    const said = /^\s*[{<]/.test(body) ? classified(received.attempt, body, "body") : undefined
    if (said !== undefined) return said
    return typeof value !== "string" || /html/i.test(type) || !beginning.test(body)
      ? { reason: Classification.malformed("wrong-shape", body, `it is no ${format}`) }
      : { value: body }
  }
})

/** An answer that says no more than that it was done: nothing, or an object that does not say otherwise. */
export const nothing: Accept<void> = {
  problem: problems.anything,
  accept: (value, received) => {
    const { attempt } = received
    if ((value === null || value === undefined || value === "") && attempt.bytes === 0) return { value: undefined }
    const checked = json<unknown>(problems.deleted).accept(value, received)
    return "value" in checked ? { value: undefined } : checked
  }
}

/** Whatever somebody's own use of the SDK gives. */
export const anything = <A>(): Accept<A> => ({ problem: problems.anything, accept: (value) => ({ value: value as A }) })

/** Checks more of what was accepted, or makes something else of it. */
export const checked = <A, B>(
  first: Accept<A>,
  next: (value: A, received: Received) => Accepted<B> | Verdict
): Accept<B> => ({
  problem: first.problem,
  accept: (value, received) => {
    const accepted = first.accept(value, received)
    return "value" in accepted ? next(accepted.value, received) : accepted
  }
})
