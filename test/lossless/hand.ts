/** What a thread has in hand, in memory that another one can read while the first does not answer. */
import type { Form } from "./decoding.ts"

const forms: ReadonlyArray<Form> = ["json", "clone"]

const headBytes = 12
const room = 4 * 1024 * 1024

export interface Hand {
  /** Takes a wire into the hand. */
  readonly take: (form: Form, bytes: Uint8Array) => void
  readonly empty: () => void
  /** Changes with each wire. */
  readonly turn: () => number
  readonly read: () => { readonly form: Form; readonly bytes: Uint8Array } | undefined
}

export const sharedHand = (): SharedArrayBuffer => new SharedArrayBuffer(headBytes + room)

/** The hand in shared memory. */
export const handOf = (shared: SharedArrayBuffer): Hand => {
  const head = new Int32Array(shared, 0, headBytes / 4)
  const body = new Uint8Array(shared, headBytes)
  const say = (form: number, length: number): void => {
    Atomics.store(head, 1, form)
    Atomics.store(head, 2, length)
    Atomics.add(head, 0, 1)
  }
  return {
    take: (form, bytes) => {
      body.set(bytes.subarray(0, room))
      say(forms.indexOf(form), bytes.length)
    },
    empty: () => say(0, -1),
    turn: () => Atomics.load(head, 0),
    read: () => {
      const form = forms[Atomics.load(head, 1)]
      const length = Atomics.load(head, 2)
      return form === undefined || length < 0 ? undefined : { form, bytes: body.slice(0, length) }
    }
  }
}
