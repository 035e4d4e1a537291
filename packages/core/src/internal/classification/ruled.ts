/** Rules of one's own, before those of the table. */
import * as Schema from "effect/Schema"
import type { Rule } from "../../Rule.ts"
import { UpstreamReason } from "../../UpstreamReason.ts"
import type { Seen } from "./seen.ts"

export const isReason = Schema.is(UpstreamReason)

/** The reason of the first of one's own rules that holds. A rule that throws does not. */
export const ruled = (seen: Seen, rules: ReadonlyArray<Rule>): UpstreamReason | undefined => {
  for (const rule of rules) {
    try {
      if (rule.when(seen)) {
        const reason = rule.reason(seen)
        if (isReason(reason)) return reason
      }
    } catch {
      // Rules are handed values of any kind: one that did not expect this value has nothing to say of it.
    }
  }
  return undefined
}
