/** Where a credential hides, and what must not be taken for one. */
import assert from "node:assert"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { edited, whole, type Case } from "./Case.ts"

/** Known by its shape alone. */
const key = "sk-proj-T3BlbkFJtarnhelm4711Zauberflote0815AbCdEfGh"
/** Known only to those who hold it. */
const secret = "tarnhelm-4711/zauberflöte+0815"
/** Known by the name it stands under. */
const password = "correcthorsebatterystaple"

const hides = (name: string, make: () => unknown, ...never: ReadonlyArray<string>): Case => ({
  name,
  make,
  ignore: () => true,
  never: never.length === 0 ? [key] : never
})

/** The secret was handed to the codec, so it leaves nowhere. */
const knows = (name: string, make: () => unknown): Case => ({
  ...hides(name, make, secret),
  options: { secrets: [Redacted.make(secret)] }
})

const redacted = () => Redacted.make(secret, { label: "API key" })

export class Held extends Schema.TaggedError<Held>("test/Held")("Held", {
  apiKey: Schema.Redacted(Schema.String),
  option: Schema.Option(Schema.Redacted(Schema.String))
}) {}

const headerNames = [
  "authorization",
  "Authorization",
  "proxy-authorization",
  "x-api-key",
  "api-key",
  "X-Goog-Api-Key",
  "Ocp-Apim-Subscription-Key",
  "cookie",
  "set-cookie",
  "x-amz-security-token"
]

const keyNames = [
  "password",
  "apiKey",
  "api_key",
  "accessToken",
  "refresh_token",
  "clientSecret",
  "OPENAI_API_KEY",
  "privateKey",
  "passphrase",
  "authToken"
]

const message = (text: string) => new Error(text)

