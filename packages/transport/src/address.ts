// `HOST:PORT` as operators write it. IPv6 addresses stand in brackets: `[::1]:7673`.
import { HoldfastError } from '@holdfast/errors'

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** @throws REQUEST_INVALID */
export function parseAddress(address: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(address)
  const port = Number(match?.[3])
  if (match === null || port > 65535) {
    throw new HoldfastError('REQUEST_INVALID', { reason: `'${address}' is not HOST:PORT` })
  }
  return { host: match[1] ?? match[2] ?? '', port }
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** True for addresses that only this machine can reach: 127.0.0.0/8, ::1 and localhost. */
export function isLoopbackHost(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  const parts = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)
  return parts?.slice(1).every((part) => Number(part) <= 255) ?? false
}
