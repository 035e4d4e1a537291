/** What the upstream and those who measure agree on. */

/** Tokens of one streamed answer. */
export const tokensPerStream = 100
