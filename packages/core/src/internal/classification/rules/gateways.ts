/** Proxies that answered in the upstream's place: known by their sentences, pages and headers. */
import * as Reasons from "../reasons.ts"
import { all, any, codeless, foreign, header, not, type Rule, says, shows, status } from "../../../Rule.ts"

const envoyDocs =
  "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags"
const nginxDocs = "https://nginx.org/en/docs/http/ngx_http_core_module.html"
const cloudflareDocs =
  "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/"
const cloudflare1xxx =
  "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/"
const albDocs = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html"

/** Envoy, and the service meshes that are made of it. */
const byEnvoy = all(foreign, header("server", /envoy/i), not(header("x-envoy-upstream-service-time")))

/** The sentence with which Envoy begins whatever it says of a connection that failed. */
const lost = all(
  status(500, 502, 503, 504),
  codeless,
  says(/^upstream connect error or disconnect\/reset before headers/m)
)

const envoy: ReadonlyArray<Rule> = [
  {
    name: "Envoy: no healthy upstream (UH)",
    source: envoyDocs,
    // Envoy can be told to write JSON, and providers hand its sentence on; with a code of their own it is their word.
    when: all(status(502, 503), codeless, says(/^no healthy upstream\.?$/m)),
    reason: Reasons.gateway("envoy", "no-healthy-upstream")
  },
  {
    name: "Envoy: overflow (UO)",
    source: envoyDocs,
    when: any(
      all(status(429, 503), header("x-envoy-overloaded")),
      all(lost, says(/reset reason: overflow/)),
      all(status(429, 503), codeless, says(/^envoy overloaded/m))
    ),
    reason: Reasons.gateway("envoy", "overflow", "a circuit breaker of the gateway is open")
  },
  {
    name: "Envoy: connection failure (UF)",
    source: envoyDocs,
    when: all(
      lost,
      says(/disconnect\/reset before headers[^\n]*(?:connection failure|connection timeout|connect error|tls_error)/)
    ),
    reason: Reasons.gateway("envoy", "connect-failure")
  },
  {
    name: "Envoy: reset before headers (UC, UR, LR)",
    source: envoyDocs,
    when: lost,
    reason: Reasons.gateway("envoy", "reset")
  },
  {
    name: "Envoy: upstream request timeout (UT, UMSDR, SI)",
    source: envoyDocs,
    when: all(
      status(408, 504),
      codeless,
      says(/^(?:upstream (?:request timeout|response timeout|max stream duration|per try)|stream timeout)/m)
    ),
    reason: Reasons.gateway("envoy", "timeout")
  },
  {
    name: "Envoy: rate limit of the gateway (RL)",
    source: "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rate_limit_filter",
    when: all(status(429), any(header("x-envoy-ratelimited"), says(/^local_rate_limited/))),
    reason: Reasons.rateLimited
  },
  {
    name: "Envoy: access denied by a rule of the gateway",
    source: "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter",
    when: all(status(403), says(/^rbac: access denied/)),
    reason: Reasons.permission
  },
  {
    name: "Envoy: no route (NR)",
    source: envoyDocs,
    when: all(byEnvoy, status(404)),
    reason: Reasons.notFound("route")
  },
  {
    name: "Envoy: anything else that it says itself",
    source: envoyDocs,
    when: all(byEnvoy, status(500, 502, 503)),
    reason: Reasons.gateway("envoy", "other")
  },
  {
    name: "Envoy: a time limit of the gateway",
    source: envoyDocs,
    when: all(byEnvoy, status(408, 504)),
    reason: Reasons.gateway("envoy", "timeout")
  }
]

/** nginx and what is made of it, by its page or its header. */
const byNginx = all(
  foreign,
  any(shows(/<hr><center>(?:nginx|openresty|tengine)[/<]/), header("server", /^(?:nginx|openresty|tengine)/i))
)

const nginx: ReadonlyArray<Rule> = [
  {
    name: "nginx: plain HTTP sent to a TLS port",
    source: nginxDocs,
    when: all(
      status(400),
      foreign,
      shows(/<title>400 the plain http request was sent to https port|^client sent an http request to an https server/)
    ),
    reason: Reasons.misconfigured("baseUrl", "the upstream speaks TLS: the address has to begin with https")
  },
  {
    name: "nginx: body over client_max_body_size",
    source: `${nginxDocs}#client_max_body_size`,
    when: all(byNginx, status(413)),
    reason: Reasons.inputTooLarge("bytes")
  },
  {
    name: "nginx: limit_req and limit_conn",
    source: "https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req_status",
    when: all(byNginx, status(503)),
    reason: Reasons.gateway("nginx", "overflow")
  },
  {
    name: "nginx: the upstream was too slow",
    source: "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout",
    when: all(byNginx, status(408, 504)),
    reason: Reasons.gateway("nginx", "timeout")
  },
  {
    name: "nginx: bad gateway",
    source: "https://nginx.org/en/docs/http/ngx_http_upstream_module.html",
    when: all(byNginx, status(500, 502)),
    reason: Reasons.gateway("nginx", "other")
  }
]