export const cases: ReadonlyArray<Case> = [
  // Redacted values, wherever they stand.
  hides("a Redacted alone", redacted, secret),
  hides("a Redacted on an error", () => Object.assign(new Error("x"), { held: redacted() }), secret),
  hides(
    "a Redacted in a list, a Map and a Set",
    () => [[redacted()], new Map([["a", redacted()]]), new Set([redacted()])],
    secret
  ),
  hides("a Redacted as the key of a Map", () => new Map([[redacted(), 1]]), secret),
  hides("a Redacted as cause", () => new Error("x", { cause: redacted() }), secret),
  hides(
    "a Redacted as failure and as defect",
    () => Exit.failCause(Cause.combine(Cause.fail(redacted()), Cause.die(redacted()))),
    secret
  ),
  hides("a Redacted in an Option", () => Option.some(redacted()), secret),
  hides(
    "a Redacted in a declared field",
    () => new Held({ apiKey: redacted(), option: Option.some(redacted()) }),
    secret
  ),
  hides("a Redacted of an object", () => ({ held: Redacted.make({ user: "me", secret }) }), secret),
  hides("a Redacted of an error", () => ({ held: Redacted.make(new Error(secret)) }), secret),
  hides("a Redacted whose label holds a key", () => Redacted.make("x", { label: `key ${key}` })),
  {
    ...knows("a Redacted whose label holds a known secret", () => Redacted.make("x", { label: secret })),
    holds: (arrived) => assert.ok(Redacted.isRedacted(arrived))
  },
  {
    name: "a Redacted stays one, with its label",
    make: redacted,
    never: [secret],
    holds: (arrived) => {
      assert.ok(Redacted.isRedacted(arrived))
      assert.strictEqual(arrived.label, "API key")
    }
  },
  {
    name: "a wiped Redacted stays one, with its label",
    make: () => edited(redacted(), Redacted.wipeUnsafe),
    never: [secret],
    holds: (arrived) => assert.ok(Redacted.isRedacted(arrived) && arrived.label === "API key")
  },
  {
    name: "one Redacted in two places is one",
    make: () => {
      const held = redacted()
      return [held, held]
    },
    never: [secret]
  },

  // Headers.
  ...headerNames.flatMap((name) => [
    hides(
      `the header ${name} in an object`,
      () => Object.assign(new Error("x"), { headers: { [name]: password } }),
      password
    ),
    hides(
      `the header ${name} in pairs`,
      () => ({
        headers: [
          ["a", "b"],
          [name, password]
        ]
      }),
      password
    )
  ]),
  hides("headers as a Headers", () => ({ headers: new Headers({ authorization: `Bearer ${password}` }) }), password),
  hides("headers as a Map", () => ({ headers: new Map([["authorization", `Bearer ${password}`]]) }), password),
  hides(
    "headers as a flat list",
    () => ({ rawHeaders: ["Host", "a", "Authorization", `Bearer ${password}`] }),
    password
  ),
  hides(
    "headers as lines of text",
    () => message(`GET / HTTP/1.1\r\nAuthorization: Bearer ${password}\r\nHost: a`),
    password
  ),
  ...["name", "key"].map((label) =>
    hides(
      `a header as an entry with a ${label}`,
      () => ({ headers: [{ [label]: "Authorization", value: password }], [label]: "api_key", value: [password] }),
      password
    )
  ),
  hides("headers with several values", () => ({ headers: { "set-cookie": [`a=${password}`, "b=c"] } }), password),

  // Keys of objects.
  ...keyNames.map((name) =>
    hides(`a property ${name}`, () => Object.assign(new Error("x"), { [name]: password }), password)
  ),
  hides(
    "a property password that is hidden",
    () => Object.defineProperty(new Error("x"), "password", { value: password }),
    password
  ),
  hides(
    "a property password that is an accessor",
    () => Object.defineProperty(new Error("x"), "password", { get: () => password }),
    password
  ),
  hides("an object under a credential's name", () => ({ credentials: { user: "me", value: password } }), password),
  hides("a list under a credential's name", () => ({ apiKeys: [password, password] }), password),
  hides("a Map under a credential's name", () => ({ secrets: new Map([["a", password]]) }), password),
  hides("bytes under a credential's name", () => ({ privateKey: Buffer.from(password) }), password),
  hides(
    "a process's environment",
    () => ({ env: { PATH: "/bin", OPENAI_API_KEY: password, DB_PASSWORD: password } }),
    password
  ),

  // URLs.
  hides("a URL with a password", () => message(`connect to https://user:${password}@127.0.0.1/ failed`), password),
  hides("a URL object with a password", () => ({ url: new URL(`https://user:${password}@127.0.0.1/`) }), password),
  hides("a query with a key", () => message(`GET https://127.0.0.1/v1?api_key=${password}&a=b`), password),
  hides("a URL object with a token", () => ({ url: new URL(`https://127.0.0.1/?access_token=${password}`) }), password),
  hides(
    "search parameters with a token",
    () => ({ search: new URLSearchParams({ access_token: password }) }),
    password
  ),
  hides("a signed URL", () => message(`https://127.0.0.1/b/o?X-Amz-Signature=${password}&X-Amz-Date=1`), password),
  hides("a fragment with a token", () => message(`https://127.0.0.1/cb#access_token=${password}`), password),
  hides("a database's URL", () => message(`postgres://app:${password}@db:5432/app`), password),

  // Keys by their shape.
  hides("a key in a message", () => message(`Incorrect API key provided: ${key}.`)),
  hides("a key in a stack", () => edited(new Error("x"), (e) => (e.stack = `Error: x ${key}\n    at f (a.ts:1:1)`))),
  hides("a key in a frame of a stack", () =>
    edited(new Error("x"), (e) => (e.stack = `Error: x\n    at f (${key}/a.ts:1:1)`))
  ),
  hides("a key in a cause's message", () => new Error("x", { cause: new Error(key) })),
  hides("a key in an error of an AggregateError", () => new AggregateError([new Error(key)])),
  hides("a key in a property", () => Object.assign(new Error("x"), { note: `with ${key}` })),
  hides("a key as the name of a property", () => ({ [key]: 1 })),
  hides("a key as the key of a Map", () => new Map([[key, 1]])),
  hides("a key in a Set", () => new Set([key])),
  hides("a key in a symbol", () => [Symbol(key), Symbol.for(key), { [Symbol.for(key)]: 1 }]),
  hides("a key in a regular expression", () => new RegExp(key)),
  hides("a key in a function's name", () => ({ [key]: { [key]: () => 1 }[key] })),
  hides("a key as the name of an error", () => edited(new Error("x"), (e) => (e.name = key))),
  hides("a key in a JSON text", () => message(JSON.stringify({ authorization: `Bearer ${key}` }))),
  hides("a key in a command line", () => message(`curl -H "Authorization: Bearer ${key}" http://127.0.0.1`)),
  hides("a key in bytes", () => ({ body: Buffer.from(`key=${key}`) })),
  hides("a key that is thrown", () => key),
  hides("a bearer token", () => message(`Authorization: Bearer ${password}.${password}`), password),
  hides(
    "a JSON web token",
    () => message("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLWNhbmFyeQ"),
    "c2lnbmF0dXJlLWNhbmFyeQ"
  ),
  hides(
    "basic credentials",
    () => message("Authorization: Basic dXNlcjpjb3JyZWN0aG9yc2U="),
    "dXNlcjpjb3JyZWN0aG9yc2U="
  ),
  hides("a key of a cloud", () => message("AKIAIOSFODNN7EXAMPLE"), "AKIAIOSFODNN7EXAMPLE"),
  hides(
    "a private key",
    () => message(`-----BEGIN PRIVATE KEY-----\n${password}\n-----END PRIVATE KEY-----`),
    password
  ),

  // What HTTP clients hang on their errors.
  hides(
    "the configuration of a request",
    () =>
      Object.assign(new Error("Request failed with status code 401"), {
        config: {
          url: "http://127.0.0.1",
          headers: { Authorization: `Bearer ${key}` },
          auth: { username: "me", password }
        },
        request: { _header: `POST / HTTP/1.1\r\nauthorization: Bearer ${key}\r\n` },
        response: { config: { headers: { "api-key": key } }, headers: { "set-cookie": [`session=${password}`] } }
      }),
    key,
    password
  ),
  hides(
    "a Request with credentials",
    () => ({ request: new Request("http://127.0.0.1", { headers: { authorization: `Bearer ${password}` } }) }),
    password
  ),

  // Known secrets, wherever they stand.
  knows("a known secret in a message", () => message(`bad token ${secret}`)),
  knows("a known secret in a stack", () =>
    edited(new Error("x"), (e) => (e.stack = `Error: ${secret}\n    at f (a.ts:1:1)`))
  ),
  knows("a known secret in a frame", () =>
    edited(new Error("x"), (e) => (e.stack = `Error: x\n    at ${secret} (a.ts:1:1)`))
  ),
  knows("a known secret in a property", () => ({ a: [{ b: secret }] })),
  knows("a known secret as a name of a property", () => ({ [secret]: 1 })),
  knows("a known secret in a Map, a Set and a symbol", () => [
    new Map([[secret, secret]]),
    new Set([secret]),
    Symbol(secret)
  ]),
  knows("a known secret percent-encoded", () => message(`http://127.0.0.1/${encodeURIComponent(secret)}/x`)),
  knows("a known secret in base64", () => message(Buffer.from(secret).toString("base64"))),
  knows("a known secret in base64url", () => message(Buffer.from(secret).toString("base64url"))),
  knows("a known secret within base64", () => message(Buffer.from(`user:${secret}`).toString("base64"))),
  knows("a known secret in bytes", () => ({ body: Buffer.from(`a ${secret} b`) })),
  knows("a known secret in a URL", () => ({ url: new URL(`http://127.0.0.1/${encodeURIComponent(secret)}`) })),
  knows("a known secret in a Date's property", () => Object.assign(new Date(0), { note: secret })),
  knows("a known secret in an error's name", () => edited(new Error("x"), (e) => (e.name = secret))),
  knows("a known secret in a function's name", () => ({ [secret]: { [secret]: () => 1 }[secret] })),
  knows("a known secret in a getter's error", () =>
    Object.defineProperty({}, "x", {
      get: () => {
        throw new Error(secret)
      },
      enumerable: true
    })
  ),
  knows("a known secret in an annotation", () => Cause.die({ note: secret })),
  knows("a known secret alone", () => secret),

  // What is no secret arrives as it is: over-redaction is a failure too.
  ...whole({
    "words about keys": () =>
      message("the key of the map is missing; press any key; tokens used: 12; password is required"),
    "counts of tokens": () => ({ max_tokens: 100, usage: { prompt_tokens: 5, total_tokens: 8 }, tokens: 3 }),
    "harmless URLs": () => message("GET https://127.0.0.1:8001/v1/models?limit=10&order=asc&q=a@b.c failed"),
    "harmless headers": () => ({
      headers: { "content-type": "application/json", "x-request-id": "req_123", accept: "*/*" }
    }),
    "ids and hashes": () => [
      "chatcmpl-8f7d6e5c4b3a29180706",
      "req_0123456789abcdef0123456789abcdef",
      "550e8400-e29b-41d4-a716-446655440000",
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    ],
    "words that begin like a key": () => [
      "task-force-one",
      "risk-management",
      "sk-",
      "desk-top",
      "ask-me-anything-about-it"
    ],
    "names that hold a word of credentials": () => ({
      monkey: "banana",
      keyboard: "qwerty",
      tokenizer: "cl100k",
      author: "me",
      keys: ["a", "b"]
    }),
    "an address of mail": () => message("write to ada@example.com"),
    "frames of a stack": () =>
      edited(
        new Error("x"),
        (e) => (e.stack = "Error: x\n    at async tokenize (/app/node_modules/@scope/key-ring/index.js:1:2)")
      )
  })
]
