// A byte stream to a node, whatever carries it. The SDK above knows no sockets; the two entries of
// the package (Node, browser) bring the dial function that fits the platform.
import { HoldfastError } from '@holdfast/errors'

/** What a byte stream tells. `closed` comes exactly once, also when it never opened. */
export interface WireHandlers {
  opened(): void
  received(bytes: Uint8Array): void
  /** A text says why nothing can be reached; a coded error says more. */
  closed(reason: string | HoldfastError): void
}

export interface Wire {
  /** The chunks must not be written to any more. */
  send(chunks: readonly Uint8Array[]): void
  /** Closes after what was sent. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

/** Starts to connect. Never throws: what goes wrong arrives at `closed`. */
export type Dial = (address: string, handlers: WireHandlers) => Wire

const neverOpened: Wire = { send: () => undefined, end: () => undefined, destroy: () => undefined }

/**
 * Makes a `Dial` of what throws where the platform refuses an address, as a WebSocket does: trying
 * again would not help, so that is told as OPTION_INVALID.
 */
export function dialBy(open: Dial): Dial {
  return (address, handlers) => {
    try {
      return open(address, handlers)
    } catch (error) {
      const reason = `${address}: ${error instanceof Error ? error.message : String(error)}`
      const refusal = { option: 'addresses', kind: 'connection', reason }
      queueMicrotask(() => handlers.closed(new HoldfastError('OPTION_INVALID', refusal)))
      return neverOpened
    }
  }
}

/** Chunks in total up to this size are sent as one. */
const coalesceBytesMax = 65_536

/** One chunk for many small ones: a call into the socket costs more than copying a few KiB. */
export function coalesce(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  if (chunks.length < 2) return chunks
  let total = 0
  for (const chunk of chunks) total += chunk.length
  if (total > coalesceBytesMax) return chunks
  const whole = new Uint8Array(total)
  let position = 0
  for (const chunk of chunks) {
    whole.set(chunk, position)
    position += chunk.length
  }
  return [whole]
}

/** The scheme of a WebSocket address; null: it is none. */
export function webSocketScheme(address: string): 'ws' | 'wss' | null {
  if (address.startsWith('wss://')) return 'wss'
  return address.startsWith('ws://') ? 'ws' : null
}

/** Whether an address is one of a WebSocket. */
export function isWebSocketAddress(address: string): boolean {
  return webSocketScheme(address) !== null
}
