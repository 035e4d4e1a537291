/**
 * Which hosts only this machine reaches.
 *
 * **Example** (Hosts)
 *
 * ```ts
 * import { isLoopback } from "@causeway/server/Loopback"
 *
 * isLoopback("127.0.0.1") // => true
 * isLoopback("0.0.0.0") // => false
 * ```
 */

/** Whether only this machine can reach a host. */
export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)
