/** The numbers in the sentence of an upstream that got too much: what it takes, and what it got. */

/** Numbers as texts write them: `8192`, `8,192`. */
export const count = (text: string | undefined): number | undefined => {
  const value = Number(text?.replaceAll(",", ""))
  return text === undefined || text === "" || !Number.isSafeInteger(value) ? undefined : value
}

const number = String.raw`([\d,]{1,12})`

/** In the order in which they are tried; each is for a text in lower case. */
const limits = [
  // Anthropic: `209303 tokens > 200000 maximum`; TGI, Together: `must be <= 4097`
  `(?:>|<=) ?${number}`,
  // OpenAI, vLLM, OpenRouter, xAI: `maximum context length is 8192`, `maximum prompt length is 131072`
  `(?:maximum|available|model's) (?:context|prompt|model|input) (?:length|size|window)(?: of the model)?(?: is| of|:)? ?\\(?${number}`,
  // Gemini: `maximum number of tokens allowed (1048576)`; Azure: `limit of 272000`; Groq: `limit 6000`
  `(?:maximum|limit)[a-z ]{0,40}[ (]${number}`,
  // Mistral: `with 32768 maximum context length`
  `with ${number} maximum`
].map((source) => new RegExp(source))

const actuals = [
  // OpenAI, vLLM, OpenRouter, xAI, SGLang
  `(?:requested|requested about|requested a total of|request contains|request has|resulted in|contains),? ${number}`,
  // SGLang: `the input (5000 tokens)`; TGI, Together: `given: 5013`
  `(?:input \\(|given: )${number}`,
  // Anthropic: `prompt is too long: 209303 tokens`; Gemini: `input token count (1200293)`; vLLM: `prompt (length 5000)`
  `(?:too long|count|length):? ?\\(?${number}`
].map((source) => new RegExp(source))

const first = (text: string, patterns: ReadonlyArray<RegExp>): number | undefined => {
  for (const pattern of patterns) {
    const value = count(pattern.exec(text)?.[1])
    if (value !== undefined && value > 0) return value
  }
  return undefined
}

/** How many tokens are taken. */
export const limitIn = (text: string): number | undefined => first(text, limits)

/** How many tokens were sent, where it is another number than the limit. */
export const actualIn = (text: string): number | undefined => {
  const value = first(text, actuals)
  return value === limitIn(text) ? undefined : value
}
