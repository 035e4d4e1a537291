/**
 * Messages that leave together. A post costs far more than a message, so those of
 * one turn are sent as one array. Three hazards come with that, and all end here:
 * one message that cannot be cloned would take the whole array with it, slow work
 * would hold back what is finished already, and an object that two messages share
 * would arrive as one object.
 */

/** Memory that a post gives away. */
export type Transfers = ReadonlyArray<ArrayBuffer>

/** Where messages wait for the end of the turn. */
export interface Outbox<in out Message> {
  /** Whether a post gives memory away, and not a copy of it. */
  readonly moves: boolean
  /** Sends at the end of the turn, with others. Memory that it gives away is its own already. */
  readonly push: (message: Message, transfers?: Transfers) => void
  /** Sends at once, by itself: for what may share objects or memory with other messages. */
  readonly pushAlone: (message: Message, transfers: Transfers) => void
  /** What was pushed last, where it waits still: it may be added to. */
  readonly last: () => Message | undefined
  /** Posts what waits, now. */
  readonly flush: () => void
  /** Takes back what was not posted yet, and posts nothing any more. */
  readonly close: () => ReadonlyArray<Message>
}

/** Options of {@link make}. */
export interface Options<in out Message> {
  readonly post: (messages: ReadonlyArray<Message>, transfers: Transfers) => void
  /** Told about a message that could not be posted. */
  readonly onRefused: (message: Message, error: unknown) => void
  /** When those that wait are posted although further ones are pushed in the same turn. Default: not before its end. */
  readonly hold?: Hold | undefined
  /** Whether a post gives memory away. Default: false. */
  readonly moves?: boolean | undefined
}

/** What ends the waiting before the turn ends. */
export interface Hold {
  /** The longest time in milliseconds for which the first message waits. */
  readonly ms: number
  /** How many messages wait at most. */
  readonly messages: number
}

const none: Transfers = []

const endOfTurn = Promise.resolve()

/** Makes an outbox that posts at the end of the current turn. */
export const make = <Message>({ hold, moves = false, onRefused, post }: Options<Message>): Outbox<Message> => {
  let waiting: Array<Message> = []
  /** What those that wait give away. */
  let given = new Map<Message, Transfers>()
  let heldSince = 0
  let closed = false

  const flush = (): void => {
    if (waiting.length === 0) return
    const messages = waiting
    const transfers = given
    waiting = []
    if (transfers.size > 0) given = new Map()
    try {
      post(messages, transfers.size === 0 ? none : Array.from(transfers.values()).flat())
    } catch (error) {
      // Nothing was posted, and nothing given away.
      if (messages.length === 1) for (const message of messages) onRefused(message, error)
      else for (const message of messages) postOne(message, transfers.get(message) ?? none)
    }
  }

  const postOne = (message: Message, transfers: Transfers): void => {
    try {
      post([message], transfers)
    } catch (error) {
      onRefused(message, error)
    }
  }

  const push = (message: Message, transfers = none): void => {
    if (closed) return
    waiting.push(message)
    if (transfers.length > 0) given.set(message, transfers)
    if (waiting.length === 1) {
      // `queueMicrotask` makes a resource of each, which takes longer than the flush of a message.
      void endOfTurn.then(flush)
      if (hold !== undefined) heldSince = performance.now()
    } else if (hold !== undefined && (waiting.length >= hold.messages || performance.now() - heldSince > hold.ms)) {
      flush()
    }
  }

  const pushAlone = (message: Message, transfers: Transfers): void => {
    if (closed) return
    flush()
    postOne(message, transfers)
  }

  const close = (): ReadonlyArray<Message> => {
    closed = true
    const unsent = waiting
    waiting = []
    given.clear()
    return unsent
  }

  return { moves, push, pushAlone, last: () => waiting.at(-1), flush, close }
}
