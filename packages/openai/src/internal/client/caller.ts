/** How the resources of a client make their calls: at which upstream, how often, watched by whom. */
import * as Upstream from "@causeway/core/Upstream"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import { RequestEncoding } from "@causeway/core/UpstreamReason"
import * as Channel from "effect/Channel"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { OpenAI } from "openai"
import * as Classification from "@causeway/core/Classification"
import * as Operation from "../../Operation.ts"
import type { Recording } from "../../Recording.ts"
import { isFields } from "../answer.ts"
import { Events } from "../events.ts"
import { type Call as CallName, unsent } from "../failure.ts"
import type { StreamKind } from "../streamKind.ts"
import type { Table } from "../upstreams.ts"
import { type Accept, checked } from "./accept.ts"
import { attempt } from "./attempt.ts"
import type { Backend } from "./backend.ts"
import { Bytes, type Content } from "./bytes.ts"
import type { Made, ResponseInfo } from "./made.ts"
import type { CallOptions, Sent } from "./options.ts"
import { retrying } from "./retry.ts"
import type { Shape } from "./shapes.ts"
import { open, type Opened, type Source } from "./stream.ts"
import type { Subject } from "./telemetry/genAi.ts"
import { observed, observedStream, type OnPiece, type Telemetry } from "./telemetry/observation.ts"
import * as Uploads from "./uploads.ts"

/** What every call of a client is told. */
export interface Defaults {
  readonly retries: number
  readonly strict: boolean
}

/** A call of a resource: which, with what, and how. `P`: its parameters. */
interface Asked<P> {
  readonly name: string
  readonly params: P
  /** Ids that stand in the path, by their parameters' names. */
  readonly ids?: Readonly<Record<string, string>>
  readonly options: CallOptions | undefined
  /** `never`: it must not be made again once it may have run. Default: by the table of operations. */
  readonly replay?: "safe" | "never"
}

/** A call with one answer. */
export interface Plain<P, A> extends Asked<P> {
  readonly send: (sdk: OpenAI, params: P, sent: Sent, recording: Recording) => PromiseLike<unknown>
  readonly accept: Accept<A>
  /** What a strict client checks beyond that. */
  readonly shape?: Shape
}

/** A call whose answer is a stream of events. */
export interface InEvents<P> extends Asked<P> {
  readonly send: (sdk: OpenAI, params: P, sent: Sent) => PromiseLike<Response>
  readonly kind: StreamKind
  readonly shape?: Shape
}

/** A call whose answer is a stream of bytes. */
export interface InBytes<P> extends Asked<P> {
  readonly send: (sdk: OpenAI, params: P, sent: Sent) => PromiseLike<Response>
  readonly content: Content
}

type Params = object | undefined

/** The calls of one client. */
export class Caller {
  readonly #backends: Table<Backend>
  readonly #defaults: Defaults
  readonly #telemetry: Telemetry

  constructor(backends: Table<Backend>, defaults: Defaults, telemetry: Telemetry) {
    this.#backends = backends
    this.#defaults = defaults
    this.#telemetry = telemetry
  }

