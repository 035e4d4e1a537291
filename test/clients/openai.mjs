/** The official SDK. */
import OpenAI from "openai"
import { baseURL, city, failing, model, prompt, tell } from "./told.mjs"

const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 })
const messages = [{ role: "user", content: prompt }]
const tools = [{ type: "function", function: { name: "weather", parameters: city } }]

const streamed = async (model) => {
  let text = ""
  for await (const { choices } of await client.chat.completions.create({ model, messages, stream: true })) {
    text += choices[0]?.delta.content ?? ""
  }
  return text
}

await tell({
  chat: async () => (await client.chat.completions.create({ model, messages })).choices[0].message.content,
  stream: () => streamed(model),
  tool: async () => {
    const answer = await client.chat.completions.create({ model, messages, tools, tool_choice: "required" })
    return answer.choices[0].message.tool_calls[0].function.name
  },
  embeddings: async () => (await client.embeddings.create({ model, input: prompt })).data[0].embedding.length,
  responses: async () => (await client.responses.create({ model, input: prompt })).output_text,
  ...failing((model) => client.chat.completions.create({ model, messages })),
  "cut stream": () => streamed("fault:cut-stream")
})
