/** Turns coalescing off: what a pool posts together is posted one by one. */
import type { TransferListItem } from "node:worker_threads"

interface Posting {
  postMessage(post: unknown, transfers?: ReadonlyArray<TransferListItem>): void
}

export const oneByOne = (port: Posting): void => {
  const { postMessage } = port
  port.postMessage = function (this: Posting, post, transfers) {
    for (const one of split(post)) Reflect.apply(postMessage, this, [one, transfers])
  }
}

/** A post is a list of messages; from a worker, a number and such a list. */
const split = (post: unknown): ReadonlyArray<unknown> => {
  if (!Array.isArray(post)) return [post]
  const [token, messages]: ReadonlyArray<unknown> = post
  if (typeof token === "number" && Array.isArray(messages))
    return messages.map((message: unknown) => [token, [message]])
  return post.map((message: unknown) => [message])
}
