import * as Redaction from "@causeway/core/Redaction"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** Made up from parts, so that no scanner takes them for keys that somebody lost. */
const body = "a1B2c3D4".repeat(5)
const hex = "0123456789abcdef".repeat(2)
const jwt = `eyJ${body}.eyJ${body}.${body}`

/** Every text holds `SECRET`, which must not be in the result; what stands around it must. */
const leaks: ReadonlyArray<readonly [text: string, secret: string]> = [
  // by shape
  ...[
    `sk-${body}`,
    `sk-proj-${body}_-x`,
    `sk-ant-api03-${body}`,
    `sk-or-v1-${hex}`,
    "sk-1234567890abcdef",
    `csk-${body}`,
    `sk_live_${body}`,
    `rk_test_${body}`,
    `whsec_${body}`,
    `gsk_${body}`,
    `hf_${body}`,
    `r8_${body}`,
    `ghp_${body}`,
    `github_pat_${body}`,
    `glpat-${body}`,
    `npm_${body}`,
    `xoxb-123456789012-${body}`,
    `xai-${body}`,
    `pplx-${body}`,
    `nvapi-${body}`,
    `tgp_v1_${body}`,
    `AIza${body.slice(0, 35)}`,
    "AKIAIOSFODNN7EXAMPLE",
    `ya29.${body}`,
    jwt
  ].map((key) => [`the key ${key} is wrong`, key] as const),
  ["Incorrect API key provided: sk-abcd1234************wxyz. You can", "sk-abcd1234************wxyz"],
  [`-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----\nrest`, body],
  [`-----BEGIN PGP PRIVATE KEY BLOCK-----\n${body}\n-----END PGP PRIVATE KEY BLOCK-----\nrest`, body],
  [`cut: -----BEGIN PRIVATE KEY-----\\n${body}`, body],
  // behind a scheme
  ["sent Bearer abc123def456", "abc123def456"],
  ["sent bearer%20abc123def456 there", "abc123def456"],
  ["with Basic dXNlcjpwYXNz1234", "dXNlcjpwYXNz1234"],
  // in headers
  ["Authorization: Bearer open-sesame", "open-sesame"],
  ["curl -H 'Authorization: Token opensesame' https://x.example", "opensesame"],
  ['authorization: Digest username="me", response="opensesame"', "opensesame"],
  ["> cookie: session=opensesame; theme=dark\n> accept: */*", "opensesame"],
  ["Set-Cookie: sid=opensesame; Path=/", "opensesame"],
  ["x-api-key: swordfish1\n", "swordfish1"],
  ["Ocp-Apim-Subscription-Key: 0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"],
  ["X-Goog-Api-Key: swordfish1", "swordfish1"],
  ["headers: { authorization: [ 'swordfish' ] }", "swordfish"],
  // in JSON, and in JSON within JSON
  ['{"api_key":"swordfish","a":1}', "swordfish"],
  ['{"apiKey": "sword\\"fish", "a": 1}', 'sword\\"fish'],
  ['{\\"client_secret\\": \\"swordfish\\", \\"a\\": 1}', "swordfish"],
  ["{ password: 'swordfish', a: 1 }", "swordfish"],
  ['"access_token" : "swordfish"', "swordfish"],
  ['{"refreshToken":"swordfish', "swordfish"],
  ['{"authorization":["Bearer swordfish"]}', "swordfish"],
  ["os.environ['OPENAI_API_KEY'] = 'swordfish'", "swordfish"],
  ["rawHeaders: [ 'X-Api-Key', 'swordfish1', 'Accept', '*/*' ]", "swordfish1"],
  ['["authorization","swordfish1"]', "swordfish1"],
  // in addresses
  ["GET https://me:swordfish@example.com/x failed", "swordfish"],
  ["GET https://me:sword@fish@example.com/x failed", "sword@fish"],
  ["redis://:swordfish@cache:6379", "swordfish"],
  ["GET https://example.com/?api_key=swordfish&page=2 failed", "swordfish"],
  ["GET https://example.com/#access_token=swordfish&page=2 failed", "swordfish"],
  [`GET https://example.com/?key=${body} failed`, body],
  [`https://a.example/?sig=${body}%3D&sv=2`, body],
  ["https://login.example/?next=https%3A%2F%2Fx.example%3Ftoken%3Dswordfish%26a", "swordfish"],
  // in an environment, a connection string, a command line, prose
  ["AWS_SECRET_ACCESS_KEY=sword/fish+1 node x", "sword/fish+1"],
  ["export MYTOKEN=swordfish", "swordfish"],
  [`https://a.example/?sig=${body.slice(0, 10)}%2B${body.slice(0, 10)}%3D&sv=2`, body.slice(0, 10)],
  ["Server=db;User=me;Password=swordfish;Database=x", "swordfish"],
  ["DefaultEndpointsProtocol=https;AccountKey=swordfish==;EndpointSuffix=x", "swordfish=="],
  ["run --api-key swordfish --verbose", "swordfish"],
  ["run --token=swordfish --verbose", "swordfish"],
  ["password: hunter2", "hunter2"],
  ["the api key: hunter2hunter2 is wrong", "hunter2hunter2"],
  // among the frames of a stack
  [`Error: x\n    at f (file:///a.ts?token=swordfish:1:2)\n    at g (b.ts:1:2)`, "swordfish"],
  [`Error: x\n    at f (a.ts:1:2)\nCaused by: Error: password: hunter2\n    at g (b.ts:1:2)`, "hunter2"],
  [`Error: x\n    at f (a.ts:1:2)\n  [cause]: Error: ghp_${body}`, body]
]

