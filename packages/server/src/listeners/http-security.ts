// Who may call the HTTP listener from a browser. Without TLS only pages of this machine, by
// loopback names: another name is DNS rebinding. With TLS a name that is not the node's own fails
// with its certificate, so that any Host may pass; but a foreign page would act with the
// certificate of whoever looks at it, so that its Origin must be the node's own or be configured.
import type { IncomingMessage, Server } from 'node:http'
import { assert, HoldfastError } from '@holdfast/errors'
import type { Configuration } from '../config-schema.ts'
import type { NodeTls, TlsAnswer } from '../tls/node-tls.ts'
import { refuseForeign } from './loopback-request.ts'

/** Why a request is not let in, or null. */
export type RequestRule = (request: IncomingMessage) => HoldfastError | null

export interface HttpSecurity {
  secure(server: Server, answer: TlsAnswer): () => void
  readonly refuse: RequestRule
}

export function requestRule({ httpTls, origins }: Configuration): RequestRule {
  if (!httpTls) return refuseForeign
  const configured = new Set(origins.map((origin) => origin.toLowerCase()))
  return (request) => refuseForeignPage(request, configured)
}

/** Null: the listener is plain. */
export function httpSecurity(configuration: Configuration, tls: NodeTls): HttpSecurity | null {
  if (!configuration.httpTls) return null
  return {
    secure: (server, answer) => {
      const { secure } = tls.listener('http', answer)
      assert(secure !== null, 'a listener with TLS has certificates: the configuration is checked')
      return secure(server)
    },
    refuse: requestRule(configuration)
  }
}

function refuseForeignPage(
  { headers, rawHeaders }: IncomingMessage,
  configured: ReadonlySet<string>
): HoldfastError | null {
  const { host = '', origin } = headers
  const names = rawHeaders.filter((_, position) => position % 2 === 0)
  if (host === '' || names.filter((name) => name.toLowerCase() === 'host').length > 1) {
    return new HoldfastError('ORIGIN_REFUSED', { header: 'Host', value: host })
  }
  if (origin === undefined) return null
  const given = origin.toLowerCase()
  if (given === `https://${host.toLowerCase()}` || configured.has(given)) return null
  return new HoldfastError('ORIGIN_REFUSED', { header: 'Origin', value: origin.slice(0, 256) })
}
