/** The law "same contract, same result", over every place; at length in `test/full`. */
import { it } from "@effect/vitest"
import { sameResult } from "./fixtures/law.ts"

it.live("a contract gives the same in every place", () => sameResult(12), 60_000)
