// TLS of the commands that talk to a cluster: files that the options name, read.
import { readFileSync } from 'node:fs'
import { HoldfastError } from '@holdfast/errors'
import { AdminClient, type AdminTls } from '@holdfast/server/terminal'

export interface TlsFlags {
  readonly tls?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface NodeFlags extends TlsFlags {
  /** `HOST:PORT`, with `USER:PASSWORD@` before it or not, and `https://` before both or not. */
  readonly node: string
}

const scheme = 'https://'

/** Null: plain. @throws OPTION_INVALID */
export function tlsOf(flags: TlsFlags): AdminTls | null {
  const { tls, ca, cert, key } = flags
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid(cert === undefined ? 'cert' : 'key', '--cert and --key belong together')
  }
  if (tls !== true && ca === undefined && cert === undefined) return null
  return {
    ...(ca === undefined ? {} : { ca: read('ca', ca) }),
    ...(cert === undefined ? {} : { cert: read('cert', cert) }),
    ...(key === undefined ? {} : { key: read('key', key) })
  }
}

/** Talks to the node that the options name, or to another one in the same way, as the same user. */
export function adminClient(flags: NodeFlags, address?: string, timeoutMs?: number): AdminClient {
  const isSecured = flags.node.startsWith(scheme)
  const tls = tlsOf(isSecured ? { ...flags, tls: true } : flags)
  const own = isSecured ? flags.node.slice(scheme.length) : flags.node
  const login = own.slice(0, own.lastIndexOf('@') + 1)
  return new AdminClient(address === undefined ? own : login + address, timeoutMs, tls)
}

function read(option: string, path: string): string {
  try {
    const text = readFileSync(path, 'utf8')
    if (text.includes('-----BEGIN ')) return text
  } catch (error) {
    throw invalid(option, error instanceof Error ? error.message : String(error))
  }
  throw invalid(option, `${path} holds nothing in PEM form`)
}

function invalid(option: string, reason: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', { option, kind: 'command', reason })
}
