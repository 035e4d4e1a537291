/** How a variant makes the calls of a load, as many at a time as it is told. */

/** What is called; `tokens` is a stream, of so many tokens a chunk. */
export type Load = "greet" | "order" | "copy" | "move" | "refuse" | "compute" | `tokens ${number}`

/** What a variant is opened with. */
export interface Options {
  readonly load: Load
  readonly workers: number
}

/** A variant whose workers are ready. */
export interface Caller {
  /** Calls in a closed loop for so long, and gives how many calls ended, or elements came. */
  readonly turn: (inFlight: number, millis: number) => Promise<number>
}

/** Makes one call with the bytes of its loop, and gives those that came back. */
export type Call = (id: number, bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>

/** A closed loop of promises. What is moved is what came back with the call before. */
export const closedLoop =
  (call: Call, size: number) =>
  async (inFlight: number, millis: number): Promise<number> => {
    const until = performance.now() + millis
    let done = 0
    const loop = async (): Promise<void> => {
      let bytes = new Uint8Array(size)
      while (performance.now() < until) {
        const answer = await call(done++, bytes)
        if (answer instanceof Uint8Array && answer.buffer instanceof ArrayBuffer) bytes = new Uint8Array(answer.buffer)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, loop))
    return done
  }
