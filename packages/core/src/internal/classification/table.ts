/**
 * The table of rules, in the order in which they are tried: who answered, what the
 * body says, what the status says. To add a rule, add a row with its source, and
 * beside it an answer that it was made for in `test/classification/vendors`, and one that
 * only looks like it in `lookAlikes.ts`.
 */
import type { Rule } from "../../Rule.ts"
import type { Seen } from "./seen.ts"
import { access } from "./rules/access.ts"
import { gateways } from "./rules/gateways.ts"
import { input, values } from "./rules/input.ts"
import { limits } from "./rules/limits.ts"
import { rest } from "./rules/rest.ts"

export const rules: ReadonlyArray<Rule> = [...gateways, ...values, ...limits, ...input, ...access, ...rest]

/** The first rule that holds. Only an error inside a success may have none. */
export const ruleFor = (seen: Seen): Rule | undefined => rules.find((rule) => rule.when(seen))
