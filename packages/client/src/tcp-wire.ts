// The byte stream over TCP, for Node. The only file of the SDK that imports a module of Node; the
// entry for browsers does not reach it.
import { connect as connectSocket } from 'node:net'
import { coalesce, type Wire, type WireHandlers } from './wire.ts'

/** How long a socket that was ended may wait for the other side. */
const lingerMs = 1_000

/** `HOST:PORT`, where an IPv6 address stands in brackets. */
export function tcpWire(address: string, handlers: WireHandlers): Wire {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const socket = connectSocket({ host, port: Number(address.slice(colon + 1)), noDelay: true })
  let isClosed = false
  let problem = 'the other side closed it'
  const closed = (reason: string) => {
    if (isClosed) return
    isClosed = true
    handlers.closed(reason)
  }
  socket.on('connect', () => handlers.opened())
  socket.on('data', (chunk: Uint8Array) => {
    if (isClosed) return
    // A plain view: what the application gets must not change its methods with the platform.
    handlers.received(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
  })
  socket.on('error', (error) => {
    problem = error.message
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
