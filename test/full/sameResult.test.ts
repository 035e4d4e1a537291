import { it } from "@effect/vitest"
import { sameResult } from "../places/fixtures/law.ts"

it.live("a contract gives the same in every place, for many payloads", () => sameResult(1_000))
