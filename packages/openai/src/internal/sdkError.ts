/** From an `UpstreamError` to the error that the SDK throws for such a failure. */
import * as Redaction from "@causeway/core/Redaction"
import type { UpstreamError } from "@causeway/core/UpstreamError"
import type { UpstreamReason } from "@causeway/core/UpstreamReason"
import { hasProperty } from "effect/Predicate"
import * as Sdk from "openai/error"
import { type Fields, isFields, jsonOf } from "./answer.ts"
import { classesOf } from "./thrown.ts"

type SdkError = Sdk.OpenAIError | Sdk.InvalidWebhookSignatureError

/** What an error of the SDK is made of. */
interface Parts {
  readonly error: UpstreamError
  /** The reason's, or what the SDK says of an answer: the text of its body. */
  readonly message: string
  /** Of the answer; of an error stated elsewhere, the one that its reason has. */
  readonly status: number | undefined
  readonly headers: Headers
  /** What the answer states under `error`. */
  readonly stated: Fields | undefined
}

/** A class of the SDK, as it is made here. */
interface Kind {
  readonly class: abstract new (...args: never) => SdkError
  readonly make: (parts: Parts) => SdkError
}

const kind = <A extends SdkError>(
  constructor: abstract new (...args: never) => A,
  make: (parts: Parts) => A
): Kind => ({ class: constructor, make })

type OfStatus<S> = new (status: S, error: object | undefined, message: string | undefined, headers: Headers) => SdkError

/**
 * A class of one status. The cast: another status that the answer had is kept all the
 * same, as the SDK does with those it has no class for.
 */
const answered = <S extends number | undefined>(constructor: OfStatus<S>, status: S): Kind =>
  kind(
    constructor,
    ({ headers, message, stated, ...parts }) => new constructor((parts.status ?? status) as S, stated, message, headers)
  )

const kinds = {
  OpenAIError: kind(Sdk.OpenAIError, ({ message }) => new Sdk.OpenAIError(message)),
  APIError: answered(Sdk.APIError, undefined),
  APIUserAbortError: kind(Sdk.APIUserAbortError, ({ message }) => new Sdk.APIUserAbortError({ message })),
  APIConnectionError: kind(Sdk.APIConnectionError, ({ message }) => new Sdk.APIConnectionError({ message })),
  APIConnectionTimeoutError: kind(
    Sdk.APIConnectionTimeoutError,
    ({ message }) => new Sdk.APIConnectionTimeoutError({ message })
  ),
  BadRequestError: answered(Sdk.BadRequestError, 400),
  AuthenticationError: answered(Sdk.AuthenticationError, 401),
  PermissionDeniedError: answered(Sdk.PermissionDeniedError, 403),
  NotFoundError: answered(Sdk.NotFoundError, 404),
  ConflictError: answered(Sdk.ConflictError, 409),
  UnprocessableEntityError: answered(Sdk.UnprocessableEntityError, 422),
  RateLimitError: answered(Sdk.RateLimitError, 429),
  InternalServerError: answered(Sdk.InternalServerError, 500),
  LengthFinishReasonError: kind(Sdk.LengthFinishReasonError, () => new Sdk.LengthFinishReasonError()),
  ContentFilterFinishReasonError: kind(
    Sdk.ContentFilterFinishReasonError,
    () => new Sdk.ContentFilterFinishReasonError()
  ),
  InvalidWebhookSignatureError: kind(
    Sdk.InvalidWebhookSignatureError,
    ({ message }) => new Sdk.InvalidWebhookSignatureError(message)
  ),
  OAuthError: kind(
    Sdk.OAuthError,
    ({ headers, stated, status }) =>
      new Sdk.OAuthError(status === 400 || status === 403 ? status : 401, stated, headers)
  ),
  SubjectTokenProviderError: kind(Sdk.SubjectTokenProviderError, ({ error: { cause }, message }) => {
    const provider = hasProperty(cause, "provider") && typeof cause.provider === "string" ? cause.provider : "unknown"
    return new Sdk.SubjectTokenProviderError(message, provider)
  })
} satisfies Readonly<Record<string, Kind>>

export const sdkErrorOf = (error: UpstreamError): SdkError => {
  const { cause, evidence, reason } = error
  const status = evidence.response?.status
  const isRefusal = status !== undefined && status >= 400
  const said = isRefusal ? ofStatus(status) : ofReason(reason)
  const before = kindOf(cause)
  // The class that it once had, unless the other one says more and is of that class too.
  const made = before === undefined || isA(said, before) ? said : before
  const stated = statedBy(error)
  const result = made.make({
    error,
    status: isRefusal ? status : statusOf(reason),
    headers: headersOf(evidence.response?.headers ?? []),
    stated,
    message: isRefusal && stated === undefined ? textOf(error) : Redaction.text(reason.message)
  })
  Object.defineProperty(result, "cause", { value: error, configurable: true, writable: true, enumerable: false })
  if (result instanceof Sdk.APIError && evidence.requestId !== undefined) {
    Object.defineProperty(result, "requestID", {
      value: evidence.requestId,
      configurable: true,
      writable: true,
      enumerable: true
    })
  }
  return result
}

