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
  /** Sends at the end of the turn, with others. */
  readonly push: (message: Message) => void
  /**
   * Sends at once, by itself: for what may share objects with other messages, and for what
   * gives memory away.
   */
  readonly pushAlone: (message: Message, transfers: Transfers) => void
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
  /**
   * The longest time in milliseconds for which the first message waits while
   * further ones are pushed in the same turn.
   */
  readonly holdMs?: number | undefined
}

const none: Transfers = []

/** Makes an outbox that posts at the end of the current turn. */
export const make = <Message>({ holdMs, onRefused, post }: Options<Message>): Outbox<Message> => {
  let waiting: Array<Message> = []
  let heldSince = 0
  let closed = false

  const flush = (): void => {
    if (waiting.length === 0) return
    const messages = waiting
    waiting = []
    try {
      post(messages, none)
    } catch (error) {
      if (messages.length === 1) for (const message of messages) onRefused(message, error)
      else for (const message of messages) postOne(message, none)
    }
  }

  const postOne = (message: Message, transfers: Transfers): void => {
    try {
      post([message], transfers)
    } catch (error) {
      onRefused(message, error)
    }
  }

  const push = (message: Message): void => {
    if (closed) return
    waiting.push(message)
    if (waiting.length === 1) {
      queueMicrotask(flush)
      if (holdMs !== undefined) heldSince = performance.now()
    } else if (holdMs !== undefined && performance.now() - heldSince > holdMs) {
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
    return unsent
  }

  return { push, pushAlone, flush, close }
}
