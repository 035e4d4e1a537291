/** What is sent, and what is done with it: the same for all variants. */
import type { Greeted, Greeting, Order } from "./contract.ts"

/** A small payload, made anew for each call. */
export const greetedOf = (id: number): Greeted => ({ id, name: "Ada", tags: ["one", "two"] })

/** About a kilobyte as JSON. */
export const orderOf = (id: number): Order => ({
  id,
  note: "leave it at the door, and ring twice if nobody comes; ".repeat(6),
  parts: Array.from({ length: 10 }, (_, n) => ({ id: n, name: `part ${n}`, price: 1.5 * n, stocked: n % 2 === 0 }))
})

export const kilobytes64 = 64 * 1024

export const greet = ({ id, name, tags }: Greeted): Greeting => ({ id, greeting: `${name} (${tags.length})` })

/** A millisecond of this thread's own time, however many others want the core. */
export const compute = (greeted: Greeted): Greeting => {
  const { system, user } = process.threadCpuUsage()
  const end = user + system + 1000
  for (let now = 0; now < end;) {
    for (let n = 0; n < 2000; n++) sink = (sink + Math.sqrt(n)) % 1000
    const used = process.threadCpuUsage()
    now = used.user + used.system
  }
  return greet(greeted)
}

let sink = 0

/** What a task is refused with. */
export const failureOf = (id: number): Error => new TypeError(`there is no ${id}`)
