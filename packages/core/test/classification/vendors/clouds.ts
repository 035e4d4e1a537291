/** Answers of the edges of clouds: Cloudflare, AWS. */
import * as Duration from "effect/Duration"
import { again, gateway, group, notSent, perhaps, rest } from "../fixture.ts"

const cloudflareServer = { server: "cloudflare", "cf-ray": "8e695a03eed4f9fd-SJC" }

export const cloudflare = group(
  "Cloudflare",
  "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/",
  [
    {
      name: "523",
      status: 523,
      headers: cloudflareServer,
      body: "error code: 523",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "525",
      status: 525,
      headers: cloudflareServer,
      body: "error code: 525",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "526",
      status: 526,
      headers: cloudflareServer,
      body: "error code: 526",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "527",
      status: 527,
      headers: cloudflareServer,
      body: "error code: 527",
      reason: gateway("cloudflare", "other"),
      disposition: perhaps
    },
    {
      name: "530",
      status: 530,
      headers: cloudflareServer,
      body: "error code: 530",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "520",
      status: 520,
      headers: cloudflareServer,
      body: "error code: 520",
      reason: gateway("cloudflare", "other"),
      disposition: perhaps
    },
    {
      name: "521",
      status: 521,
      headers: cloudflareServer,
      body: "error code: 521",
      reason: gateway("cloudflare", "connect-failure"),
      disposition: notSent
    },
    {
      name: "522 as JSON",
      status: 522,
      headers: cloudflareServer,
      body: {
        title: "Error 522: Connection timed out",
        status: 522,
        error_code: 522,
        cloudflare_error: true,
        retryable: true,
        retry_after: 120
      },
      reason: { ...gateway("cloudflare", "connect-failure"), retryAfter: Duration.minutes(2) },
      disposition: { retry: "after", delivery: "not-sent" }
    },
    {
      name: "524",
      status: 524,
      headers: cloudflareServer,
      body: "error code: 524",
      reason: gateway("cloudflare", "timeout"),
      disposition: perhaps
    },
    {
      name: "1015",
      status: 429,
      headers: cloudflareServer,
      body: "error code: 1015",
      reason: { _tag: "RateLimited" },
      disposition: { health: "pauses" }
    },
    {
      name: "1020",
      status: 403,
      headers: cloudflareServer,
      body: "error code: 1020",
      reason: { _tag: "Permission" },
      disposition: rest
    },
    {
      name: "502 of its own",
      status: 502,
      headers: cloudflareServer,
      body: "error code: 502",
      reason: gateway("cloudflare", "other"),
      disposition: perhaps
    },
    {
      name: "504 of its own",
      status: 504,
      headers: cloudflareServer,
      body: "error code: 504",
      reason: gateway("cloudflare", "timeout"),
      disposition: perhaps
    },
    {
      name: "only on the way: the provider's own answer",
      status: 500,
      headers: cloudflareServer,
      body: { error: { message: "The server had an error", type: "server_error" } },
      reason: { _tag: "ProviderFault" },
      disposition: again
    }
  ]
)

export const alb = group(
  "AWS",
  "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
  [
    {
      name: "ALB, 561",
      status: 561,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: gateway("alb", "other"),
      disposition: perhaps
    },
    {
      name: "ALB, a rule of the firewall",
      status: 403,
      headers: { server: "awselb/2.0" },
      body: "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n",
      reason: { _tag: "Permission", message: "403 Forbidden" },
      disposition: rest
    },
    {
      name: "ALB without targets",
      status: 503,
      headers: { server: "awselb/2.0" },
      body: "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n",
      reason: gateway("alb", "no-healthy-upstream"),
      disposition: notSent
    },
    {
      name: "ALB, 502",
      status: 502,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: gateway("alb", "reset"),
      disposition: perhaps
    },
    {
      name: "ALB, 504",
      status: 504,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: gateway("alb", "timeout"),
      disposition: perhaps
    },
    {
      name: "ALB, 460",
      status: 460,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: { _tag: "Aborted" },
      disposition: { retry: "never" }
    },
    {
      name: "ALB, 500",
      status: 500,
      headers: { server: "awselb/2.0" },
      body: "",
      reason: gateway("alb", "other"),
      disposition: perhaps
    },
    {
      name: "API Gateway, too slow",
      status: 504,
      body: { message: "Endpoint request timed out" },
      reason: gateway("unknown", "timeout"),
      disposition: perhaps
    },
    {
      name: "API Gateway, no route",
      status: 403,
      body: { message: "Missing Authentication Token" },
      reason: { _tag: "NotFound", what: "route" },
      disposition: rest
    }
  ]
)
