/**
 * What a call's exchanges with its upstream looked like, attempt by attempt: the
 * raw material of an error's `Evidence`. The recorder fills it while it works;
 * nothing is redacted or copied before somebody asks.
 *
 * **Example** (Handing a recording to the recorder's `fetch`)
 *
 * ```ts no-run
 * import * as Recorder from "@causeway/openai/Recorder"
 * import { Recording } from "@causeway/openai/Recording"
 *
 * export const ask = async (recorder: Recorder.Recorder["Service"]) => {
 *   const recording = new Recording()
 *   const response = await recorder.fetch("http://127.0.0.1:8001/v1/models", { [Recorder.recordingKey]: recording })
 *   return [await response.text(), recording.evidence()]
 * }
 * ```
 */
import { bodyLimit, Evidence } from "@causeway/core/Evidence"
import * as Classification from "@causeway/core/Classification"
import * as Redaction from "@causeway/core/Redaction"
import * as TransportFailure from "@causeway/core/TransportFailure"
import type { UpstreamReason } from "@causeway/core/UpstreamReason"
import type { Exchange } from "./internal/exchange.ts"
import type { Limits } from "./internal/limits.ts"

/** One attempt of a call, as far as it came. */
export type Attempt = Pick<
  Exchange,
  "number" | "status" | "headers" | "header" | "bytes" | "failure" | "cause" | "settled" | "startedAt" | "endedAt"
>

/** Options of a {@link Recording}; what is left out is as the recorder has it. */
export interface Options {
  /** Limits of this call's exchanges, in milliseconds and bytes. */
  readonly limits?: Partial<Omit<Limits, "connect">> | undefined
  /** Whether the answer is a stream of events: the limit to its headers is the one to a stream's first element. */
  readonly stream?: boolean | undefined
  /** The number of the first attempt. Default: 1. */
  readonly firstAttempt?: number | undefined
}

/** What is known of a stream's output beside its exchange. */
export type Progress = NonNullable<Evidence["stream"]>

/** A call that makes more exchanges, one that polls say, keeps the last of them. */
const most = 64

/** The attempts of one call. */
export class Recording {
  readonly options: Options
  readonly #exchanges: Array<Exchange> = []
  #made = 0
  readonly #madeAt = performance.now()
  #aborted: UpstreamReason | undefined
  #aborter: AbortController | undefined

  constructor(options: Options = {}) {
    this.options = options
  }

  /** In the order in which they were made; the last ones, where there are more than 64. */
  get attempts(): ReadonlyArray<Attempt> {
    return this.#exchanges
  }

  /** The number that the next attempt gets. */
  get next(): number {
    return (this.options.firstAttempt ?? 1) + this.#made
  }

  /** For the recorder: a new attempt. */
  add(exchange: Exchange): void {
    this.#made++
    this.#exchanges.push(exchange)
    if (this.#exchanges.length > most) {
      const over = this.#exchanges.findIndex(({ settled }) => settled)
      if (over !== -1) this.#exchanges.splice(over, 1)
    }
    if (this.#aborted !== undefined) exchange.abort(this.#aborted)
  }

  /** Gives the call up: what is in flight ends with this reason and its sockets close at once; nothing more is sent. */
  abort(reason: UpstreamReason): void {
    this.#aborted ??= reason
    this.#aborter?.abort(this.#aborted)
    for (const exchange of this.#exchanges) exchange.abort(this.#aborted)
  }

  /** Aborted when the call is given up. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController()
      if (this.#aborted !== undefined) this.#aborter.abort(this.#aborted)
    }
    return this.#aborter.signal
  }

  /** Why an attempt's transport failed, if it did. Default: the last attempt. */
  failure(attempt?: Attempt): UpstreamReason | undefined {
    return (attempt ?? this.#exchanges.at(-1))?.failure
  }

  /** The beginning of an attempt's body as text, unredacted. Default: the last attempt. */
  body(attempt?: Attempt): string {
    const exchange = this.#find(attempt)
    return exchange === undefined ? "" : Buffer.concat(exchange.kept).toString()
  }

  /** Whether {@link body} is all of an attempt's body. Default: the last attempt. */
  isWhole(attempt?: Attempt): boolean {
    return this.#find(attempt)?.isWhole === true
  }

  /** An attempt as evidence. Default: the last one; without any, evidence of nothing sent. */
  evidence(
    attempt?: Attempt,
    more?: { readonly provider?: Evidence["provider"]; readonly stream?: Progress }
  ): Evidence {
    const exchange = this.#find(attempt)
    if (exchange === undefined) {
      return new Evidence({
        attempt: this.next,
        timing: {
          startedAt: Math.round(performance.timeOrigin + this.#madeAt),
          totalMs: round(performance.now() - this.#madeAt)
        },
        ...more
      })
    }
    const { outgoing } = exchange
    const headers = headersOf(exchange)
    return new Evidence({
      attempt: exchange.number,
      timing: {
        startedAt: Math.round(performance.timeOrigin + exchange.startedAt),
        totalMs: round((exchange.endedAt ?? performance.now()) - exchange.startedAt),
        ...(exchange.headersAt !== undefined && { headersMs: round(exchange.headersAt - exchange.startedAt) })
      },
      request: {
        method: outgoing.method,
        url: Redaction.url(outgoing.origin + outgoing.path),
        ...sizeOf(outgoing.body)
      },
      ...(exchange.status !== 0 && {
        response: {
          status: exchange.status,
          headers: Redaction.headers(headers),
          body: Redaction.text(this.body(exchange)).slice(0, bodyLimit),
          bodyBytes: exchange.bytes
        }
      }),
      ...Classification.hints(headers),
      ...(exchange.cause !== undefined && { system: TransportFailure.systemOf(exchange.cause) }),
      ...more
    })
  }

  #find(attempt: Attempt | undefined): Exchange | undefined {
    return attempt === undefined
      ? this.#exchanges.at(-1)
      : this.#exchanges.find((exchange) => exchange.number === attempt.number)
  }
}

const round = (ms: number): number => Math.round(ms * 10) / 10

const sizeOf = (body: Exchange["outgoing"]["body"]): { readonly bytes?: number } =>
  typeof body === "string"
    ? { bytes: Buffer.byteLength(body) }
    : body instanceof Uint8Array
      ? { bytes: body.byteLength }
      : {}

/** An answer's headers in the order received, as far as the transport tells it. */
export const headersOf = (
  answer: Pick<Exchange, "headers"> & { readonly rawHeaders?: Exchange["rawHeaders"] }
): ReadonlyArray<readonly [string, string]> => {
  const raw = answer.rawHeaders
  const pairs: Array<readonly [string, string]> = []
  if (Array.isArray(raw)) {
    for (let index = 0; index + 1 < raw.length; index += 2) {
      pairs.push([nameOf(raw[index]), String(raw[index + 1])])
    }
    return pairs
  }
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const each of typeof value === "string" ? [value] : (value ?? [])) pairs.push([name, each])
  }
  return pairs
}

const nameOf = (raw: Buffer | string | undefined): string => String(raw ?? "").toLowerCase()
