// Closed by default: until credentials and TLS exist, the HTTP API answers only requests that name
// a loopback address as `Host` and, from a browser, as `Origin`. The first stops DNS rebinding, the
// second stops other web pages from acting through the browser of an operator.
import type { IncomingMessage } from 'node:http'
import { HoldfastError } from '@holdfast/errors'
import { adminLimits } from './limits.ts'

/** The headers that are looked at; Node's `IncomingHttpHeaders` fits. */
export interface LoopbackHeaders {
  readonly host?: string | undefined
  readonly origin?: string | readonly string[] | undefined
}

const dottedDecimal = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/
const hostAndPort = /^(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z.-]+)(?::(\d{1,5}))?$/
const portMax = 65_535

/** Whether a host without a port means this machine: 127.0.0.0/8, `[::1]` or `localhost`. */
export function isLoopbackHost(host: string): boolean {
  if (host === '[::1]' || host.toLowerCase() === 'localhost') return true
  const parts = dottedDecimal.exec(host)
  return parts?.slice(1).every((part) => Number(part) <= 255) ?? false
}

/** Splits `HOST` or `HOST:PORT`. Null: neither. */
export function splitAuthority(text: string): { host: string; port: number | null } | null {
  const parts = hostAndPort.exec(text)
  if (parts?.[1] === undefined) return null
  const port = parts[2] === undefined ? null : Number(parts[2])
  if (port !== null && port > portMax) return null
  return { host: parts[1], port }
}

function isLoopbackAuthority(authority: string): boolean {
  const parts = splitAuthority(authority)
  return parts !== null && isLoopbackHost(parts.host)
}

function isLoopbackOrigin(origin: string): boolean {
  const scheme = origin.startsWith('http://') ? 'http://' : 'https://'
  return origin.startsWith(scheme) && isLoopbackAuthority(origin.slice(scheme.length))
}

/**
 * Refuses a request whose `Host` is missing or foreign, or whose `Origin` is foreign. An opaque
 * origin (`null`) is foreign. @throws ORIGIN_REFUSED
 */
export function requireLoopback(headers: LoopbackHeaders): void {
  const host = headers.host ?? ''
  if (!isLoopbackAuthority(host)) throw refusal('Host', host)
  const origins = headers.origin === undefined ? [] : [headers.origin].flat()
  for (const origin of origins) if (!isLoopbackOrigin(origin)) throw refusal('Origin', origin)
}

/**
 * As `requireLoopback`, for a request as Node sees it; a repeated `Host` is refused as ambiguous.
 */
export function requireLoopbackRequest(request: IncomingMessage): void {
  const names = request.rawHeaders.filter((_, position) => position % 2 === 0)
  if (names.filter((name) => name.toLowerCase() === 'host').length > 1) {
    throw refusal('Host', 'given more than once')
  }
  requireLoopback(request.headers)
}

function refusal(header: string, value: string): HoldfastError {
  return new HoldfastError('ORIGIN_REFUSED', {
    header,
    value: value.slice(0, adminLimits.quotedLengthMax)
  })
}