const harmless = [
  "",
  "a task-force of 12 took the risk-free disk-based desk-1",
  "locale sk-SK, sk-learn-2 and ask-12345678-me",
  "npm_package_dependencies_typescript hf_hub_download_v2 fw_update",
  "550e8400-e29b-41d4-a716-446655440000",
  `sha256:${hex}${hex}`,
  `commit ${hex}`,
  "gpt-4o-mini-2024-07-18, claude-sonnet-4-5-20250929, llama-3.3-70b-versatile, text-embedding-3-small",
  "chatcmpl-9f8a7b6c5d4e3f2a1b0c, req_011CZAau32QzxDkriovTaFCB, resp_68af4030592c81938ec0a5fbab4a3e9f",
  "https://example.com/?key=primary&page=2#section-3",
  "https://example.com/v1/tokens/count?model=x&max_tokens=5",
  '{"max_tokens":512,"prompt_tokens":12,"total_tokens":"20","finish_reason":"stop"}',
  '{"next_page_token":"abc","eos_token":"</s>","primary_key":"id","public_key":"x","key":"value"}',
  '{"required":["token","email"],"a":"cookie","b1b2b3b4":1,"c":"password"}',
  "fields: [ 'password', 'email', 'token' ]",
  "SyntaxError: Unexpected token: name in JSON at position 4",
  "token: unexpected end of input",
  "password: must have at least eight characters",
  "api_key: Field required",
  "the authorization: header is missing",
  "cookie: consent2024yes",
  "Bearer authentication is required; basic understanding suffices",
  "const token = await next()",
  "if (token === undefined || password != null) return",
  "(token) => token.value",
  "token=null, password=undefined, secret=false",
  "me@example.com wrote to you@example.org",
  "git@github.com:acme/x.git, https://example.com/@acme/x, node_modules/.pnpm/effect@4.1.0/",
  "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
  "12:34:56.789 level=info took=12ms code=rate_limit_exceeded",
  "Error: x\n    at f (file:///app/node_modules/@effect/platform-node/src/NodeHttp.ts:12:34)\n    at node:internal/x:1:2",
  "AIR and JUNE are words, and so are I and J"
] as const

