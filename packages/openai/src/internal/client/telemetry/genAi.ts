/**
 * What is told of a call, by OpenTelemetry's conventions for generative AI
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/): what was asked, what it came
 * to and what it cost; not what was said.
 */
import type { Operation } from "../../../Operation.ts"
import { type Fields, isFields } from "../../answer.ts"
import type { Backend } from "../backend.ts"

/** A call, as it is told of. */
export interface Subject {
  /** As errors name it. */
  readonly name: string
  readonly operation: Operation | undefined
  readonly backend: Pick<Backend, "name" | "baseUrl" | "provider">
  readonly request: object | undefined
  readonly isStream: boolean
}

/** `gen_ai.operation.name`. */
export const operationOf = ({ name, operation }: Subject): string => operation?.genAi ?? name

/** The model that is asked for. */
export const modelOf = ({ request }: Subject): string | undefined => {
  const model: unknown = request === undefined ? undefined : Reflect.get(request, "model")
  return typeof model === "string" ? model : undefined
}

/** Providers by where they are, as the conventions name them. */
const providers: ReadonlyArray<readonly [RegExp, string]> = [
  [/\.(?:openai\.azure|cognitiveservices\.azure|azure-api)\.(?:com|net)$/, "azure.ai.openai"],
  [/\.(?:services|inference|models)\.ai\.azure\.com$/, "azure.ai.inference"],
  [/(?:^|\.)groq\.com$/, "groq"],
  [/(?:^|\.)mistral\.ai$/, "mistral_ai"],
  [/(?:^|\.)anthropic\.com$/, "anthropic"],
  [/(?:^|\.)deepseek\.com$/, "deepseek"],
  [/(?:^|\.)x\.ai$/, "x_ai"],
  [/(?:^|\.)perplexity\.ai$/, "perplexity"],
  [/(?:^|\.)cohere\.(?:ai|com)$/, "cohere"],
  [/(?:^|\.)moonshot\.(?:ai|cn)$/, "moonshot_ai"],
  [/^generativelanguage\.googleapis\.com$/, "gcp.gemini"],
  [/aiplatform\.googleapis\.com$/, "gcp.vertex_ai"],
  [/^bedrock.*\.amazonaws\.com$/, "aws.bedrock"]
]

/** `gen_ai.provider.name`: whose protocol it is, where the address tells of no other. */
export const providerOf = (baseUrl: string): string => {
  const host = URL.parse(baseUrl)?.hostname ?? ""
  return providers.find(([pattern]) => pattern.test(host))?.[1] ?? "openai"
}

/** Parameters of a request that are numbers, by the conventions' names. */
const numbers: ReadonlyArray<readonly [string, string]> = [
  ["max_completion_tokens", "gen_ai.request.max_tokens"],
  ["max_output_tokens", "gen_ai.request.max_tokens"],
  ["max_tokens", "gen_ai.request.max_tokens"],
  ["temperature", "gen_ai.request.temperature"],
  ["top_p", "gen_ai.request.top_p"],
  ["frequency_penalty", "gen_ai.request.frequency_penalty"],
  ["presence_penalty", "gen_ai.request.presence_penalty"],
  ["seed", "gen_ai.request.seed"],
  ["dimensions", "gen_ai.embeddings.dimension.count"]
]

/** Where an upstream is. */
const serverOf = (baseUrl: string): Readonly<Record<string, string | number>> => {
  const url = URL.parse(baseUrl)
  if (url === null) return {}
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80)
  return { "server.address": url.hostname, "server.port": port }
}

/** What is known of every call before it is made; spans are sampled by it. */
export const baseAttributes = (subject: Subject): Readonly<Record<string, string | number>> => {
  const { backend } = subject
  const model = modelOf(subject)
  return {
    "gen_ai.operation.name": operationOf(subject),
    "gen_ai.provider.name": backend.provider,
    ...(model !== undefined && { "gen_ai.request.model": model }),
    ...serverOf(backend.baseUrl)
  }
}

