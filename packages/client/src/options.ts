// What an application may set when it connects, with defaults, checked once. Unknown options are
// refused: a misspelt one must not be ignored silently.
import { HoldfastError } from '@holdfast/errors'
import {
  checkCredentials,
  checkInteger,
  checkKeys,
  checkName,
  protocolLimits
} from '@holdfast/protocol'
import { clientLimits } from './limits.ts'
import type { ConnectionStatus } from './status.ts'
import { resolveTls, type TlsOptions } from './tls-options.ts'

export interface ConnectOptions {
  /** Virtual host. Default `/`. */
  readonly vhost?: string
  /**
   * Who connects, with `password`; an address may say so, too: `USER:PASSWORD@HOST:PORT`,
   * percent-encoded.
   * Without both, a client on the machine of its node is `guest`.
   */
  readonly user?: string
  readonly password?: string
  /** Name of this client, for people who look at the cluster. */
  readonly name?: string
  /**
   * A publish without an outcome rejects with PUBLISH_OUTCOME_UNKNOWN this long after it was first
   * sent; one that still waits its turn, after so long without an outcome of any. Default 30,000.
   */
  readonly publishTimeoutMs?: number
  /** A request without an answer rejects after this. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** How long `connect` tries to reach any node. Default 30,000. */
  readonly connectTimeoutMs?: number
  /**
   * Unconfirmed messages on their way, 1 to 1,000,000, of which 32,768 have an effect; further ones
   * wait their turn inside. Default 10,000.
   */
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
export type ResolvedOptions = Required<Omit<ConnectOptions, 'user' | 'password' | 'tls'>> & {
  readonly user: string | null
  readonly password: string | null
  readonly tls: TlsOptions | null
}

const defaults: ResolvedOptions = {
  vhost: '/',
  user: null,
  password: null,
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

/** @throws OPTION_UNKNOWN, OPTION_INVALID, NAME_INVALID, CREDENTIALS_REQUIRED */
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
  checkCredentials(resolved.user, resolved.password)
  if (typeof resolved.onStatus !== 'function') {
    const reason = 'it must be a function'
    throw new HoldfastError('OPTION_INVALID', { option: 'onStatus', kind, reason })
  }
  return resolved
}

/** Where to connect, and as whom if the addresses say so. */
export interface Addresses {
  readonly hosts: readonly string[]
  readonly credentials: { readonly user: string; readonly password: string } | null
}

/**
 * Reads addresses, each `HOST:PORT` or a WebSocket URL, with or without `USER:PASSWORD@`.
 * @throws OPTION_INVALID
 */
export function readAddresses(addresses: readonly string[]): Addresses {
  const fail = (reason: string) =>
    new HoldfastError('OPTION_INVALID', { option: 'addresses', kind: 'connection', reason })
  if (!Array.isArray(addresses) || addresses.length === 0) throw fail('it must name a node')
  if (addresses.length > clientLimits.addressesMax) throw fail('it names too many nodes')
  const hosts = new Set<string>()
  const logins = new Map<string, NonNullable<Addresses['credentials']>>()
  for (const address of addresses) {
    const { host, credentials } = splitAddress(String(address))
    if (typeof address !== 'string' || !isAddress(host)) {
      throw fail(`${quoted(String(address))} is neither HOST:PORT nor ws(s)://HOST:PORT/PATH`)
    }
    hosts.add(host)
    if (credentials !== null) logins.set(JSON.stringify(credentials), credentials)
  }
  if (logins.size > 1) throw fail('its users or passwords differ')
  const [credentials = null] = logins.values()
  return { hosts: [...hosts], credentials }
}

/** What may be part of a password is not repeated. */
function quoted(address: string): string {
  const at = address.lastIndexOf('@')
  if (at < 0) return `'${address}'`
  return `percent-encode user and password: what ends in '${address.slice(at + 1)}'`
}

/** What cannot be decoded stays in the host, which is none then. */
function splitAddress(address: string): {
  readonly host: string
  readonly credentials: Addresses['credentials']
} {
  const match = /^(wss?:\/\/)?([^:@/]+):([^@/]*)@(.*)$/.exec(address)
  try {
    if (match !== null) {
      const [, scheme = '', user = '', password = '', rest = ''] = match
      const [name, secret] = [decodeURIComponent(user), decodeURIComponent(password)]
      return { host: `${scheme}${rest}`, credentials: { user: name, password: secret } }
    }
  } catch {
    return { host: address, credentials: null }
  }
  return { host: address, credentials: null }
}

function isAddress(address: string): boolean {
  // A part of a password that was not encoded would be taken for a host.
  if (address.includes('@')) return false
  if (/^wss?:\/\//.test(address)) return URL.canParse(address)
  const match = /^(.+):(\d{1,5})$/.exec(address)
  const port = Number(match?.[2])
  return match !== null && port >= 1 && port <= 65_535 && !address.includes('/')
}
