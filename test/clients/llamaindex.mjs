/** LlamaIndex. */
import { OpenAI, OpenAIEmbedding } from "@llamaindex/openai"
import { baseURL, city, failing, model as known, prompt, tell } from "./told.mjs"

const of = (model) => new OpenAI({ model, apiKey: "none", baseURL, maxRetries: 0, supportToolCall: true })
const messages = [{ role: "user", content: prompt }]

const streamed = async (id) => {
  let text = ""
  for await (const { delta } of await of(id).chat({ messages, stream: true })) text += delta
  return text
}

await tell({
  chat: async () => (await of(known).chat({ messages })).message.content,
  stream: () => streamed(known),
  tool: async () => {
    const weather = { metadata: { name: "weather", description: "the weather", parameters: city }, call: () => "sunny" }
    const additionalChatOptions = { tool_choice: "required" }
    const answer = await of(known).chat({ messages, tools: [weather], additionalChatOptions })
    return answer.message.options.toolCall[0].name
  },
  embeddings: async () => {
    const embedding = new OpenAIEmbedding({ model: known, apiKey: "none", baseURL, maxRetries: 0 })
    return (await embedding.getTextEmbedding(prompt)).length
  },
  ...failing((id) => of(id).chat({ messages })),
  "cut stream": () => streamed("fault:cut-stream")
})
