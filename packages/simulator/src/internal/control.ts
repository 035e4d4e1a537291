/** The requests that steer the simulator: `/simulator/...`. They are not part of the record. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Address from "../Address.ts"
import * as Fault from "../Fault.ts"
import * as Reply from "../Reply.ts"
import type { SeenRequest } from "../SeenRequest.ts"
import { SimulatorError } from "../SimulatorError.ts"
import * as Image from "./api/image.ts"
import * as Input from "./input.ts"

/** Where they are. */
export const isControl = (path: string): boolean => path === "/simulator" || path.startsWith("/simulator/")

/** What can be steered. */
export interface Steering {
  readonly url: string
  readonly phase: Effect.Effect<string | undefined>
  readonly requests: Effect.Effect<ReadonlyArray<SeenRequest>>
  readonly requestCount: Effect.Effect<number>
  readonly openSockets: Effect.Effect<number>
  readonly reset: Effect.Effect<void>
  readonly clear: Effect.Effect<void>
  readonly behave: (behaviour: unknown) => Effect.Effect<void, SimulatorError>
  readonly run: (script: unknown) => Effect.Effect<void, SimulatorError>
  readonly address: (name: Address.AddressName) => Effect.Effect<string, SimulatorError>
}

interface Control {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Uint8Array
}

const done: Reply.Reply = { head: { status: 204, headers: {} }, body: [""], ending: "end" }

const bad = (message: string): Reply.Reply => Reply.problem(400, { type: "invalid_request_error", message })

/** What a body says, given to what takes it. */
const put = (body: Uint8Array, take: (value: unknown) => Effect.Effect<void, SimulatorError>) => {
  const fields = Input.fields(body)
  return Result.isFailure(fields)
    ? Effect.succeed(fields.failure)
    : Effect.match(take(fields.success), { onFailure: ({ message }) => bad(message), onSuccess: () => done })
}

const state = (steering: Steering) =>
  Effect.gen(function* () {
    return Reply.json(200, {
      url: steering.url,
      phase: (yield* steering.phase) ?? null,
      requests: yield* steering.requestCount,
      open_sockets: yield* steering.openSockets
    })
  })

const faults = (): Reply.Reply =>
  Reply.json(200, {
    data: Fault.all.map(({ description, group, kinds, name, parameters }) => ({
      name,
      description,
      group,
      kinds,
      parameters
    }))
  })

/** The newest last; `after` leaves out all up to that number. */
const requests = (steering: Steering, query: URLSearchParams) =>
  Effect.map(steering.requests, (seen) => {
    const after = Number(query.get("after") ?? 0)
    return Reply.json(200, { data: seen.filter(({ number }) => number > after) })
  })

const addresses = (steering: Steering) =>
  Effect.match(
    Effect.forEach(Address.all, ({ description, name }) =>
      Effect.map(steering.address(name), (url) => ({ name, url, description }))
    ),
    { onFailure: ({ message }) => bad(message), onSuccess: (data) => Reply.json(200, { data }) }
  )

type Handler = (steering: Steering, control: Control) => Effect.Effect<Reply.Reply>

const handlers: Readonly<Record<string, Handler>> = {
  "GET /simulator": state,
  "GET /simulator/faults": () => Effect.sync(faults),
  "GET /simulator/addresses": addresses,
  "GET /simulator/requests": (steering, { query }) => requests(steering, query),
  "DELETE /simulator/requests": ({ clear }) => Effect.as(clear, done),
  "POST /simulator/reset": ({ reset }) => Effect.as(reset, done),
  "PUT /simulator/behaviour": ({ behave }, { body }) =>
    put(body, (value) =>
      Input.isFields(value) && value["refuse"] === true
        ? new SimulatorError({ message: "Who refuses all connections cannot be steered: use a script, with a time." })
        : behave(value)
    ),
  "PUT /simulator/script": ({ run }, { body }) => put(body, run),
  [`GET ${Image.path}`]: () => Effect.succeed(Image.file().reply)
}

/** The reply to one of them. */
export const respond = (steering: Steering, control: Control): Effect.Effect<Reply.Reply> => {
  const handler = handlers[`${control.method} ${control.path}`]
  return handler === undefined
    ? Effect.succeed(
        Reply.problem(404, {
          type: "invalid_request_error",
          code: "unknown_url",
          message: `There is nothing to steer at ${control.method} ${control.path.slice(0, 100)}; there is ${Object.keys(handlers).join(", ")}.`
        })
      )
    : handler(steering, control)
}
