// What an application may set when it connects, with defaults, checked once. Unknown options are
// refused: a misspelt one must not be ignored silently.
import { HoldfastError } from '@holdfast/errors'
import { checkInteger, checkKeys, checkName, protocolLimits } from '@holdfast/protocol'
import { clientLimits } from './limits.ts'
import type { ConnectionStatus } from './status.ts'
import { resolveTls, type TlsOptions } from './tls-options.ts'

export interface ConnectOptions {
  /** Virtual host. Default `/`. */
  readonly vhost?: string
  /** Name of this client, for people who look at the cluster. */
  readonly name?: string
  /**
   * A publish without an outcome rejects after this with PUBLISH_OUTCOME_UNKNOWN. Default 30,000.
   */
  readonly publishTimeoutMs?: number
  /** A request without an answer rejects after this. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** How long `connect` tries to reach any node. Default 30,000. */
  readonly connectTimeoutMs?: number
  /** Unconfirmed messages on their way; further ones wait their turn inside. Default 10,000. */
  readonly publishWindow?: number
  /** Unconfirmed bytes on their way. Default 64 MiB. */
  readonly publishWindowBytes?: number
  /** A node that is silent for longer than 1.25 intervals is given up. Default 1,500. */
  readonly heartbeatMs?: number
  /**
   * TLS for `HOST:PORT` addresses, and what `wss://` needs beyond the authorities that Node.js
   * trusts. Default: plain. Not for browsers, which do it by themselves.
   */
  readonly tls?: boolean | TlsOptions
  /** Told of connects, disconnects and what went wrong in the background. */
  readonly onStatus?: (status: ConnectionStatus) => void
}

/** Options with every default filled in. */
export type ResolvedOptions = Required<Omit<ConnectOptions, 'tls'>> & {
  readonly tls: TlsOptions | null
}

const defaults: ResolvedOptions = {
  vhost: '/',
  name: '',
  publishTimeoutMs: 30_000,
  requestTimeoutMs: 30_000,
  connectTimeoutMs: 30_000,
  publishWindow: 10_000,
  publishWindowBytes: 67_108_864,
  heartbeatMs: protocolLimits.heartbeatMsDefault,
  tls: null,
  onStatus: () => undefined
}

const dayMs = 86_400_000
const ranges = {
  publishTimeoutMs: { min: 1, max: dayMs },
  requestTimeoutMs: { min: 1, max: dayMs },
  connectTimeoutMs: { min: 1, max: dayMs },
  publishWindow: { min: 1, max: 1_000_000 },
  publishWindowBytes: { min: 1, max: 1_073_741_824 },
  heartbeatMs: { min: protocolLimits.heartbeatMsMin, max: protocolLimits.heartbeatMsMax }
} as const

/** @throws OPTION_UNKNOWN, OPTION_INVALID, NAME_INVALID */
export function resolveOptions(options: ConnectOptions): ResolvedOptions {
  const kind = 'connection'
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined)
  )
  checkKeys(kind, given, Object.keys(defaults))
  const tls = resolveTls(options.tls)
  const resolved = { ...defaults, ...given, tls } as ResolvedOptions
  for (const [option, range] of Object.entries(ranges)) {
    checkInteger(kind, resolved as unknown as Record<string, unknown>, option, range)
  }
  checkName('vhost', resolved.vhost)
  checkName('client', resolved.name, 0)
  if (typeof resolved.onStatus !== 'function') {
    const reason = 'it must be a function'
    throw new HoldfastError('OPTION_INVALID', { option: 'onStatus', kind, reason })
  }
  return resolved
}

/** @throws OPTION_INVALID unless each address is `HOST:PORT` or a WebSocket URL. */
export function checkAddresses(addresses: readonly string[]): readonly string[] {
  const fail = (reason: string) =>
    new HoldfastError('OPTION_INVALID', { option: 'addresses', kind: 'connection', reason })
  if (!Array.isArray(addresses) || addresses.length === 0) throw fail('it must name a node')
  if (addresses.length > clientLimits.addressesMax) throw fail('it names too many nodes')
  for (const address of addresses) {
    if (typeof address !== 'string' || !isAddress(address)) {
      throw fail(`'${String(address)}' is neither HOST:PORT nor ws(s)://HOST:PORT/PATH`)
    }
  }
  return [...new Set(addresses)]
}

function isAddress(address: string): boolean {
  if (/^wss?:\/\//.test(address)) return URL.canParse(address)
  const match = /^(.+):(\d{1,5})$/.exec(address)
  const port = Number(match?.[2])
  return match !== null && port >= 1 && port <= 65_535 && !address.includes('/')
}