/** As the SDK has it. */
const ofStatus = (status: number): Kind => {
  switch (status) {
    case 400:
      return kinds.BadRequestError
    case 401:
      return kinds.AuthenticationError
    case 403:
      return kinds.PermissionDeniedError
    case 404:
      return kinds.NotFoundError
    case 409:
      return kinds.ConflictError
    case 422:
      return kinds.UnprocessableEntityError
    case 429:
      return kinds.RateLimitError
    default:
      return status >= 500 ? kinds.InternalServerError : kinds.APIError
  }
}

const ofReason = (reason: UpstreamReason): Kind => {
  switch (reason._tag) {
    case "InvalidRequest":
    case "InputTooLarge":
    case "ContentFiltered":
      return kinds.BadRequestError
    case "Authentication":
      return kinds.AuthenticationError
    case "Permission":
      return kinds.PermissionDeniedError
    case "NotFound":
      return kinds.NotFoundError
    case "Conflict":
      return kinds.ConflictError
    case "RateLimited":
    case "QuotaExhausted":
      return kinds.RateLimitError
    case "Overloaded":
    case "ProviderFault":
    case "Gateway":
      return kinds.InternalServerError
    case "Connect":
    case "Protocol":
    case "ConnectionLost":
    case "StreamTruncated":
      return kinds.APIConnectionError
    case "Timeout":
      return kinds.APIConnectionTimeoutError
    case "Aborted":
      return aborted[reason.by]
    case "MalformedResponse":
    case "StreamProtocol":
      return kinds.APIError
    case "OutputUnusable":
      return reason.issue === "length"
        ? kinds.LengthFinishReasonError
        : reason.issue === "filtered"
          ? kinds.ContentFilterFinishReasonError
          : kinds.OpenAIError
    case "Configuration":
    case "RequestEncoding":
    case "Credential":
    case "Session":
      return kinds.OpenAIError
  }
}

const aborted = {
  caller: kinds.APIUserAbortError,
  deadline: kinds.APIConnectionTimeoutError,
  shutdown: kinds.APIConnectionError
}

/** The status of an error that is stated inside a success, where it is not its class's own. */
const statusOf = (reason: UpstreamReason): number | undefined => {
  switch (reason._tag) {
    case "Overloaded":
      return 503
    case "ProviderFault":
    case "Gateway":
      return reason.status !== undefined && reason.status >= 500 ? reason.status : undefined
    default:
      return undefined
  }
}

/** The class that an error of the SDK has, by identity or by name: it may be of another copy, or come from afar. */
const kindOf = (error: unknown): Kind | undefined => {
  const all: ReadonlyArray<readonly [string, Kind]> = Object.entries(kinds)
  const names = classesOf(error)
  // Other libraries have errors of the same names.
  const isOwn = names.some(
    (name) => name === "OpenAIError" || name === "InvalidWebhookSignatureError" || name.startsWith("openai/")
  )
  if (!isOwn) return undefined
  // The nearest class comes first.
  for (const name of names) {
    const found = all.find(([own]) => name === own || name === `openai/${own}`)
    if (found !== undefined) return found[1]
  }
  return undefined
}

const isA = (one: Kind, other: Kind): boolean =>
  one.class === other.class || Object.prototype.isPrototypeOf.call(other.class, one.class)

/** What the answer, or the event, stated. */
const statedBy = ({ evidence: { provider, response } }: UpstreamError): Fields | undefined => {
  // Escapes of JSON may hide a secret from who looks at the text.
  const stated =
    response === undefined ? undefined : jsonOf(Redaction.text(JSON.stringify(jsonOf(response.body)) ?? ""))
  const error = isFields(stated) ? stated["error"] : undefined
  if (isFields(error)) return error
  return provider === undefined ? undefined : { ...provider }
}

/** Of a body that states nothing, its text, as the SDK says it. */
const textOf = ({ evidence, reason }: UpstreamError): string => {
  const text = evidence.response?.body.trim() ?? ""
  return text === "" ? Redaction.text(reason.message) : text
}

/** What a server sends may be no header that `Headers` takes. */
const headersOf = (pairs: ReadonlyArray<readonly [string, string]>): Headers => {
  const headers = new Headers()
  for (const [name, value] of pairs) {
    try {
      headers.append(name, value)
    } catch {
      continue
    }
  }
  return headers
}
