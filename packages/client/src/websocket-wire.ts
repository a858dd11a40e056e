// The byte stream over a WebSocket: each binary message is a piece of the stream. Works on the
// WebSocket of browsers and on that of the `ws` package alike.
import { protocolLimits } from '@holdfast/protocol'
import { coalesce, type Wire, type WireHandlers } from './wire.ts'

/** What both WebSocket classes have in common. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: Uint8Array): void
  close(): void
}

interface CloseEventLike {
  readonly code?: number
  readonly reason?: string
}

const readyStateOpen = 1
const { webSocketMessageBytesMax: messageBytesMax } = protocolLimits

export function webSocketWire(socket: WebSocketLike, handlers: WireHandlers): Wire {
  let isClosed = false
  let problem = ''
  const closed = (reason: string) => {
    if (isClosed) return
    isClosed = true
    handlers.closed(reason)
  }
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => handlers.opened()
  socket.onmessage = ({ data }: { readonly data: unknown }) => {
    if (isClosed) return
    if (data instanceof ArrayBuffer) handlers.received(new Uint8Array(data))
    else {
      socket.close()
      closed('a message that is not binary')
    }
  }
  socket.onerror = ({ message }: { readonly message?: string }) => {
    problem = message ?? 'the WebSocket failed'
  }
  socket.onclose = ({ code, reason }: CloseEventLike) => {
    closed(problem || reason || `the WebSocket closed with code ${code ?? 0}`)
  }
  return {
    send(chunks) {
      if (socket.readyState !== readyStateOpen) return
      for (const chunk of coalesce(chunks)) {
        for (let at = 0; at < chunk.length; at += messageBytesMax) {
          socket.send(chunk.subarray(at, at + messageBytesMax))
        }
      }
    },
    end() {
      socket.close()
    },
    destroy() {
      socket.close()
      closed('closed on this side')
    }
  }
}
