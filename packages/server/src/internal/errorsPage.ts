/**
 * The catalogue of failures as a page: what the `type` of a problem leads to. Its
 * headings are those of `docs/errors.md`.
 */
import * as Catalogue from "@causeway/core/Catalogue"
import * as Problem from "../Problem.ts"
import * as PublicError from "../PublicError.ts"
import { RequestError } from "../RequestError.ts"
import * as Samples from "./samples.ts"

/** A kind of failure, as people read of it. */
interface Section {
  readonly kind: string
  readonly paragraphs: ReadonlyArray<string>
}

/** The page. */
export const html = (): string => {
  const body = [...catalogue(), ...requests(), ...others].map(
    ({ kind, paragraphs }) =>
      `<h2 id="${escape(Problem.anchorOf(kind))}">${escape(kind.replace("/", ": "))}</h2>\n${paragraphs
        .map((text) => `<p>${escape(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>")}</p>`)
        .join("\n")}`
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The catalogue of failures</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
h2 { font-size: 1.1rem; margin-top: 2rem }
h2:target { outline: 2px solid; outline-offset: 4px }
p { margin: 0.3rem 0 }
</style>
</head>
<body>
<h1>The catalogue of failures</h1>
<p>What the errors of this server mean. The type of a problem leads to one of these headings.</p>
${body.join("\n")}
</body>
</html>
`
}

const catalogue = (): ReadonlyArray<Section> =>
  Catalogue.entries().map(({ error, recognisedBy, tag, toDo, when }) => ({
    kind: `${error}/${tag}`,
    paragraphs: [when, `Recognised by: ${recognisedBy}`, `To do: ${toDo}`]
  }))

const requests = (): ReadonlyArray<Section> => {
  const { any, accept, body } = Samples.requests
  return [...body, ...any, ...accept(["application/json"]), ...Samples.routes].map((reason) => {
    const { kind, status } = PublicError.fromError(new RequestError({ reason }))
    return {
      kind,
      paragraphs: [`The request cannot be served as it is: status ${status}.`, `Such as: ${reason.message}`]
    }
  })
}

const others: ReadonlyArray<Section> = [
  {
    kind: "ContractError",
    paragraphs: ["An error that the contract of the call declares: code is its tag. Its status is 400, 502 or 500."]
  },
  {
    kind: "InternalError",
    paragraphs: ["The server failed in a way that nobody foresaw. Its log says more, under the request's id."]
  },
  {
    kind: "Interrupted",
    paragraphs: [
      "The request was interrupted before it was answered, as a rule since the server shuts down.",
      "To do: Send it again."
    ]
  }
]

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
