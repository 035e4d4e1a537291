/** Models of one's own as the handlers of a relay. */
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { NotFound, type UpstreamReason } from "@causeway/core/UpstreamReason"
import { randomUUID } from "node:crypto"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Model, Models, Output } from "../../ModelServer.ts"
import { type Fields, jsonOf } from "../answer.ts"
import * as Chat from "./chat.ts"
import { type Call, callOf, failedBy, lacking, unknownModel } from "./failure.ts"
import { type Check, checkOf } from "./format.ts"
import { type Piece, piecesOf } from "./output.ts"
import * as Request from "./request.ts"
import { asChat } from "./responseRequest.ts"
import * as Responses from "./responses.ts"
import { embedded, moderated } from "./whole.ts"

interface Asked {
  readonly path: string
  readonly method: string
  readonly body?: string | undefined
}

interface Head {
  readonly status: number
  readonly requestId: string
  readonly headers: ReadonlyArray<readonly [string, string]>
}

const headOf = (id: string, type: string): Head => ({ status: 200, requestId: id, headers: [["content-type", type]] })

/** An output that is asked for: its pieces, and what they become. */
interface Spoken<R> {
  readonly answer: (
    id: string,
    pieces: Stream.Stream<Piece, UpstreamError, R>
  ) => Effect.Effect<string, UpstreamError, R>
  readonly events: (
    id: string,
    pieces: Stream.Stream<Piece, UpstreamError, R>
  ) => Stream.Stream<string, UpstreamError, R>
  readonly outputs: ReadonlyArray<() => Output<unknown, R>>
}

/** The handlers, whose models have these services. */
export const serve = <R>(models: Models, context: Context.Context<R>) => {
  const served = new Map(Object.entries(models)) as ReadonlyMap<string, Model<unknown, R>>
  const createdAt = Math.floor(Date.now() / 1_000)

  const infoOf = (id: string) => ({ id, object: "model", created: createdAt, owned_by: "causeway" })

  const find = (call: Call): Result.Result<Model<unknown, R>, UpstreamError> => {
    const model = served.get(call.model)
    return model === undefined ? Result.fail(unknownModel(call, Array.from(served.keys()))) : Result.succeed(model)
  }

  const complete = (asked: Asked): Effect.Effect<Head & { readonly body: string }, UpstreamError> =>
    Effect.withFiber((fiber) => {
      const id = randomUUID().replaceAll("-", "")
      const answered = asked.method === "GET" ? listed(fiber, asked) : whole(fiber, asked, id)
      return Effect.map(Effect.provideContext(answered, context), (body) => ({
        ...headOf(id, "application/json"),
        body
      }))
    })

  const whole = (
    fiber: Fiber.Fiber<unknown, unknown>,
    asked: Asked,
    id: string
  ): Effect.Effect<string, UpstreamError, R> => {
    const { body, call, operation } = requestOf(fiber, asked)
    if (operation === undefined) return Effect.fail(noRoute(call))
    const model = find(call)
    if (Result.isFailure(model)) return Effect.fail(model.failure)
    if (operation === "embeddings.create") return embedded(call, model.success, body)
    if (operation === "moderations.create") return moderated(call, model.success, body, id)
    const spoken = spokenOf(call, operation, model.success, body)
    return Result.isFailure(spoken)
      ? Effect.fail(failedBy(call, spoken.failure))
      : spoken.success.answer(id, piecesOf(call, "body", spoken.success.outputs))
  }

  const events = (asked: Asked): Stream.Stream<Head | string, UpstreamError> =>
    Stream.unwrap(
      Effect.withFiber<Stream.Stream<Head | string, UpstreamError>>((fiber) => {
        const id = randomUUID().replaceAll("-", "")
        const { body, call, operation } = requestOf(fiber, asked)
        if (operation === undefined) return Effect.succeed(Stream.fail(noRoute(call)))
        const model = find(call)
        if (Result.isFailure(model)) return Effect.succeed(Stream.fail(model.failure))
        const spoken = spokenOf(call, operation, model.success, body)
        if (Result.isFailure(spoken)) return Effect.succeed(Stream.fail(failedBy(call, spoken.failure)))
        const pieces = piecesOf(call, "stream", spoken.success.outputs)
        const head: Stream.Stream<Head | string> = Stream.succeed(headOf(id, "text/event-stream"))
        return Effect.succeed(Stream.concat(head, Stream.provideContext(spoken.success.events(id, pieces), context)))
      })
    )

  const listed = (fiber: Fiber.Fiber<unknown, unknown>, { path }: Asked): Effect.Effect<string, UpstreamError> => {
    const [plain = ""] = path.split("?")
    if (plain === "/models") {
      return Effect.succeed(JSON.stringify({ object: "list", data: Array.from(served.keys(), infoOf) }))
    }
    const [, encoded] = /^\/models\/([^/]+)$/.exec(plain) ?? []
    if (encoded === undefined) return Effect.fail(noRoute(callOf(fiber, "model", plain.slice(1))))
    const call = callOf(fiber, decoded(encoded), "models.retrieve")
    return Effect.map(Effect.fromResult(find(call)), () => JSON.stringify(infoOf(call.model)))
  }

  return { complete, events, transfer }
}

