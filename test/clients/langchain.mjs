/** LangChain. */
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai"
import { baseURL, city, failing, model as known, prompt, tell } from "./told.mjs"

const configuration = { baseURL }
const of = (model) => new ChatOpenAI({ model, apiKey: "none", configuration, maxRetries: 0 })

const streamed = async (id) => {
  let text = ""
  for await (const piece of await of(id).stream(prompt)) text += piece.text
  return text
}

await tell({
  chat: async () => (await of(known).invoke(prompt)).text,
  stream: () => streamed(known),
  tool: async () => {
    const weather = { type: "function", function: { name: "weather", parameters: city } }
    return (await of(known).bindTools([weather], { tool_choice: "required" }).invoke(prompt)).tool_calls[0].name
  },
  embeddings: async () => {
    const embeddings = new OpenAIEmbeddings({ model: known, apiKey: "none", configuration, maxRetries: 0 })
    return (await embeddings.embedQuery(prompt)).length
  },
  ...failing((id) => of(id).invoke(prompt)),
  "cut stream": () => streamed("fault:cut-stream")
})
