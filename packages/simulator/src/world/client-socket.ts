// The socket of a simulated client: what it is told, and how far its bytes are.
import type { Process } from './process.ts'

/** What a client sees of its socket. */
export interface Wire {
  readonly bytes: (bytes: Uint8Array) => void
  readonly closed: () => void
}

export interface ClientSocket {
  readonly id: number
  readonly process: Process
  readonly wire: Wire
  isOpen: boolean
  toServerMs: number
  toClientMs: number
}
