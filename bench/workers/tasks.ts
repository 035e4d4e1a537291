/** The tasks of piscina and tinypool, without schemas but for one. */
import { move as movePiscina } from "piscina"
import { Tinypool } from "tinypool"
import { decodeGreeted, type Greeted, type Greeting, type Order } from "./contract.ts"
import { compute as computeOnce, failureOf, greet as greetOnce } from "./work.ts"

export const greet = (greeted: Greeted): Greeting => greetOnce(greeted)

/** The payload checked on arrival, as our worker does. */
export const checked = (payload: unknown): Greeting => greetOnce(decodeGreeted(payload))

export const order = (one: Order): Order => one

export const copy = (bytes: Uint8Array<ArrayBuffer>): Uint8Array => bytes

export const move = (bytes: Uint8Array<ArrayBuffer>): unknown =>
  Tinypool.isWorkerThread ? Tinypool.move(bytes) : movePiscina(bytes)

export const refuse = ({ id }: Greeted): never => {
  throw failureOf(id)
}

export const compute = (greeted: Greeted): Greeting => computeOnce(greeted)