const transfer = (asked: { readonly path: string; readonly method: string }): Stream.Stream<never, UpstreamError> =>
  Stream.unwrap(
    Effect.withFiber((fiber) =>
      Effect.succeed(Stream.fail(noRoute(requestOf(fiber, { ...asked, body: undefined }).call)))
    )
  )

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const operations = {
  "/chat/completions": "chat.completions.create",
  "/responses": "responses.create",
  "/completions": "completions.create",
  "/embeddings": "embeddings.create",
  "/moderations": "moderations.create"
} as const

type Operation = (typeof operations)[keyof typeof operations]

const requestOf = (fiber: Fiber.Fiber<unknown, unknown>, { body: text, method, path }: Asked) => {
  const [plain = ""] = path.split("?")
  const isKnown = (path: string): path is keyof typeof operations => Object.hasOwn(operations, path)
  const operation = method === "POST" && isKnown(plain) ? operations[plain] : undefined
  const body = Request.fieldsOf(jsonOf(text ?? ""))
  const model = typeof body["model"] === "string" ? body["model"] : "model"
  return { body, call: callOf(fiber, model, operation ?? plain.slice(1, 100)), operation }
}

const noRoute = (call: Call): UpstreamError =>
  failedBy(
    call,
    new NotFound({ message: "the models of this server do not serve this", seenIn: "request", what: "route" }),
    {
      code: "unknown_route"
    }
  )

const spokenOf = <R>(
  call: Call,
  operation: Operation,
  model: Model<unknown, R>,
  body: Fields
): Result.Result<Spoken<R>, UpstreamReason> => {
  switch (operation) {
    case "chat.completions.create":
      return conversation(call, model, body, body, false)
    case "responses.create":
      return Result.flatMap(asChat(body), (chat) => conversation(call, model, body, chat, true))
    case "completions.create":
      return completion(call, model, body)
    default:
      return Result.fail(Request.refused("stream: there is nothing here that could come in events", "stream"))
  }
}

/** What OpenAI takes of prompts in one request, so that a few bytes do not start a call each. */
const mostOutputs = 2_048

const completion = <R>(
  call: Call,
  model: Model<unknown, R>,
  body: Fields
): Result.Result<Spoken<R>, UpstreamReason> => {
  const { complete } = model
  if (complete === undefined) return Result.fail(lacking(call, "completions"))
  return Result.flatMap(Request.readCompletion(body), (request): Result.Result<Spoken<R>, UpstreamReason> => {
    const { prompt } = request
    const isOne = typeof prompt === "string" || typeof prompt[0] === "number"
    const prompts = (isOne ? [prompt] : prompt) as ReadonlyArray<string | ReadonlyArray<number>>
    const perPrompt = request.n ?? 1
    const count = prompts.length * perPrompt
    if (count === 0 || count > mostOutputs) {
      return Result.fail(
        Request.refused(`prompt: asks for ${count} choices; at most ${mostOutputs}, and at least one`, "prompt")
      )
    }
    const asked = { ...askedOf(request, none), isText: true, perPrompt, count }
    return Result.succeed({
      answer: (id, pieces) => Chat.answer(call, id, asked, pieces),
      events: (id, pieces) => Chat.events(call, id, asked, pieces),
      outputs: prompts.flatMap((prompt) =>
        Array.from({ length: perPrompt }, (_, choice) => () => complete({ ...request, prompt, choice, body }))
      )
    })
  })
}

const none: Check = () => undefined

const askedOf = (
  request: {
    readonly stream_options?: { readonly include_usage?: boolean | null | undefined } | null | undefined
    readonly logprobs?: boolean | null | undefined
  },
  check: Check
) => ({
  hasLogprobs: request.logprobs === true,
  hasUsage: request.stream_options?.include_usage === true,
  check
})

const conversation = <R>(
  call: Call,
  model: Model<unknown, R>,
  body: Fields,
  chatBody: Fields,
  isResponse: boolean
): Result.Result<Spoken<R>, UpstreamReason> => {
  const { chat } = model
  if (chat === undefined) return Result.fail(lacking(call, isResponse ? "responses" : "chat"))
  return Result.flatMap(Request.readChat(chatBody), (request) =>
    Result.map(checkOf(request), (check): Spoken<R> => {
      const count = request.n ?? 1
      const outputs = Array.from({ length: count }, (_, choice) => () => chat({ ...request, choice, body }))
      if (isResponse) {
        return {
          answer: (id, pieces) => Responses.answer(call, id, body, check, pieces),
          events: (id, pieces) => Responses.events(call, id, body, check, pieces),
          outputs
        }
      }
      const asked = { ...askedOf(request, check), isText: false, perPrompt: count, count }
      return {
        answer: (id, pieces) => Chat.answer(call, id, asked, pieces),
        events: (id, pieces) => Chat.events(call, id, asked, pieces),
        outputs
      }
    })
  )
}
