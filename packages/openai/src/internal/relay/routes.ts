/** What is known of the routes that are relayed. */
import { embeddings, inputsOf, type Problem, problems } from "../answer.ts"

const withoutQuery = (path: string): string => {
  const query = path.indexOf("?")
  return query === -1 ? path : path.slice(0, query)
}

/** How a plain answer to a request is checked. */
export const problemOf = (path: string, body: string | undefined): Problem => {
  switch (withoutQuery(path)) {
    case "/chat/completions":
      return problems.chat
    case "/completions":
      return problems.completion
    case "/embeddings":
      return embeddings(inputsOf(parsed(body)))
    case "/models":
      return problems.list
    default:
      return problems.anything
  }
}

/** Whether a route streams choices, each of which must finish. */
export const hasChoices = (path: string): boolean => withoutQuery(path).endsWith("/completions")

/** A call's operation by its route, such as `chat.completions.create`. */
export const operationOf = (method: string, path: string): string =>
  `${withoutQuery(path).slice(1).replaceAll("/", ".")}.${method === "GET" ? "list" : "create"}`.slice(0, 200)

const parsed = (body: string | undefined): unknown => {
  try {
    return JSON.parse(body ?? "")
  } catch {
    return undefined
  }
}
