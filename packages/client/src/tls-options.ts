// How an application wants TLS, checked. Browsers decide it by themselves: they take none of this.
import { HoldfastError } from '@holdfast/errors'
import { checkKeys } from '@holdfast/protocol'

/** PEM: what a file holds, as text or bytes. */
export type Pem = string | Uint8Array

export interface TlsOptions {
  /** The authorities that nodes' certificates come from. Default: those that Node.js trusts. */
  readonly ca?: Pem
  /** The certificate of this client, for nodes that want one, and its key. */
  readonly cert?: Pem
  readonly key?: Pem
  /** The name that nodes' certificates must hold, instead of the host that is dialled. */
  readonly servername?: string
}

const kind = 'connection'
const pemOptions = ['ca', 'cert', 'key'] as const

const invalid = (reason: string): HoldfastError =>
  new HoldfastError('OPTION_INVALID', { option: 'tls', kind, reason })

/** Null: plain. @throws OPTION_INVALID, OPTION_UNKNOWN */
export function resolveTls(tls: unknown): TlsOptions | null {
  if (tls === undefined || tls === null || tls === false) return null
  if (tls === true) return {}
  if (typeof tls !== 'object') throw invalid('it must be true, false or an object')
  checkKeys(kind, tls as Record<string, unknown>, [...pemOptions, 'servername'])
  const options = tls as TlsOptions
  for (const option of pemOptions) {
    const pem = options[option]
    if (pem === undefined) continue
    const text = typeof pem === 'string' ? pem : new TextDecoder().decode(pem)
    if (!text.includes('-----BEGIN ')) {
      throw invalid(`${option} is not PEM; give what the file holds, not its path`)
    }
  }
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw invalid('cert and key belong together')
  }
  const { servername = 'name' } = options
  if (typeof servername !== 'string' || servername === '') throw invalid('servername is no name')
  return options
}

/** @throws OPTION_INVALID where an address and TLS exclude each other */
export function checkTlsAddresses(addresses: readonly string[], tls: TlsOptions | null): void {
  if (tls === null || !addresses.some((address) => address.startsWith('ws://'))) return
  throw invalid('a ws:// address is plain; write wss://')
}
