/**
 * The codes, names and sentences by which transports are known: Node's system errors,
 * its TLS and its HTTP parser, undici, and the global `fetch`. The one list of them.
 */
import type { SystemError } from "./systemError.ts"

const oneOf = (...codes: ReadonlyArray<string>): ((code: string) => boolean) => {
  const known = new Set(codes)
  return (code) => known.has(code)
}

export const isDns = (code: string): boolean => code === "ENOTFOUND" || code.startsWith("EAI_") || code === "ENODATA"

export const isUnreachable = oneOf(
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "EACCES",
  "ENOENT"
)

export const isProxy = oneOf("UND_ERR_PRX_TLS", "UND_ERR_PRX_CONN", "UND_ERR_SOCKS5")

export const isTls = (code: string): boolean =>
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|CRL_|EPROTO$)/.test(
    code
  )

export const isLost = oneOf(
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "HPE_INVALID_EOF_STATE",
  "HPE_CLOSED_CONNECTION",
  "ERR_HTTP2_GOAWAY_SESSION",
  "ERR_HTTP2_INVALID_SESSION",
  "ERR_HTTP2_SESSION_ERROR",
  "ERR_HTTP2_STREAM_CANCEL",
  "ERR_HTTP2_STREAM_ERROR"
)

/** Before there is a body, lengths in an answer's head that contradict each other; otherwise a body that ended too early. */
export const isContradiction = oneOf("UND_ERR_RES_CONTENT_LENGTH_MISMATCH")

/** How undici says that what came is no answer: a protocol that nobody asked for, an interim answer out of place. */
export const isUnasked = (error: SystemError): boolean =>
  error.code === "UND_ERR_SOCKET" && (error.message === "bad upgrade" || error.message === "bad response")

export const isNotHttp = (code: string): boolean =>
  code.startsWith("HPE_") || code === "UND_ERR_HEADERS_OVERFLOW" || code.startsWith("ERR_HTTP2_")

export const isUnencodable = oneOf(
  "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
  "ERR_INVALID_CHAR",
  "ERR_HTTP_INVALID_HEADER_VALUE",
  "ERR_HTTP2_HEADER_SINGLE_VALUE",
  "ERR_HTTP2_INVALID_CONNECTION_HEADERS",
  "ERR_HTTP2_INVALID_HEADER_VALUE"
)

/** A file that goes along with the request cannot be read. */
export const isFile = ({ code, syscall }: SystemError): boolean =>
  code === "EISDIR" || (syscall !== undefined && /^(?:l?stat|open|opendir|scandir|access)$/.test(syscall))

export const isMisconfigured = oneOf(
  "ERR_INVALID_URL",
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
  "ERR_INVALID_ARG_VALUE"
)

/**
 * How the global `fetch` refuses an address of its own accord: a port of the standard's
 * list (https://fetch.spec.whatwg.org/#port-blocking), a scheme that is not HTTP's, an
 * address that leads on for ever.
 */
export const isBlocked = (error: SystemError): boolean =>
  /^(?:bad port|unknown scheme|about scheme is not supported|URL scheme must be a HTTP\(S\) scheme|redirect count exceeded)$/.test(
    error.message
  )

export const isAbort = (error: SystemError): boolean =>
  error.name === "AbortError" || error.code === "UND_ERR_ABORTED" || error.code === "ABORT_ERR"

/** How the global `fetch` says that a body ended too early. */
export const isTerminated = (error: SystemError): boolean =>
  error.name === "TypeError" && error.message === "terminated"

/** How Node says that a connection was lost while it was being secured: nothing was sent on it. */
export const isHandshake = (error: SystemError): boolean => error.message.includes("before secure TLS connection")

/** A signal of `AbortSignal.timeout`, and whoever names its errors like it. */
export const isTimeout = (error: SystemError): boolean => error.name === "TimeoutError"

/** How the global `fetch` says that no answer came. */
export const isFetchFailed = (error: SystemError): boolean =>
  error.name === "TypeError" && error.message === "fetch failed"

/** Codes that say enough by themselves: of the network, or of a side that has no descriptor left for it. */
const isNetwork = oneOf(
  "ECONNREFUSED",
  "ETIMEDOUT",
  "ESOCKETTIMEDOUT",
  "ENETRESET",
  "ENOTCONN",
  "ENOBUFS",
  "EADDRINUSE",
  "EMFILE",
  "ENFILE",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENETDOWN",
  "EADDRNOTAVAIL"
)

/** Node's own errors of its network modules; the others that start with `ERR_` are its caller's. */
const isNodeTransport = (code: string): boolean => /^ERR_(?:HTTP_|HTTP2_|SOCKET_|STREAM_)/.test(code)

/** A system error tells the call that failed; other errors have codes that merely look like its. */
const isSystem = ({ code, syscall }: SystemError): boolean =>
  syscall !== undefined && code !== undefined && /^E[A-Z0-9]{2,}$|^EAI_/.test(code)

const isTransportCode = (code: string): boolean =>
  isDns(code) ||
  isTls(code) ||
  isLost(code) ||
  isNotHttp(code) ||
  isNetwork(code) ||
  isUnencodable(code) ||
  isMisconfigured(code) ||
  isNodeTransport(code) ||
  code.startsWith("UND_ERR_")

/** Whether an error is one of a transport. */
export const isOfTransport = (error: SystemError): boolean =>
  isAbort(error) ||
  isTimeout(error) ||
  isTerminated(error) ||
  isFetchFailed(error) ||
  isHandshake(error) ||
  error.name === "HTTPParserError" ||
  isSystem(error) ||
  (error.code !== undefined && isTransportCode(error.code))