describe("Redaction.text", () => {
  for (const [text, secret] of leaks) {
    it(`masks ${JSON.stringify(text).slice(0, 90)}`, () => {
      assert.include(text, secret)
      const redacted = Redaction.text(text)
      assert.notInclude(redacted, secret)
      assert.include(redacted, Redaction.mask)
    })
  }

  for (const text of harmless) {
    it(`leaves ${JSON.stringify(text).slice(0, 90)}`, () => assert.strictEqual(Redaction.text(text), text))
  }

  it("leaves what stands around a secret", () => {
    const text = `a sk-${body} b {"api_key":"x1","model":"gpt"} c https://me:pw@h/?token=t&page=2 d`
    assert.strictEqual(
      Redaction.text(text),
      'a <redacted> b {"api_key":"<redacted>","model":"gpt"} c https://<redacted>@h/?token=<redacted>&page=2 d'
    )
  })

  const Around = Schema.Array(
    Schema.Union([Schema.String, Schema.Literals([...harmless, ..."=:@\"'\\[]{}<>-_%&;, \t"])])
  )

  it.prop(
    "masks a secret whatever stands before its line and behind it",
    {
      before: Around,
      after: Around,
      index: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: leaks.length - 1 }))
    },
    ({ after, before, index }) => {
      const [text, secret] = leaks[index]!
      const redacted = Redaction.text(
        `${before.join("").replaceAll(secret, "")}\n${text}\n${after.join("").replaceAll(secret, "")}`
      )
      assert.notInclude(redacted, secret)
    },
    { arbitrary: { runs: 2_000 } }
  )

  it("takes time in proportion to a hostile text's length", () => {
    const hostile = [
      "sk-",
      "sk_",
      "-",
      "_",
      "=",
      ":",
      "@",
      "://",
      "a@",
      "%3D",
      "--a ",
      "I",
      "AIza",
      "J",
      "eyJ",
      "eyJ.",
      "ya29.",
      "Bearer ",
      "Bearer  ",
      "token=",
      "token: ",
      'token:"',
      "token:\\",
      "token:[",
      "authorization: ",
      "\n    at ",
      "\n",
      "-----BEGIN ",
      "-----BEGIN PRIVATE KEY-----",
      "a",
      "key=",
      "'",
      '"',
      "\\",
      "[",
      "x.token",
      'token=\\"',
      "cookie: =",
      "cookie: ",
      'key="',
      "key: '",
      "auth=",
      "api key: ",
      "authorization: a ",
      "token:[",
      '"token",',
      '"token","\\"',
      "<title",
      "key=a.",
      "eyJ-",
      "sk-*"
    ]
    // Some wait for what only once stands before them.
    for (const [head, piece] of hostile.flatMap((piece) => [["", piece] as const, ["x://", piece] as const])) {
      const time = (length: number): number => {
        const text = head + piece.repeat(length / piece.length)
        const started = performance.now()
        Redaction.text(text)
        Redaction.url(`https://x.example/?${text}`)
        return performance.now() - started
      }
      time(10_000)
      // Quadratic time is minutes here; the bound leaves room for a machine that is busy.
      assert.isBelow(time(200_000), 20_000, JSON.stringify([head, piece]))
    }
  }, 60_000)
})

describe("Redaction.isCredentialName", () => {
  const credentials = [
    "authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "x-api-key",
    "api-key",
    "apiKey",
    "api_keys",
    "OPENAI_API_KEY",
    "GITHUB_TOKEN",
    "MYTOKEN",
    "clientSecret",
    "client-secret",
    "password",
    "db.password",
    "PASSWD",
    "Ocp-Apim-Subscription-Key",
    "x-functions-key",
    "secretAccessKey",
    "AccountKey",
    "private_key",
    "x-amz-security-token",
    "access_tokens",
    "credentials",
    "passphrase",
    "jwt",
    "x-auth-token",
    "sessionToken",
    "signingKey"
  ]
  const others = [
    "max_tokens",
    "total_tokens",
    "tokens",
    "tokenizer",
    "next_page_token",
    "nextToken",
    "eos_token",
    "price_per_token",
    "primaryKey",
    "cache_key",
    "idempotency-key",
    "public_key",
    "key",
    "keys",
    "monkey",
    "author",
    "authority",
    "secretary",
    "content-type",
    "x-request-id",
    "model",
    "www-authenticate",
    "x-ratelimit-remaining-tokens",
    "cookiePolicy",
    ""
  ]
  it("knows credentials by their names, however they are spelt", () => {
    assert.deepStrictEqual(
      credentials.filter((name) => !Redaction.isCredentialName(name)),
      []
    )
  })

  it("takes nothing else for one", () => {
    assert.deepStrictEqual(others.filter(Redaction.isCredentialName), [])
  })

  it("remembers only so many names", () => {
    for (let index = 0; index < 10_000; index++) Redaction.isCredentialName(`name-${index}`)
    assert.isTrue(Redaction.isCredentialName("x-api-key"))
    assert.isTrue(Redaction.isCredentialName(`${"x".repeat(1_000_000)}-api-key`))
  })
})

describe("Redaction.url", () => {
  const rows: ReadonlyArray<readonly [url: string, redacted: string]> = [
    ["https://example.com/v1/models?page=2#top", "https://example.com/v1/models?page=2#top"],
    ["https://me:pw@example.com/", "https://<redacted>@example.com/"],
    ["https://example.com/?api%5Fkey=x&a=b", "https://example.com/?api%5Fkey=<redacted>&a=b"],
    ["https://example.com/?a=b;token=x", "https://example.com/?a=b;token=<redacted>"],
    ["https://example.com/#id_token=x&state=1", "https://example.com/#id_token=<redacted>&state=1"],
    ["https://example.com/?to=https%3A%2F%2Fa%3Ab%40c", "https://example.com/?to=<redacted>"],
    ["https://example.com/?token=", "https://example.com/?token="],
    ["/v1/chat?token=x%ZZ", "/v1/chat?token=<redacted>"],
    ["not an address", "not an address"],
    ["https://example.com/?%E0%A4%A=1", "https://example.com/?%E0%A4%A=1"]
  ]
  for (const [url, redacted] of rows) {
    it(`makes ${url} ${url === redacted ? "stay" : redacted}`, () => assert.strictEqual(Redaction.url(url), redacted))
  }
})

