/** All contenders, by the names of the tables. */
import type { Contender } from "./contender.ts"
import { causeway, effectArranged, effectStock } from "./effectContenders.ts"
import { bare, pRetryOpossum, sdkRetries, withCockatiel } from "./promiseRivals.ts"

export const contenders: Readonly<Record<string, Contender>> = {
  "bare client": bare,
  "SDK retries": sdkRetries,
  "p-retry + opossum": pRetryOpossum,
  cockatiel: withCockatiel,
  "Effect, stock": effectStock,
  "Effect, arranged": effectArranged,
  Causeway: causeway
}

/** A contender by its name. */
export const contenderOf = (name: string): Contender => {
  const contender = contenders[name]
  if (contender === undefined) throw new Error(`there is no contender ${name}`)
  return contender
}
