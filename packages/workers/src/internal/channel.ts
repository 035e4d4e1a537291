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

/**
 * Listens to a port. Of what waits, so many messages are taken in one turn: what they lead to is
 * posted when the turn ends, and the other side would wait for it.
 */
export const listen = (port: MessagePort, atMost: number, { onPost, onUnreadable }: Listener): void => {
  port.on("message", (post) => {
    let taken = onPost(post)
    while (taken < atMost) {
      const next = nextOf(port, onUnreadable)
      if (next === undefined) return
      taken += onPost(next.message)
    }
  })
  port.on("messageerror", onUnreadable)
}

/** Takes all that waits on a port whose other side has ended. */
export const drain = (port: MessagePort, { onPost, onUnreadable }: Listener): void => {
  for (let next = nextOf(port, onUnreadable); next !== undefined; next = nextOf(port, onUnreadable)) {
    onPost(next.message)
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
