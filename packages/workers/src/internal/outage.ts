/**
 * Why no worker can be had, and what callers are told meanwhile.
 */
import type { Dispatcher, Refusal } from "./dispatcher.ts"
import * as failures from "./failures.ts"

export const make = (dispatcher: Pick<Dispatcher, "clearQueue" | "refuse">) => {
  let problem: { readonly message: string; readonly thrown: failures.Thrown | undefined } | undefined

  return {
    message: (): string | undefined => problem?.message,

    begin: (message: string, thrown: failures.Thrown | undefined): void => {
      problem = { message, thrown }
    },

    /** Without a worker, and with an entry that fails, nothing is gained by waiting. */
    refuseCalls: (): void => {
      if (problem === undefined) return
      const { message, thrown } = problem
      const refusal: Refusal = (boundary) => failures.unreachable(boundary, message, thrown)
      dispatcher.refuse(refusal)
      dispatcher.clearQueue(refusal)
    },

    end: (): void => {
      if (problem !== undefined) dispatcher.refuse(undefined)
      problem = undefined
    }
  }
}
