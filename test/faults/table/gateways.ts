/** Gateways that answer in the upstream's place. */
import { again, every, is, type Table } from "../expected.ts"

export const gateways: Table = {
  "no-healthy-upstream": every(
    is("Gateway@status", "upstream backoff any counts not-sent", 3, {
      gateway: "envoy",
      flag: "no-healthy-upstream",
      status: 503
    })
  ),
  "gateway-timeout": every(
    is("Gateway@status", again, 3, {
      gateway: "envoy",
      flag: "timeout",
      status: 504
    })
  ),
  "gateway-connect": every(
    is("Gateway@status", "upstream backoff any counts not-sent", 3, {
      gateway: "envoy",
      flag: "connect-failure",
      status: 503
    })
  ),
  "gateway-reset": every(
    is("Gateway@status", again, 3, {
      gateway: "envoy",
      flag: "reset",
      status: 503
    })
  ),
  "gateway-overflow": every(
    is("Gateway@status", "upstream backoff any counts not-sent", 3, { gateway: "envoy", flag: "overflow", status: 503 })
  ),
  "gateway-rate-limit": every(is("RateLimited@status", "us after any pauses not-sent", 3, { retryAfter: 3000 })),
  "gateway-forbidden": every(is("Permission@status", "us never other-credential ignored not-sent", 1, {})),
  "gateway-no-route": every(is("NotFound@status", "caller never never ignored not-sent", 1, { what: "route" })),
  "bad-gateway": every(
    is("Gateway@status", again, 3, {
      gateway: "nginx",
      flag: "other",
      status: 502
    })
  ),
  "nginx-503": every(
    is("Gateway@status", "upstream backoff any counts not-sent", 3, { gateway: "nginx", flag: "overflow", status: 503 })
  ),
  "nginx-504": every(
    is("Gateway@status", again, 3, {
      gateway: "nginx",
      flag: "timeout",
      status: 504
    })
  ),
  "nginx-413": every(is("InputTooLarge@status", "caller never larger-context ignored not-sent", 1, { unit: "bytes" })),
  "cloudflare-502": every(
    is("Gateway@status", again, 3, {
      gateway: "cloudflare",
      flag: "other",
      status: 502
    })
  ),
  "cloudflare-520": every(
    is("Gateway@status", again, 3, {
      gateway: "cloudflare",
      flag: "other",
      status: 520
    })
  ),
  "cloudflare-521": every(
    is("Gateway@status", "upstream backoff any counts not-sent", 3, {
      gateway: "cloudflare",
      flag: "connect-failure",
      status: 521
    })
  ),
  "cloudflare-522": every(
    is("Gateway@status", "upstream backoff any counts not-sent", 3, {
      gateway: "cloudflare",
      flag: "connect-failure",
      status: 522
    })
  ),
  "cloudflare-524": every(
    is("Gateway@status", again, 3, {
      gateway: "cloudflare",
      flag: "timeout",
      status: 524
    })
  ),
  "cloudflare-525": every(
    is("Gateway@status", "upstream backoff any counts not-sent", 3, {
      gateway: "cloudflare",
      flag: "connect-failure",
      status: 525
    })
  ),
  "cloudflare-1015": every(is("RateLimited@status", "us backoff any pauses not-sent", 3, {})),
  "cloudflare-1020": every(is("Permission@status", "us never other-credential ignored not-sent", 1, {})),
  "alb-502": every(is("Gateway@status", again, 3, { gateway: "alb", flag: "reset", status: 502 })),
  "alb-503": every(
    is("Gateway@status", "upstream backoff any counts not-sent", 3, {
      gateway: "alb",
      flag: "no-healthy-upstream",
      status: 503
    })
  ),
  "alb-504": every(
    is("Gateway@status", again, 3, {
      gateway: "alb",
      flag: "timeout",
      status: 504
    })
  ),
  "api-gateway-timeout": every(
    is("Gateway@status", again, 3, {
      gateway: "unknown",
      flag: "timeout",
      status: 504
    })
  ),
  "plain-502": every(
    is("Gateway@status", again, 3, {
      gateway: "unknown",
      flag: "other",
      status: 502
    })
  ),
  "proxy-credential": every(is("Authentication@status", "us never other-credential ignored not-sent", 1, {}))
}
