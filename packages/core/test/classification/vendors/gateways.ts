/** Answers of proxies that stand in front of an upstream. */
import * as Duration from "effect/Duration"
import { again, gateway, group, html, notSent, pause, perhaps, rest } from "../fixture.ts"

const envoyServer = { server: "envoy", "content-type": "text/plain" }

export const envoy = group(
  "Envoy",
  "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags",
  [
    {
      name: "UPE",
      status: 502,
      headers: envoyServer,
      body: "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
      reason: gateway("envoy", "reset"),
      disposition: perhaps
    },
    {
      name: "UH, in JSON, as it can be told to write",
      source: "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/local_reply",
      status: 503,
      headers: envoyServer,
      body: { status: 503, message: "no healthy upstream" },
      reason: gateway("envoy", "no-healthy-upstream"),
      disposition: notSent
    },
    {
      name: "UH",
      status: 503,
      headers: envoyServer,
      body: "no healthy upstream",
      reason: gateway("envoy", "no-healthy-upstream"),
      disposition: notSent
    },
    {
      name: "UH, without its header",
      status: 503,
      body: "no healthy upstream",
      reason: gateway("envoy", "no-healthy-upstream"),
      disposition: notSent
    },
    {
      name: "UF",
      status: 503,
      headers: { server: "istio-envoy" },
      body: "upstream connect error or disconnect/reset before headers. reset reason: connection failure, transport failure reason: delayed connect error: 111",
      reason: gateway("envoy", "connect-failure"),
      disposition: notSent
    },
    {
      name: "UF, newer, after retries",
      status: 503,
      body: "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused",
      reason: gateway("envoy", "connect-failure"),
      disposition: notSent
    },
    {
      name: "UC",
      status: 503,
      body: "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
      reason: gateway("envoy", "reset"),
      disposition: perhaps
    },
    {
      name: "UO",
      status: 503,
      headers: { server: "envoy", "x-envoy-overloaded": "true" },
      body: "upstream connect error or disconnect/reset before headers. reset reason: overflow",
      reason: gateway("envoy", "overflow"),
      disposition: notSent
    },
    {
      name: "UT",
      status: 504,
      headers: envoyServer,
      body: "upstream request timeout",
      reason: gateway("envoy", "timeout"),
      disposition: perhaps
    },
    {
      name: "a time limit without a sentence",
      status: 504,
      headers: envoyServer,
      body: "",
      reason: gateway("envoy", "timeout"),
      disposition: perhaps
    },
    {
      name: "its own rate limit",
      status: 429,
      headers: { server: "envoy", "x-envoy-ratelimited": "true", "retry-after": "3" },
      body: "",
      reason: { _tag: "RateLimited", retryAfter: Duration.seconds(3) },
      disposition: pause
    },
    {
      name: "RBAC",
      status: 403,
      headers: envoyServer,
      body: "RBAC: access denied",
      reason: { _tag: "Permission" },
      disposition: rest
    },
    {
      name: "NR",
      status: 404,
      headers: envoyServer,
      body: "",
      reason: { _tag: "NotFound", what: "route" },
      disposition: rest
    },
    {
      name: "anything else",
      status: 503,
      headers: envoyServer,
      body: "",
      reason: gateway("envoy", "other"),
      disposition: perhaps
    },
    {
      name: "only on the way: the upstream's own answer",
      status: 503,
      headers: { server: "envoy", "x-envoy-upstream-service-time": "12" },
      body: { error: { message: "The server is currently overloaded", type: "server_error" } },
      reason: { _tag: "Overloaded" },
      disposition: again
    }
  ]
)

export const nginx = group("nginx", "https://nginx.org/en/docs/http/ngx_http_core_module.html", [
  {
    name: "502",
    status: 502,
    body: html("502 Bad Gateway", "nginx/1.25.3"),
    reason: gateway("nginx", "other"),
    disposition: perhaps
  },
  {
    name: "503",
    status: 503,
    body: html("503 Service Temporarily Unavailable", "nginx"),
    reason: gateway("nginx", "overflow"),
    disposition: notSent
  },
  {
    name: "504",
    status: 504,
    body: html("504 Gateway Time-out", "openresty"),
    reason: gateway("nginx", "timeout"),
    disposition: perhaps
  },
  {
    name: "413",
    status: 413,
    body: html("413 Request Entity Too Large", "nginx"),
    reason: { _tag: "InputTooLarge", unit: "bytes", message: "413 Request Entity Too Large" },
    disposition: rest
  },
  {
    name: "HTTP to a TLS port",
    status: 400,
    body: html("400 The plain HTTP request was sent to HTTPS port", "nginx"),
    reason: { _tag: "Configuration", option: "baseUrl" },
    disposition: { blame: "us", retry: "never" }
  }
])

export const unnamed = group("a gateway", "RFC 9110, section 15", [
  { name: "502", status: 502, body: "Bad Gateway", reason: gateway("unknown", "other"), disposition: perhaps },
  { name: "503 without a body", status: 503, body: "", reason: gateway("unknown", "other"), disposition: perhaps },
  {
    name: "504",
    status: 504,
    body: "<!doctype html><title>Gateway Timeout</title>",
    reason: { ...gateway("unknown", "timeout"), message: "Gateway Timeout" },
    disposition: perhaps
  },
  {
    name: "407",
    status: 407,
    body: "Proxy Authentication Required",
    reason: { _tag: "Authentication" },
    disposition: rest
  },
  {
    name: "404 in HTML",
    status: 404,
    body: html("404 Not Found", "Apache"),
    reason: { _tag: "NotFound", what: "route" },
    disposition: rest
  }
])