/** What a request says of itself. */
export const requestAttributes = (subject: Subject): Readonly<Record<string, unknown>> => {
  const { backend, isStream, name, operation, request } = subject
  const fields: Fields = { ...request }
  const attributes: Record<string, unknown> = { ...baseAttributes(subject), "causeway.upstream": backend.name }
  if (isStream) attributes["gen_ai.request.stream"] = true
  for (const [field, attribute] of numbers) {
    const value = fields[field]
    if (typeof value === "number") attributes[attribute] ??= value
  }
  const { conversation, encoding_format: encoding, n, service_tier: tier, stop } = fields
  if (typeof n === "number" && n !== 1) attributes["gen_ai.request.choice.count"] = n
  if (typeof stop === "string" || Array.isArray(stop)) attributes["gen_ai.request.stop_sequences"] = [stop].flat()
  if (typeof encoding === "string") attributes["gen_ai.request.encoding_formats"] = [encoding]
  if (typeof tier === "string") attributes["openai.request.service_tier"] = tier
  const id = isFields(conversation) ? conversation["id"] : conversation
  if (typeof id === "string") attributes["gen_ai.conversation.id"] = id
  const output = operation?.output ?? formatOf(fields)
  if (output !== undefined) attributes["gen_ai.output.type"] = output
  if (name.startsWith("chat.completions.")) attributes["openai.api.type"] = "chat_completions"
  if (name.startsWith("responses.")) attributes["openai.api.type"] = "responses"
  return attributes
}

/** `gen_ai.output.type` of a request that names a format. */
const formatOf = ({ response_format: chat, text }: Fields): string | undefined => {
  const format = isFields(chat) ? chat : isFields(text) ? text["format"] : undefined
  const type = isFields(format) ? format["type"] : undefined
  return type === undefined ? undefined : type === "text" ? "text" : "json"
}

/** What an answer, or the pieces of one, said of itself. */
export interface Told {
  id?: string
  model?: string
  tier?: string
  fingerprint?: string
  inputTokens?: number
  outputTokens?: number
  cachedTokens?: number
  reasoningTokens?: number
  readonly finishReasons: Array<string>
}

/** Adds what an answer, a piece of one, or an event with one in it says. */
export const tell = (told: Told, answer: unknown): void => {
  if (!isFields(answer)) return
  const { choices, response, usage } = answer
  if (isFields(response)) return tell(told, response)
  if (told.model === undefined && typeof answer["model"] === "string") told.model = answer["model"]
  if (told.id === undefined && typeof answer["id"] === "string") told.id = answer["id"]
  if (typeof answer["service_tier"] === "string") told.tier = answer["service_tier"]
  if (typeof answer["system_fingerprint"] === "string") told.fingerprint = answer["system_fingerprint"]
  if (Array.isArray(choices)) {
    for (const choice of choices) {
      if (isFields(choice) && typeof choice["finish_reason"] === "string")
        told.finishReasons.push(choice["finish_reason"])
    }
  } else if (answer["object"] === "response") tellStatus(told, answer)
  if (isFields(usage)) tellUsage(told, usage)
}

/** Of a response, its end stands for what chat calls a finish reason. */
const tellStatus = (told: Told, { incomplete_details: details, status }: Fields): void => {
  const why = isFields(details) ? details["reason"] : undefined
  if (status === "completed") told.finishReasons.push("stop")
  else if (status === "incomplete") {
    told.finishReasons.push(why === "max_output_tokens" ? "length" : typeof why === "string" ? why : "incomplete")
  }
}

const tellUsage = (told: Told, usage: Fields): void => {
  const input = usage["input_tokens"] ?? usage["prompt_tokens"]
  const output = usage["output_tokens"] ?? usage["completion_tokens"]
  if (typeof input === "number") told.inputTokens = input
  if (typeof output === "number") told.outputTokens = output
  const inputDetails = usage["input_tokens_details"] ?? usage["prompt_tokens_details"]
  const outputDetails = usage["output_tokens_details"] ?? usage["completion_tokens_details"]
  const cached = isFields(inputDetails) ? inputDetails["cached_tokens"] : undefined
  const reasoning = isFields(outputDetails) ? outputDetails["reasoning_tokens"] : undefined
  if (typeof cached === "number") told.cachedTokens = cached
  if (typeof reasoning === "number") told.reasoningTokens = reasoning
}

/** What was told, by the conventions' names. */
export const toldAttributes = (told: Told): ReadonlyArray<readonly [string, unknown]> =>
  (
    [
      ["gen_ai.response.id", told.id],
      ["gen_ai.response.model", told.model],
      ["gen_ai.response.finish_reasons", told.finishReasons.length === 0 ? undefined : told.finishReasons],
      ["gen_ai.usage.input_tokens", told.inputTokens],
      ["gen_ai.usage.output_tokens", told.outputTokens],
      ["gen_ai.usage.cache_read.input_tokens", told.cachedTokens],
      ["gen_ai.usage.reasoning.output_tokens", told.reasoningTokens],
      ["openai.response.service_tier", told.tier],
      ["openai.response.system_fingerprint", told.fingerprint]
    ] as const
  ).filter(([, value]) => value !== undefined)
