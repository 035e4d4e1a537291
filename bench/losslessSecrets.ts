/**
 * Places in an error where a secret can sit, and texts that hold none. `clean` says
 * how the secret is written there, where that is not plainly.
 */

/** One place. */
export interface Place {
  readonly name: string
  readonly make: (secret: string) => unknown
  /** How the secret is written there. Default: as it is. */
  readonly written?: (secret: string) => string
}

const on = (own: object): Error => Object.assign(new Error("request failed"), own)

const base64 = (text: string): string => Buffer.from(text).toString("base64")
const hex = (text: string): string => Buffer.from(text).toString("hex")
const reversed = (text: string): string => [...text].toReversed().join("")
const codes = (text: string): string => JSON.stringify([...Buffer.from(text)]).slice(1, -1)
const escaped = (text: string): string =>
  [...text].map((letter) => `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`).join("")

const stacked = (stack: string): Error => {
  const error = new Error("request failed")
  error.stack = stack
  return error
}

export const places: ReadonlyArray<Place> = [
  // Texts.
  { name: "message, after a colon", make: (s) => new Error(`Incorrect API key provided: ${s}`) },
  { name: "message, in prose", make: (s) => new Error(`the upstream did not like ${s} at all`) },
  { name: "message, in quotes", make: (s) => new Error(`bad token "${s}"`) },
  { name: "message, in brackets", make: (s) => new Error(`token (${s}) expired`) },
  { name: "message, at its end", make: (s) => new Error(`token=${s}`) },
  { name: "message, JSON text", make: (s) => new Error(JSON.stringify({ error: { api_key: s } })) },
  {
    name: "message, JSON text in JSON text",
    make: (s) => new Error(JSON.stringify(JSON.stringify({ authorization: s })))
  },
  { name: "message, command line", make: (s) => new Error(`curl -H 'Authorization: Bearer ${s}' http://a`) },
  { name: "message, command line's option", make: (s) => new Error(`tool --api-key ${s} --verbose`) },
  { name: "message, environment", make: (s) => new Error(`OPENAI_API_KEY=${s} node app.js`) },
  { name: "message, YAML", make: (s) => new Error(`upstream:\n  apiKey: ${s}\n  url: a`) },
  { name: "message, HTTP text", make: (s) => new Error(`GET / HTTP/1.1\r\nauthorization: Bearer ${s}\r\n\r\n`) },
  {
    name: "message, form body",
    make: (s) => new Error(`grant_type=client_credentials&client_secret=${encodeURIComponent(s)}`)
  },
  { name: "message, of several lines", make: (s) => new Error(`first\n${s}\nthird`) },
  { name: "message, twice", make: (s) => new Error(`${s} and ${s}`) },
  { name: "message, in capitals around", make: (s) => new Error(`KEY:${s}:END`) },
  { name: "thrown text", make: (s) => `failed with ${s}` },
  { name: "name of an error", make: (s) => on({ name: s }) },
  { name: "stack, first line", make: (s) => stacked(`Error: with ${s}\n    at f (a.ts:1:1)`) },
  { name: "stack, a frame's function", make: (s) => stacked(`Error: x\n    at ${s} (a.ts:1:1)`) },
  { name: "stack, a frame's file", make: (s) => stacked(`Error: x\n    at f (/tmp/${s}/a.ts:1:1)`) },
  {
    name: "stack, a frame's URL",
    make: (s) => stacked(`Error: x\n    at f (https://h/a.js?token=${encodeURIComponent(s)}:1:1)`)
  },

  // Addresses.
  { name: "URL, password", make: (s) => new Error(`https://me:${encodeURIComponent(s)}@host/`) },
  { name: "URL, user", make: (s) => new Error(`https://${encodeURIComponent(s)}@host/`) },
  { name: "URL, query", make: (s) => new Error(`https://host/?api_key=${encodeURIComponent(s)}`) },
  { name: "URL, query under a harmless name", make: (s) => new Error(`https://host/?q=${encodeURIComponent(s)}`) },
  { name: "URL, fragment", make: (s) => new Error(`https://host/#access_token=${encodeURIComponent(s)}`) },
  { name: "URL, path", make: (s) => new Error(`https://host/bot${encodeURIComponent(s)}/send`) },
  {
    name: "URL, encoded in a URL",
    make: (s) => new Error(`https://host/?next=${encodeURIComponent(`https://b/?token=${s}`)}`)
  },
  { name: "URL object, password", make: (s) => on({ url: new URL(`https://me:${encodeURIComponent(s)}@host/`) }) },
  { name: "URL object, query", make: (s) => on({ url: new URL(`https://host/?key=${encodeURIComponent(s)}`) }) },
  { name: "URLSearchParams", make: (s) => on({ search: new URLSearchParams({ access_token: s }) }) },
  { name: "database URL", make: (s) => new Error(`postgres://app:${encodeURIComponent(s)}@db:5432/app`) },
  { name: "connection string", make: (s) => new Error(`Server=db;User Id=app;Password=${s};`) },

  // Headers.
  { name: "header authorization", make: (s) => on({ headers: { authorization: `Bearer ${s}` } }) },
  { name: "header x-api-key", make: (s) => on({ headers: { "x-api-key": s } }) },
  { name: "header of a vendor", make: (s) => on({ headers: { "ocp-apim-subscription-key": s } }) },
  { name: "header cookie", make: (s) => on({ headers: { cookie: `session=${s}; theme=dark` } }) },
  { name: "header set-cookie, several", make: (s) => on({ headers: { "set-cookie": [`a=${s}`, "b=c"] } }) },
  { name: "header under a harmless name", make: (s) => on({ headers: { "x-debug": s } }) },
  { name: "headers as pairs", make: (s) => on({ headers: [["Authorization", s]] }) },
  { name: "headers as a flat list", make: (s) => on({ rawHeaders: ["Authorization", `Bearer ${s}`] }) },
  { name: "headers as a Headers", make: (s) => on({ headers: new Headers({ authorization: s }) }) },
  { name: "headers as a Map", make: (s) => on({ headers: new Map([["authorization", s]]) }) },
  { name: "headers as name and value", make: (s) => on({ headers: [{ name: "authorization", value: s }] }) },
  { name: "basic credentials", make: (s) => on({ headers: { authorization: `Basic ${base64(`me:${s}`)}` } }) },

  // Properties.
  { name: "property apiKey", make: (s) => on({ apiKey: s }) },
  { name: "property password", make: (s) => on({ config: { auth: { password: s } } }) },
  { name: "property client_secret", make: (s) => on({ body: { client_secret: s } }) },
  { name: "property with a suffix", make: (s) => on({ env: { GITHUB_TOKEN: s } }) },
  { name: "property of a harmless name", make: (s) => on({ note: s }) },
  { name: "object under credentials", make: (s) => on({ credentials: { user: "me", value: s } }) },
  { name: "list under apiKeys", make: (s) => on({ apiKeys: [s] }) },
  { name: "bytes under privateKey", make: (s) => on({ privateKey: Buffer.from(s) }) },
  { name: "hidden property", make: (s) => Object.defineProperty(on({}), "token", { value: s }) },
  { name: "accessor", make: (s) => Object.defineProperty(on({}), "token", { get: () => s, enumerable: true }) },
  {
    name: "what a getter throws",
    make: (s) =>
      Object.defineProperty(on({}), "x", {
        get: () => {
          throw new Error(s)
        },
        enumerable: true
      })
  },
  { name: "symbol-keyed property", make: (s) => on({ [Symbol.for("token")]: s }) },
  { name: "name of a property", make: (s) => on({ byKey: { [s]: 1 } }) },
  { name: "description of a symbol", make: (s) => on({ symbol: Symbol(s) }) },
  { name: "name of a function", make: (s) => on({ [s]: { [s]: () => 1 }[s] }) },
  { name: "source of a RegExp", make: (s) => on({ pattern: new RegExp(s.replaceAll(/[^\w-]/g, "\\$&")) }) },
  { name: "key of a Map", make: (s) => on({ map: new Map([[s, 1]]) }) },
  { name: "value of a Map", make: (s) => on({ map: new Map([["a", s]]) }) },
  { name: "member of a Set", make: (s) => on({ set: new Set([s]) }) },
  { name: "cause", make: (s) => new Error("x", { cause: new Error(s) }) },
  { name: "errors of an AggregateError", make: (s) => new AggregateError([new Error(s)]) },
  {
    name: "Request of fetch",
    make: (s) => on({ request: new Request("http://a", { headers: { authorization: s } }) })
  },

  // Other writings.
  { name: "bytes", make: (s) => on({ body: Buffer.from(`say ${s} now`) }) },
  { name: "base64", make: (s) => on({ body: base64(s) }), written: base64 },
  {
    name: "base64url",
    make: (s) => on({ body: Buffer.from(s).toString("base64url") }),
    written: (s) => Buffer.from(s).toString("base64url")
  },
  { name: "base64 within other bytes", make: (s) => on({ body: base64(`me:${s}`) }) },
  { name: "percent-encoded", make: (s) => on({ body: encodeURIComponent(s) }) },
  { name: "hexadecimal", make: (s) => on({ body: hex(s) }), written: hex },
  { name: "reversed", make: (s) => on({ body: reversed(s) }), written: reversed },
  { name: "list of char codes", make: (s) => on({ body: [...Buffer.from(s)] }), written: codes },
  { name: "escaped letters", make: (s) => on({ body: escaped(s) }), written: escaped },
  {
    name: "split over two texts",
    make: (s) => on({ body: [s.slice(0, 12), s.slice(12)] }),
    written: (s) => s.slice(12)
  },
  {
    name: "with a break in it",
    make: (s) => on({ body: `${s.slice(0, 12)}\n${s.slice(12)}` }),
    written: (s) => s.slice(12)
  }
]

/** Texts that look a little like a secret and are none. */
export const harmless: ReadonlyArray<string> = [
  "the key of the map is missing",
  "press any key to continue",
  "12 tokens used of 100",
  "password is required",
  "https://host/v1/models?limit=10&order=asc",
  "https://host/search?q=me@example.com",
  "https://host/items?key=primary",
  "chatcmpl-8f7d6e5c4b3a29180706",
  "req_0123456789abcdef0123456789abcdef",
  "550e8400-e29b-41d4-a716-446655440000",
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "task-force-one",
  "risk-management",
  "ask-me-anything-about-it",
  "at async tokenize (/app/node_modules/@scope/key-ring/index.js:1:2)",
  "write to ada@example.com",
  "Bearer of bad news",
  "a basic example",
  "the cookie banner was closed",
  "secret santa at 5 o'clock"
]