  /** A call with one answer. */
  plain<P extends Params, A>(plain: Plain<P, A>): Effect.Effect<Made<A>, UpstreamError> {
    const { options = {}, send } = plain
    return this.#prepared(plain, (backend, call, request, files) => {
      const accept = this.#isStrict(options) ? strictly(plain.accept, plain.shape) : plain.accept
      const spec = {
        ...accept,
        call,
        request,
        send: (sdk: OpenAI, sent: Sent, recording: Recording) => {
          Uploads.begin(files)
          return send(sdk, request, sent, recording)
        }
      }
      return observed(
        this.#telemetry,
        subjectOf(plain, backend, request, false),
        this.#retrying((number) => attempt(backend, spec, options, number), options, files),
        ({ data }) => data
      )
    })
  }

  /** A call whose answer is a stream of events, opened up to its first one. `A` is the SDK's type of an event. */
  events<P extends Params, A>(asked: InEvents<P>, scope: Scope.Scope): Effect.Effect<Opened<A>, UpstreamError> {
    const { kind, shape } = asked
    const checked = shape !== undefined && this.#isStrict(asked.options) ? strictKind(kind, shape) : kind
    return this.#opened<P, A>(
      asked,
      scope,
      (call, recording, onPiece) =>
        new Events<A>({
          call,
          recording,
          kind: checked,
          emit: (_event, event) => {
            onPiece(event)
            // The check has found it to be an object; its fields are the upstream's word, as they are in the SDK.
            return event as A
          },
          join: (chunk) => chunk
        })
    )
  }

  /** A call whose answer is a stream of bytes, opened up to the first ones. */
  bytes<P extends Params>(asked: InBytes<P>, scope: Scope.Scope): Effect.Effect<Opened<Uint8Array>, UpstreamError> {
    return this.#opened<P, Uint8Array>(
      asked,
      scope,
      (call, recording, onPiece) => new Bytes(call, recording, asked.content, () => onPiece(undefined))
    )
  }

  #opened<P extends Params, A>(
    asked: Asked<P> & Pick<InEvents<P>, "send">,
    scope: Scope.Scope,
    sourceOf: (call: CallName, recording: Recording, onPiece: OnPiece) => Source<A>
  ): Effect.Effect<Opened<A>, UpstreamError> {
    const { options = {}, send } = asked
    return this.#prepared(asked, (backend, call, request, files) =>
      observedStream(
        this.#telemetry,
        subjectOf(asked, backend, request, true),
        (onPiece) => {
          const spec = {
            call,
            request,
            source: (call: CallName, recording: Recording) => sourceOf(call, recording, onPiece),
            send: (sdk: OpenAI, sent: Sent) => {
              Uploads.begin(files)
              return send(sdk, request, sent)
            }
          }
          return this.#retrying((number) => open(backend, spec, options, number, scope), options, files)
        },
        scope
      )
    )
  }

  /** Chooses the upstream, names the model as it does, and refuses what cannot be asked at all. */
  #prepared<P extends Params, A>(
    { ids = {}, name, options = {}, params, replay }: Asked<P>,
    make: (
      backend: Backend,
      call: CallName,
      request: P,
      files: ReadonlyArray<object>
    ) => Effect.Effect<A, UpstreamError>
  ): Effect.Effect<A, UpstreamError> {
    return Effect.withFiber((fiber) =>
      Effect.flatMap(this.#backends.chosen(fiber, name), (backend) => {
        const isUnsafe = (replay ?? Operation.replayOf(name, params, options.idempotencyKey)) === "never"
        const call: CallName = {
          upstream: backend.name,
          operation: name,
          ...(isUnsafe && { replay: "never" as const })
        }
        const files = Uploads.oneShots(params)
        const refused = Uploads.isAnySpent(files) ? Uploads.spent() : missingId(ids)
        if (refused !== undefined) return Effect.fail(refusal(fiber, call, refused))
        return make(backend, call, renamed(params, backend.models), files)
      })
    )
  }

  #retrying<A>(
    attempt: (number: number) => Effect.Effect<A, UpstreamError>,
    { retries = this.#defaults.retries, signal }: CallOptions,
    files: ReadonlyArray<object>
  ): Effect.Effect<A, UpstreamError> {
    return retrying(attempt, {
      retries,
      signal,
      // A file that was read cannot be sent again: the failure is told, not one of a second attempt.
      mayRepeat: files.length === 0 ? undefined : () => !Uploads.isAnySpent(files)
    })
  }

  #isStrict(options: CallOptions | undefined): boolean {
    return options?.strict ?? this.#defaults.strict
  }
}

const subjectOf = (asked: Asked<Params>, backend: Backend, request: Params, isStream: boolean): Subject => ({
  name: asked.name,
  operation: Operation.find(asked.name),
  backend,
  request,
  isStream
})

const strictly = <A>(accept: Accept<A>, shape: Shape | undefined): Accept<A> =>
  shape === undefined
    ? accept
    : checked(accept, (value, { text }) => {
        const wrong = isFields(value) ? shape(value) : undefined
        return wrong === undefined ? { value } : { reason: Classification.malformed("wrong-shape", text(), wrong) }
      })

const strictKind =
  (kind: StreamKind, shape: Shape): StreamKind =>
  () => {
    const tally = kind()
    return {
      add: (json, type) => tally.add(json, type) ?? shape(json),
      carries: (json, type) => tally.carries(json, type),
      missing: (isMarked) => tally.missing(isMarked),
      get partial() {
        return tally.partial
      },
      get isComplete() {
        return tally.isComplete
      }
    }
  }

/** An empty id would ask another route. */
const missingId = (ids: Readonly<Record<string, string>>): RequestEncoding | undefined => {
  const [name] = Object.entries(ids).find(([, id]) => typeof id !== "string" || id === "") ?? []
  return name === undefined
    ? undefined
    : new RequestEncoding({ message: `${name} is empty`, seenIn: "request", path: name })
}

const refusal = (fiber: Fiber.Fiber<unknown, unknown>, call: CallName, reason: RequestEncoding): UpstreamError =>
  unsent(
    call,
    reason,
    fiber.getRef(Clock.Clock).currentTimeMillisUnsafe(),
    fiber.getRef(Upstream.CurrentAttempt)?.number
  )

/** The parameters with the model's name as the upstream has it. */
const renamed = <P extends Params>(params: P, models: ReadonlyMap<string, string>): P => {
  if (params === undefined || models.size === 0) return params
  const named: unknown = Reflect.get(params, "model")
  const model = typeof named === "string" ? models.get(named) : undefined
  return model === undefined ? params : { ...params, model }
}

/** A stream that is opened when it is run, and closed with it. */
export const streamOf = <A>(
  opening: (scope: Scope.Scope) => Effect.Effect<Opened<A>, UpstreamError>
): Stream.Stream<A, UpstreamError> =>
  Stream.fromChannel(
    Channel.fromTransform((_upstream: unknown, scope: Scope.Scope) => Effect.map(opening(scope), ({ pull }) => pull))
  )

/** An opened stream, with what is known beside it. */
export const openedStream = <A>(
  opening: (scope: Scope.Scope) => Effect.Effect<Opened<A>, UpstreamError>
): Effect.Effect<
  { readonly data: Stream.Stream<A, UpstreamError>; readonly response: ResponseInfo },
  UpstreamError,
  Scope.Scope
> =>
  Effect.flatMap(Effect.scope, (scope) =>
    Effect.map(opening(scope), ({ info, pull }) => ({ data: Stream.fromPull(Effect.succeed(pull)), response: info() }))
  )
