/** What a request gets: the right answer, or what the request or the behaviour makes of it. */
import * as Effect from "effect/Effect"
import type { Random } from "effect/Random"
import type { Answer } from "../Answer.ts"
import * as Fault from "../Fault.ts"
import * as Reply from "../Reply.ts"
import type { Director, Holding } from "./director.ts"
import type { Content } from "./journal.ts"
import * as Routes from "./routes.ts"
import type { Turns } from "./turns.ts"

/** By this header a request asks for a fault, whatever its model is. */
export const faultHeader = "x-simulator-fault"

export interface Setting {
  readonly director: Director
  readonly turns: Turns
  readonly random: Random
}

/** A request, and the fault that its header asks for. */
export interface Request extends Routes.Call {
  readonly wish: string | undefined
}

/** What goes out. */
export interface Response {
  readonly reply: Reply.Reply
  readonly content: Content
  /** Of the rate limit. */
  readonly headers: Readonly<Record<string, string>>
  readonly holding: Holding
  /** What the fault waits for, in milliseconds. */
  readonly delay: number
  /** Whether it takes the time of an answer: a limit stands before what answers, and refuses at once. */
  readonly takesTime: boolean
}

/** The fault of a request: its header's, its model's, or that of the behaviour; not where it is not its turn. */
const faultOf = (
  { random, turns }: Setting,
  { fault }: Holding,
  request: Request,
  { answer, content }: Routes.Answered
) => {
  const model = content.model !== undefined && Fault.isFaultModel(content.model) ? content.model : undefined
  const text = request.wish ?? model ?? fault
  const invocation = text === undefined ? undefined : Fault.parse(text)
  if (text === undefined || invocation === undefined || !invocation.fault.kinds.includes(answer.kind)) return undefined
  const isHit = invocation.share === 1 || random.nextDoubleUnsafe() < invocation.share
  return isHit && turns.isDue(text, invocation.times) ? invocation : undefined
}

const replyOf = ({ fault, value }: Fault.Invocation, answer: Answer, request: Request, now: number): Reply.Reply =>
  fault.reply(answer, { now, url: `${request.origin}${request.path}`, value })

const unknownWish = (wish: string): Reply.Reply =>
  Reply.problem(400, {
    type: "invalid_request_error",
    param: faultHeader,
    code: "unknown_fault",
    message: `"${wish.slice(0, 100)}" is no fault, or cannot be told that; GET /simulator/faults lists them.`
  })

/** Looks at the request, then at who fails it: a wish that cannot be understood, a fault, a limit, nobody. */
export const respond = Effect.fnUntraced(function* (
  setting: Setting,
  request: Request,
  now: number
): Effect.fn.Return<Response> {
  const answered = yield* Routes.answer(request)
  const holding = setting.director.admit(now)
  const content = { ...answered.content, phase: holding.phase }
  const nothing = { content, headers: {}, holding, delay: 0, takesTime: true }
  if (request.wish !== undefined && request.wish !== "none" && Fault.parse(request.wish) === undefined) {
    return { ...nothing, reply: unknownWish(request.wish) }
  }
  const invocation = faultOf(setting, holding, request, answered)
  if (invocation !== undefined) {
    const { delay, fault } = invocation
    const reply = replyOf(invocation, answered.answer, request, now)
    return { ...nothing, reply, delay, content: { ...content, fault: fault.name } }
  }
  const verdict = holding.limiter?.take(now, request.body.length)
  if (verdict?._tag === "Refused") return { ...nothing, reply: verdict.reply, takesTime: false }
  return { ...nothing, reply: answered.answer.reply, headers: verdict?.headers ?? {} }
})

/** What a body over the limit gets. */
export const tooLarge = (director: Director, now: number): Response => {
  const { answer, content } = Routes.tooLarge
  return { reply: answer.reply, content, headers: {}, holding: director.admit(now), delay: 0, takesTime: true }
}
