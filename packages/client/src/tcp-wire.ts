// The byte stream over TCP, plain or by TLS, for Node. The only file of the SDK that imports
// modules of Node; the entry for browsers does not reach it.
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, createSecureContext } from 'node:tls'
import { HoldfastError } from '@holdfast/errors'
import type { Pem, TlsOptions } from './tls-options.ts'
import { coalesce, type Wire, type WireHandlers } from './wire.ts'

/** How long a socket that was ended may wait for the other side. */
export const lingerMs = 1_000

/** Options of TLS as modules of Node take them. */
export function nodeTls({ ca, cert, key, servername }: TlsOptions): ConnectionOptions {
  const bytes = (pem: Pem): string | Buffer => (typeof pem === 'string' ? pem : Buffer.from(pem))
  return {
    ...(ca === undefined ? {} : { ca: bytes(ca) }),
    ...(cert === undefined ? {} : { cert: bytes(cert) }),
    ...(key === undefined ? {} : { key: bytes(key) }),
    ...(servername === undefined ? {} : { servername }),
    minVersion: 'TLSv1.2'
  }
}

/** @throws OPTION_INVALID where no connection could be made: a key of another certificate */
export function checkPems(tls: TlsOptions): void {
  try {
    createSecureContext(nodeTls(tls))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new HoldfastError('OPTION_INVALID', { option: 'tls', kind: 'connection', reason })
  }
}

function openSocket(host: string, port: number, tls: TlsOptions | null): Socket {
  if (tls === null) return connectPlain({ host, port, noDelay: true })
  const named = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port, ...named, ...nodeTls(tls) })
}

/** `HOST:PORT`, where an IPv6 address stands in brackets. */
export function tcpWire(
  address: string,
  handlers: WireHandlers,
  tls: TlsOptions | null = null
): Wire {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const socket = openSocket(host, Number(address.slice(colon + 1)), tls)
  let isClosed = false
  let isHandshaking = false
  let problem: string | HoldfastError = 'the other side closed it'
  const closed = (reason: string | HoldfastError) => {
    if (isClosed) return
    isClosed = true
    handlers.closed(reason)
  }
  socket.on('connect', () => {
    socket.setNoDelay(true)
    if (tls === null) handlers.opened()
    else isHandshaking = true
  })
  socket.on('secureConnect', () => {
    isHandshaking = false
    handlers.opened()
  })
  socket.on('data', (chunk: Uint8Array) => {
    if (isClosed) return
    // A plain view: what the application gets must not change its methods with the platform.
    handlers.received(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
  })
  socket.on('error', (error) => {
    const reason = error.message
    problem = isHandshaking ? new HoldfastError('TLS_HANDSHAKE_FAILED', { reason }) : reason
  })
  socket.on('end', () => socket.end())
  socket.on('close', () => closed(problem))
  return {
    send(chunks) {
      if (socket.destroyed) return
      const parts = coalesce(chunks)
      if (parts.length === 1) {
        socket.write(parts[0] ?? new Uint8Array(0))
        return
      }
      socket.cork()
      for (const part of parts) socket.write(part)
      socket.uncork()
    },
    end() {
      socket.end()
      // A node that never closes its side must not keep this process alive.
      setTimeout(() => socket.destroy(), lingerMs).unref()
    },
    destroy() {
      socket.destroy()
      closed('closed on this side')
    }
  }
}