/** A page or a bare line of Cloudflare; a body of JSON comes from behind it. */
const byCloudflare = any(
  all(foreign, header("server", /^cloudflare/i)),
  ({ error }) => error["cloudflare_error"] === true
)

const cloudflare: ReadonlyArray<Rule> = [
  {
    name: "Cloudflare: no connection to the origin",
    source: cloudflareDocs,
    when: status(521, 522, 523, 525, 526, 530),
    reason: Reasons.gateway("cloudflare", "connect-failure", "Cloudflare could not connect to the upstream")
  },
  {
    name: "Cloudflare: the origin was too slow",
    source: cloudflareDocs,
    when: status(524),
    reason: Reasons.gateway("cloudflare", "timeout", "the upstream did not answer Cloudflare in time")
  },
  {
    name: "Cloudflare: the origin's answer makes no sense",
    source: cloudflareDocs,
    when: status(520, 527),
    reason: Reasons.gateway("cloudflare", "other", "the upstream's answer to Cloudflare made no sense")
  },
  {
    name: "Cloudflare: rate limit of the gateway (1015)",
    source: cloudflare1xxx,
    when: all(byCloudflare, status(429)),
    reason: Reasons.rateLimited
  },
  {
    name: "Cloudflare: refused by the firewall or a challenge (1006 to 1020)",
    source: cloudflare1xxx,
    when: all(byCloudflare, status(403)),
    reason: Reasons.permission
  },
  {
    name: "Cloudflare: a time limit of the gateway",
    source: cloudflareDocs,
    when: all(byCloudflare, status(504)),
    reason: Reasons.gateway("cloudflare", "timeout")
  },
  {
    name: "Cloudflare: anything else that it says itself",
    source: cloudflareDocs,
    when: all(byCloudflare, status(500, 502, 503)),
    reason: Reasons.gateway("cloudflare", "other")
  }
]

const byAlb = all(foreign, header("server", /^awselb/i))

const alb: ReadonlyArray<Rule> = [
  {
    name: "AWS ALB: the target group has no targets",
    source: albDocs,
    when: all(byAlb, status(503)),
    reason: Reasons.gateway("alb", "no-healthy-upstream")
  },
  {
    name: "AWS ALB: the target closed the connection",
    source: albDocs,
    when: all(byAlb, status(502)),
    reason: Reasons.gateway("alb", "reset")
  },
  {
    name: "AWS ALB: the target was too slow",
    source: albDocs,
    when: all(byAlb, status(408, 504)),
    reason: Reasons.gateway("alb", "timeout")
  },
  {
    name: "AWS ALB: the client closed the connection",
    source: albDocs,
    when: all(byAlb, status(460)),
    reason: Reasons.aborted
  },
  {
    name: "AWS ALB: anything else that it says itself",
    source: albDocs,
    when: all(byAlb, status(500, 561)),
    reason: Reasons.gateway("alb", "other")
  },
  {
    name: "AWS API Gateway: the integration was too slow",
    source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html",
    when: all(status(504), says(/^endpoint request timed out/)),
    reason: Reasons.gateway("unknown", "timeout")
  },
  {
    name: "AWS API Gateway: no such route",
    source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html",
    when: all(status(403), says(/^missing authentication token$/)),
    reason: Reasons.notFound("route")
  }
]

/** Gateways of no known name: whoever answers a 502 or a 504 in no API's language stands in front of one. */
const unnamed: ReadonlyArray<Rule> = [
  {
    name: "a gateway: bad gateway",
    source: "RFC 9110, section 15.6.3",
    when: all(foreign, status(502)),
    reason: Reasons.gateway("unknown", "other")
  },
  {
    name: "a gateway: no service",
    source: "RFC 9110, section 15.6.4",
    when: all(foreign, status(503)),
    reason: Reasons.gateway("unknown", "other")
  },
  {
    name: "a gateway: too slow",
    source: "RFC 9110, sections 15.5.9 and 15.6.5",
    when: all(foreign, status(408, 504)),
    reason: Reasons.gateway("unknown", "timeout")
  },
  {
    name: "a proxy on the way wants a credential",
    source: "RFC 9110, section 15.5.8",
    when: status(407),
    reason: Reasons.authentication
  }
]

export const gateways: ReadonlyArray<Rule> = [...envoy, ...nginx, ...cloudflare, ...alb, ...unnamed]
