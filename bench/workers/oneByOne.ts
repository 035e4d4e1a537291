/** Turns coalescing off: what a pool posts together is posted one by one. */
import { MessagePort, type TransferListItem } from "node:worker_threads"

/** Of all ports of this thread: a pool has a channel of its own to each of its threads. */
export const oneByOne = (): void => {
  const { postMessage } = MessagePort.prototype
  MessagePort.prototype.postMessage = function (
    this: MessagePort,
    post: unknown,
    transfers?: ReadonlyArray<TransferListItem>
  ) {
    if (!Array.isArray(post)) return Reflect.apply(postMessage, this, [post, transfers])
    const [token, messages]: ReadonlyArray<unknown> = post
    // From a worker, a number and a list of messages; to it, the list.
    const isFromWorker = typeof token === "number" && Array.isArray(messages)
    for (const message of isFromWorker ? messages : post) {
      Reflect.apply(postMessage, this, [isFromWorker ? [token, [message]] : [message], transfers])
    }
  }
}
