/** Proxies that answer in the provider's place: known by their sentences, pages and headers. */
import * as Reply from "../../Reply.ts"
import { always, type Fault, type Row, table } from "./fault.ts"

type Headers = Readonly<Record<string, string>>

const envoy = (name: string, status: number, description: string, body: string, headers: Headers = {}): Row =>
  always(
    name,
    `${status} from an Envoy proxy ${description}`,
    Reply.text(status, "text/plain", body, { server: "envoy", ...headers })
  )

const nginxPage = (title: string, by: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>${by}</center>\r\n</body>\r\n</html>\r\n`

const nginx = (name: string, status: number, title: string, description: string): Row =>
  always(
    name,
    `${status} page of an nginx proxy${description}`,
    Reply.text(status, "text/html", nginxPage(`${status} ${title}`, "nginx"), { server: "nginx" })
  )

const cloudflare = (code: number, description: string, status = code): Row =>
  always(
    `cloudflare-${code}`,
    `${status} of Cloudflare ${description}`,
    Reply.text(status, "text/plain; charset=UTF-8", `error code: ${code}`, {
      server: "cloudflare",
      "cf-ray": "8e695a03eed4f9fd-SIM"
    })
  )

const alb = (status: number, title: string, description: string): Row =>
  always(
    `alb-${status}`,
    `${status} page of an AWS load balancer ${description}`,
    Reply.text(
      status,
      "text/html",
      `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`,
      { server: "awselb/2.0" }
    )
  )

const before = "upstream connect error or disconnect/reset before headers. reset reason:"

export const gateways: ReadonlyArray<Fault> = table("gateway", [
  envoy("no-healthy-upstream", 503, "that has no healthy host", "no healthy upstream"),
  envoy("gateway-timeout", 504, "that waited too long", "upstream request timeout"),
  envoy(
    "gateway-connect",
    503,
    "that cannot connect",
    `${before} remote connection failure, transport failure reason: delayed connect error: Connection refused`
  ),
  envoy("gateway-reset", 503, "whose upstream closed the connection", `${before} connection termination`),
  envoy("gateway-overflow", 503, "whose circuit breaker is full", `${before} overflow`, {
    "x-envoy-overloaded": "true"
  }),
  envoy("gateway-rate-limit", 429, "with a rate limit of its own", "local_rate_limited", {
    "x-envoy-ratelimited": "true",
    "retry-after": "3"
  }),
  envoy("gateway-forbidden", 403, "whose rules do not allow it", "RBAC: access denied"),
  envoy("gateway-no-route", 404, "that knows no such route", ""),
  nginx("bad-gateway", 502, "Bad Gateway", ""),
  nginx("nginx-503", 503, "Service Temporarily Unavailable", " that limits the rate"),
  nginx("nginx-504", 504, "Gateway Time-out", " that waited too long"),
  nginx("nginx-413", 413, "Request Entity Too Large", ", for which the body is too large"),
  cloudflare(502, "that reaches no good origin"),
  cloudflare(520, "that does not understand the origin's answer"),
  cloudflare(521, "whose origin refuses connections"),
  cloudflare(522, "whose origin does not accept connections in time"),
  cloudflare(524, "whose origin does not answer in time"),
  cloudflare(525, "that fails at the origin's TLS"),
  cloudflare(1015, "with a rate limit of its own", 429),
  cloudflare(1020, "whose rules do not allow it", 403),
  alb(502, "Bad Gateway", "whose target broke the connection"),
  alb(503, "Service Temporarily Unavailable", "without a healthy target"),
  alb(504, "Gateway Time-out", "whose target does not answer in time"),
  always(
    "api-gateway-timeout",
    "504 of AWS API Gateway, in a JSON that is nobody's error",
    Reply.json(504, { message: "Endpoint request timed out" })
  ),
  always("plain-502", "502 in plain text of a proxy without a name", Reply.text(502, "text/plain", "Bad Gateway")),
  always(
    "proxy-credential",
    "407 of a proxy that wants a credential of its own",
    Reply.text(407, "text/plain", "Proxy Authentication Required", { "proxy-authenticate": "Basic" })
  )
])
