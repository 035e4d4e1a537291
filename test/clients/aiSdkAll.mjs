/** ai-sdk with one of its providers: `chat`, `responses` or `compatible`. */
import { createOpenAI } from "@ai-sdk/openai"
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { embed, generateText, jsonSchema, streamText, tool } from "ai"
import { baseURL, city, failing, model as known, prompt, tell } from "./told.mjs"

const [, kind] = process.argv.slice(2)
const openai = createOpenAI({ baseURL, apiKey: "none" })
const compatible = createOpenAICompatible({ name: "causeway", baseURL, apiKey: "none" })
const modelOf = { chat: openai.chat, responses: openai.responses, compatible: (id) => compatible(id) }[kind]
const embedding = kind === "compatible" ? compatible.embeddingModel(known) : openai.embedding(known)

const streamed = async (id) => {
  let failure
  const result = streamText({ model: modelOf(id), prompt, maxRetries: 0, onError: ({ error }) => (failure = error) })
  let text = ""
  for await (const piece of result.textStream) text += piece
  if (failure !== undefined) throw failure
  return text
}

await tell({
  chat: async () => (await generateText({ model: modelOf(known), prompt, maxRetries: 0 })).text,
  stream: () => streamed(known),
  tool: async () => {
    const weather = tool({ inputSchema: jsonSchema(city) })
    const asked = { model: modelOf(known), prompt, tools: { weather }, toolChoice: "required", maxRetries: 0 }
    return (await generateText(asked)).toolCalls[0].toolName
  },
  embeddings: async () => (await embed({ model: embedding, value: prompt, maxRetries: 0 })).embedding.length,
  ...failing((id) => generateText({ model: modelOf(id), prompt, maxRetries: 0 })),
  "cut stream": () => streamed("fault:cut-stream")
})