describe("Redaction.headers", () => {
  it("keeps order and names, and masks values", () => {
    assert.deepStrictEqual(
      Redaction.headers([
        ["Server", "envoy"],
        ["set-cookie", "a=b"],
        ["X-Request-Id", "req-1"],
        ["set-cookie", "c=d"],
        ["location", "https://me:pw@example.com/?token=x"],
        ["x-echo", `sk-${body}`]
      ]),
      [
        ["Server", "envoy"],
        ["set-cookie", "<redacted>"],
        ["X-Request-Id", "req-1"],
        ["set-cookie", "<redacted>"],
        ["location", "https://<redacted>@example.com/?token=<redacted>"],
        ["x-echo", "<redacted>"]
      ]
    )
  })
})

const known = (...secrets: ReadonlyArray<string>) => Effect.forEach(secrets, (it) => Redaction.known(Redacted.make(it)))

describe("Redaction.known", () => {
  const secret = 'open sesame/"1"+ü'

  it.effect("masks the form-encoding of characters that addresses leave alone", () =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* known("sesame!(open)~")
        assert.strictEqual(Redaction.text(`q=${new URLSearchParams({ "": "sesame!(open)~" })}`), `q==${Redaction.mask}`)
      })
    )
  )

  it.effect("masks a secret in every form while its scope is open, and no longer", () =>
    Effect.gen(function* () {
      const forms = [
        secret,
        JSON.stringify({ a: secret }),
        JSON.stringify({ body: JSON.stringify({ a: secret }) }),
        encodeURI(secret),
        encodeURIComponent(secret),
        encodeURIComponent(secret).toLowerCase(),
        new URLSearchParams({ a: secret }).toString(),
        ...["", "x", "xy", "user:"].map((before) => Buffer.from(`${before}${secret}${before}`).toString("base64")),
        Buffer.from(`me:${secret}`).toString("base64url")
      ]
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* known(secret)
          for (const form of forms) {
            const redacted = Redaction.text(`a ${form} b`)
            assert.include(redacted, Redaction.mask, form)
            assert.isBelow(redacted.length, `a ${form} b`.length, form)
          }
          assert.strictEqual(Redaction.text(`a ${secret} b`), "a <redacted> b")
          assert.strictEqual(
            Redaction.url(`https://x.example/?q=${encodeURIComponent(secret)}`),
            "https://x.example/?q=<redacted>"
          )
          assert.deepStrictEqual(Redaction.headers([["x", secret]]), [["x", "<redacted>"]])
        })
      )
      for (const form of forms) assert.strictEqual(Redaction.text(`a ${form} b`), `a ${form} b`)
    })
  )

  it.effect("masks a secret until the last scope that knows it has closed", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* known("swordfish")
          yield* Effect.scoped(known("swordfish"))
          assert.strictEqual(Redaction.text("swordfish"), Redaction.mask)
        })
      )
      assert.strictEqual(Redaction.text("swordfish"), "swordfish")
    })
  )

  it.effect("masks the longer of two secrets whole", () =>
    Effect.gen(function* () {
      yield* known("swordfish", "swordfish-and-more")
      assert.strictEqual(Redaction.text("a swordfish-and-more b"), "a <redacted> b")
    })
  )

  it.effect("masks a short secret as a word only, and an empty one not at all", () =>
    Effect.gen(function* () {
      yield* known("none", "")
      assert.strictEqual(Redaction.text("none of it is nonetheless none"), "<redacted> of it is nonetheless <redacted>")
    })
  )

  it.effect("knows nothing of a secret that was wiped", () =>
    Effect.gen(function* () {
      const secret = Redacted.make("swordfish")
      Redacted.wipeUnsafe(secret)
      yield* Redaction.known(secret)
      assert.strictEqual(Redaction.text("swordfish"), "swordfish")
    })
  )

  it.effect("takes a secret that is no well-formed text", () =>
    Effect.gen(function* () {
      yield* known("lone\uD800surrogate")
      assert.strictEqual(Redaction.text("a lone\uD800surrogate b"), "a <redacted> b")
    })
  )

  it.effect.prop(
    "masks every secret of eight characters or more",
    { secret: Schema.String, around: Schema.String },
    ({ around, secret }) =>
      Effect.gen(function* () {
        const long = secret.padEnd(8, "x")
        yield* known(long)
        const redacted = Redaction.text(`${around}|${long}|${around}`)
        assert.isFalse(redacted.replaceAll(Redaction.mask, "").includes(long))
      }).pipe(Effect.scoped)
  )
})
