/** Arbitraries, an equality that misses nothing, and laws for codecs, errors and contracts. */
export * as Arbitraries from "./Arbitraries.ts"
export * as Codec from "./Codec.ts"
export * as Difference from "./Difference.ts"
export * as LawBroken from "./LawBroken.ts"
export * as Laws from "./Laws.ts"
export * as Secrets from "./Secrets.ts"
