/**
 * The channel between a pool and one of its threads. It is one of its own, and not the
 * thread's `parentPort`, since what waits on a port can be taken without an event for each
 * post: an event costs about as much as the call that it brings.
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads"

/** Who listens to a port. */
export interface Listener {
  /** Gives how many messages a post held. */
  readonly onPost: (post: unknown) => number
  /** A post that this side cannot read. */
  readonly onUnreadable: (error: unknown) => void
}

/** A port that is listened to. */
export interface Channel {
  /** Takes all that waits, once the other side has ended. */
  readonly drain: () => void
}

/**
 * How long posts are taken in a row, in milliseconds. Node gives a thousand, and as many as were sent meanwhile with
 * each, before it lets timers, sockets and the heartbeat have their turn: many seconds, where calls compute.
 */
const turnMs = 10

/**
 * Listens to a port. Of what waits, so many messages are taken in one turn: what they lead to is
 * posted when the turn ends, and the other side would wait for it.
 */
export const listen = (port: MessagePort, atMost: number, { onPost, onUnreadable }: Listener): Channel => {
  /** Posts that were read and wait until the event loop has turned, with an immediate for each. */
  const deferred: Array<unknown> = []
  /** When the event loop is known to have turned last. */
  let turnedAt = performance.now()
  let isToTurn = false

  const isOver = (): boolean => performance.now() - turnedAt > turnMs

  const turned = (): void => {
    isToTurn = false
    turnedAt = performance.now()
  }

  const defer = (): void => {
    if (!isToTurn) setImmediate(turned)
    isToTurn = true
    setImmediate(resume)
  }

  const resume = (): void => {
    // Taken meanwhile.
    if (deferred.length === 0) return
    if (isOver()) defer()
    else take(deferred.shift())
  }

  const take = (post: unknown): void => {
    let taken = onPost(post)
    while (taken < atMost) {
      const next = deferred.length > 0 ? { message: deferred.shift() } : nextOf(port, onUnreadable)
      if (next === undefined) return
      taken += onPost(next.message)
    }
  }

  port.on("message", (post) => {
    if (deferred.length === 0 && !isOver()) return take(post)
    deferred.push(post)
    defer()
  })
  port.on("messageerror", onUnreadable)

  return {
    drain: () => {
      for (const post of deferred.splice(0)) onPost(post)
      for (let next = nextOf(port, onUnreadable); next !== undefined; next = nextOf(port, onUnreadable)) {
        onPost(next.message)
      }
    }
  }
}

const nextOf = (
  port: MessagePort,
  onUnreadable: Listener["onUnreadable"]
): { readonly message: unknown } | undefined => {
  try {
    return receiveMessageOnPort(port)
  } catch (error) {
    onUnreadable(error)
    return undefined
  }
}
