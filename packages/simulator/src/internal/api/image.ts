/** Images: one grey pixel, by its address or in base64. */
import * as Result from "effect/Result"
import * as Answer from "../../Answer.ts"
import * as Reply from "../../Reply.ts"
import * as Input from "../input.ts"
import { countTokens, created } from "../protocol.ts"

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="

/** Where the pixel is served. */
export const path = "/simulator/image.png"

/** The pixel. */
export const file = (): Answer.Answer => Answer.binary("image/png", Buffer.from(pixel, "base64"))

type Operation = "generation" | "edit" | "variation"

const eventForm: Answer.EventForm = {
  failure: (problem) => Reply.event({ type: "error", ...Reply.error(problem) }, "error"),
  isFinal: (piece) => piece.includes(".completed")
}

/** The right answer to a request; `origin` is where the simulator is reached. */
export const answer =
  (operation: Operation) =>
  (body: Input.Fields, origin: string): Input.Input<Answer.Answer> =>
    Result.gen(function* () {
      const model = (yield* Input.optionalText(body, "model")) ?? "gpt-image-1"
      const prompt = operation === "variation" ? "" : yield* Input.text(body, "prompt")
      if (operation !== "generation") {
        for (const image of Array.isArray(body["image"]) ? body["image"] : [body["image"]]) {
          yield* Input.file({ image }, "image")
        }
      }
      const count = (yield* Input.optionalInteger(body, "n", 10)) ?? 1
      const size = (yield* Input.optionalText(body, "size")) ?? "1024x1024"
      // Only the older models answer with an address, and do so unless told otherwise.
      const format = yield* Input.oneOf(
        body,
        "response_format",
        model.startsWith("dall-e") || operation === "variation" ? ["url", "b64_json"] : ["b64_json", "url"]
      )
      const promptTokens = countTokens(prompt)
      const usage = {
        input_tokens: promptTokens,
        input_tokens_details: { text_tokens: promptTokens, image_tokens: 0 },
        output_tokens: count,
        total_tokens: promptTokens + count
      }
      const partial = (yield* Input.optionalInteger(body, "partial_images", 3, 0)) ?? 0
      if (operation !== "variation" && (yield* Input.optionalFlag(body, "stream"))) {
        const name = operation === "generation" ? "image_generation" : "image_edit"
        const event = (kind: string, rest: Input.Fields) => {
          const type = `${name}.${kind}`
          const image = { b64_json: pixel, created_at: created, size, quality: "low", background: "opaque" }
          return Reply.event({ type, ...image, output_format: "png", ...rest }, type)
        }
        return Answer.stream(eventForm, [
          ...Array.from({ length: partial }, (_, index) => event("partial_image", { partial_image_index: index })),
          event("completed", { usage })
        ])
      }
      const image = format === "url" ? { url: `${origin}${path}` } : { b64_json: pixel }
      return Answer.json(Reply.json(200, { created, data: Array.from({ length: count }, () => image), usage }))
    })
