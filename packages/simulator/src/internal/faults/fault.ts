/** What a fault is, and the ways in which most of them are made. */
import type * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"

/** Where a fault shows. */
export type Group = "status" | "vendor" | "gateway" | "body" | "connection" | "stream" | "harmless"

/** What a fault may look at, beside the right answer. */
export interface Context {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The address that was asked for. */
  readonly url: string
  /** The value of one of the fault's parameters. */
  readonly value: (parameter: string) => number
}

/** A number that a fault can be given: `fault:huge-event?bytes=65536`. */
export interface Parameter {
  readonly description: string
  readonly default: number
  readonly min: number
  readonly max: number
}

/** One way to fail. */
export interface Fault {
  readonly name: string
  /** What comes, in one sentence for people. */
  readonly description: string
  readonly group: Group
  /** The kinds of call that it befalls; any other is answered as it should be. */
  readonly kinds: ReadonlyArray<Answer.Kind>
  /** How often it happens, where that is not said. Default: always. */
  readonly times?: number
  readonly parameters: Readonly<Record<string, Parameter>>
  /** What comes in the place of the right answer. */
  readonly reply: (right: Answer.Answer, context: Context) => Reply.Reply
}

type Piece = string | Uint8Array

const every: ReadonlyArray<Answer.Kind> = ["json", "stream", "binary"]

/** A row of a table: all that is not said is as for most. */
export type Row = Pick<Fault, "name" | "description" | "reply"> & Partial<Fault>

export const table = (group: Group, rows: ReadonlyArray<Row>): ReadonlyArray<Fault> =>
  rows.map((row) => ({ group, kinds: every, parameters: {}, ...row }))

/** The same in answer to everything. */
export const always = (name: string, description: string, reply: Reply.Reply): Row => ({
  name,
  description,
  reply: () => reply
})

/** Bytes that go to the socket as they are, without a head. */
export const raw = (body: ReadonlyArray<Piece>, ending: Reply.Ending = "cut"): Reply.Reply => ({
  head: undefined,
  body,
  ending
})

/** At least so many bytes of one character, in large pieces. */
export const filler = (character: string, bytes: number): ReadonlyArray<string> => {
  const block = character.repeat(65_536)
  return Array.from({ length: Math.ceil(bytes / block.length) }, () => block)
}

/** The bytes of a body, in one piece. */
export const bytesOf = ({ reply }: Answer.Answer): Uint8Array =>
  Buffer.concat(reply.body.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)))

/** How many events of a stream are its beginning: never as far as the last two. */
const beginningLength = (events: ReadonlyArray<unknown>): number => Math.max(1, Math.min(3, events.length - 2))

/** The first half of a body; of a stream the first events. The head still promises all of it. */
export const beginning = (right: Answer.Answer): ReadonlyArray<Piece> => {
  const { body } = right.reply
  if (right.kind === "stream") return body.slice(0, beginningLength(body))
  const bytes = bytesOf(right)
  return [bytes.subarray(0, Math.ceil(bytes.length / 2))]
}

/** The beginning, and then something else than the rest. */
export const broken = (right: Answer.Answer, ending: Reply.Ending, more: ReadonlyArray<Piece> = []): Reply.Reply => ({
  ...right.reply,
  body: [...beginning(right), ...more],
  ending
})

/** A fault of streams alone. */
export const ofStreams = (
  name: string,
  description: string,
  events: (pieces: ReadonlyArray<string>, right: Answer.Answer, context: Context) => ReadonlyArray<Piece>,
  ending: Reply.Ending = "end"
): Row => ({
  name,
  description,
  kinds: ["stream"],
  reply: (right, context) => ({
    ...right.reply,
    body: events(right.reply.body.map(String), right, context),
    ending
  })
})

/** A fault of streams alone, behind their beginning: `events` takes what is left of the right ones. */
export const midway = (
  name: string,
  description: string,
  events: (rest: ReadonlyArray<string>, right: Answer.Answer, context: Context) => ReadonlyArray<Piece>,
  ending?: Reply.Ending
): Row =>
  ofStreams(
    name,
    description,
    (pieces, right, context) => {
      const length = beginningLength(pieces)
      return [...pieces.slice(0, length), ...events(pieces.slice(length), right, context)]
    },
    ending
  )

/** The right answer with another head and body, and the length that belongs to it. */
export const withBody = (
  { reply: { head } }: Answer.Answer,
  body: Piece,
  headers: Readonly<Record<string, string>> = {}
): Reply.Reply => Reply.text(head?.status ?? 200, head?.headers["content-type"] ?? "application/json", body, headers)

/** The provider's own fault, as most faults tell it. */
export const serverError: Reply.Problem = {
  type: "server_error",
  message: "The server failed while it processed the request."
}

/** The event that tells of an error, behind so many others. */
export const failure = ({ events }: Answer.Answer, index: number, problem: Reply.Problem = serverError): string =>
  events?.failure(problem, index) ?? ""

/** A page for people. */
export const page = (title: string, text: string): string =>
  `<!doctype html>\n<html>\n<head><title>${title}</title></head>\n<body><h1>${title}</h1><p>${text}</p></body>\n</html>\n`
