// Who calls: HTTP Basic, or nothing at all, which is for the node to judge.
import type { IncomingMessage } from 'node:http'
import type { Identity } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import type { Identify } from './node-calls.ts'

/** How a caller is asked for its name and password. */
export const challenge = 'Basic realm="Holdfast", charset="UTF-8"'

const basic = /^basic ([A-Za-z0-9+/]{1,2048}={0,2})$/i

interface Credentials {
  readonly user: string
  readonly password: string
}

/** Null: there is no such header. @throws CREDENTIALS_REQUIRED for one that cannot be read */
export function readAuthorization(header: string | undefined): Credentials | null {
  if (header === undefined) return null
  const encoded = basic.exec(header)?.[1]
  if (encoded === undefined) throw new HoldfastError('CREDENTIALS_REQUIRED')
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    const text = decoder.decode(Buffer.from(encoded, 'base64'))
    const colon = text.indexOf(':')
    if (colon > 0) return { user: text.slice(0, colon), password: text.slice(colon + 1) }
  } catch {
    // What is no UTF-8 ends as all else that is no name and password.
  }
  throw new HoldfastError('CREDENTIALS_REQUIRED')
}

/** @throws AUTHENTICATION_FAILED, CREDENTIALS_REQUIRED, UNAVAILABLE */
export async function authenticate(
  identify: Identify,
  request: IncomingMessage,
  mayBeStale: boolean
): Promise<Identity> {
  const credentials = readAuthorization(request.headers.authorization)
  const { remoteAddress = 'unknown', remotePort = 0 } = request.socket
  const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress
  const remote = `${host}:${remotePort}`
  const question = { type: 'authenticate', credentials, remote, mayBeStale } as const
  return await identify(request.socket, question)
}
