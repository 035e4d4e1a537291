/** Deadline, retry and fallback, chosen by the failure itself. */
export * as InvalidPolicy from "./InvalidPolicy.ts"
export * as Policy from "./Policy.ts"
