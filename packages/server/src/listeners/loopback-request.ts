// Until credentials and TLS exist, a web page must not reach a node through the browser of whoever
// runs one (architecture A17): the Host and the Origin of an upgrade must be loopback.
import type { IncomingMessage } from 'node:http'
import { HoldfastError } from '@holdfast/errors'
import { isLoopbackHost } from '@holdfast/transport'

/** `value` is `HOST` or `HOST:PORT`, IPv6 in brackets. */
function isLoopbackAuthority(value: string): boolean {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/.exec(value)
  return match !== null && isLoopbackHost((match[1] ?? match[2] ?? '').toLowerCase())
}

function isLoopbackOrigin(value: string): boolean {
  const match = /^https?:\/\/([^/?#]+)$/.exec(value)
  return match?.[1] !== undefined && isLoopbackAuthority(match[1])
}

/** Null if the request may pass, else ORIGIN_REFUSED. A missing Origin is no browser. */
export function refuseForeign(request: IncomingMessage): HoldfastError | null {
  const host = request.headers.host ?? ''
  if (!isLoopbackAuthority(host)) {
    return new HoldfastError('ORIGIN_REFUSED', { header: 'Host', value: host })
  }
  const { origin } = request.headers
  if (origin !== undefined && !isLoopbackOrigin(origin)) {
    return new HoldfastError('ORIGIN_REFUSED', { header: 'Origin', value: origin })
  }
  return null
}
