/** Runs the tasks of a client one after the other, and prints what each came to as JSON. */

/** The model, what is asked of it, and its tool. */
export const model = "gpt-5"
export const prompt = "good day"
export const city = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false
}

/** The failures that each client meets, by the name of the row. */
export const failures = {
  "429 of the upstream": "fault:rate-limited",
  "context overflow, 400": "fault:context-length",
  "401 of the upstream": "fault:unauthorized",
  "no healthy upstream, 503": "fault:no-healthy-upstream"
}

/** What an error is: its class, and what it says of status and code. */
const seen = (error) => {
  const status = error?.status ?? error?.statusCode
  const code = error?.code ?? error?.data?.error?.code ?? error?.cause?.code
  return { error: error?.constructor?.name ?? typeof error, status, code, retryable: error?.isRetryable }
}

export const tell = async (tasks) => {
  const told = {}
  for (const [name, task] of Object.entries(tasks)) {
    try {
      told[name] = { answer: await task() }
    } catch (error) {
      told[name] = seen(error)
    }
  }
  process.stdout.write(JSON.stringify(told))
}

/** A task for each failure. */
export const failing = (ask) =>
  Object.fromEntries(Object.entries(failures).map(([name, model]) => [name, () => ask(model)]))

export const [baseURL = ""] = process.argv.slice(2)
