/** Asks each model by ai-sdk, in four ways, and prints what it understood as JSON. */
import { createOpenAI } from "@ai-sdk/openai"
import { generateText, streamText } from "ai"

const [baseURL = "", ...models] = process.argv.slice(2)
const openai = createOpenAI({ baseURL, apiKey: "none" })
const prompt = "good day"

const generated = async (model) => {
  const { finishReason, text } = await generateText({ model, prompt, maxRetries: 0 })
  return [text, finishReason]
}

const streamed = async (model) => {
  let failure
  const result = streamText({ model, prompt, maxRetries: 0, onError: ({ error }) => (failure = error) })
  const text = await result.text
  if (failure !== undefined) throw failure
  return [text, await result.finishReason]
}

const told = async (answer) => {
  try {
    return await answer()
  } catch (error) {
    return ["failed", String(error)]
  }
}

const answers = {}
for (const model of models) {
  answers[model] = {
    chat: await told(() => generated(openai.chat(model))),
    "chat, streamed": await told(() => streamed(openai.chat(model))),
    responses: await told(() => generated(openai.responses(model))),
    "responses, streamed": await told(() => streamed(openai.responses(model)))
  }
}
process.stdout.write(JSON.stringify(answers))
