// Proof that a node knows the join token, without sending it: an HMAC over what was said, with a
// fresh nonce of each side in it, so that a recording proves nothing later.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

export type Side = 'dialler' | 'acceptor'

/** 32 bytes. `parts` are the messages of the handshake so far, in order. */
export function proofOf(token: string, side: Side, parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('sha256', `holdfast join token:${token}`)
  hmac.update(side)
  for (const part of parts) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    hmac.update(length).update(part)
  }
  return hmac.digest()
}

/** Compares in constant time; both are 32 bytes. */
export function isProof(expected: Uint8Array, found: Uint8Array): boolean {
  return expected.length === found.length && timingSafeEqual(expected, found)
}

/**
 * With TLS, what only the two ends of this very connection know (RFC 9266) is part of what is
 * proven: whoever stands between two connections cannot hand a proof on.
 */
export function bindingOf(socket: Socket): readonly Uint8Array[] {
  if (!(socket instanceof TLSSocket)) return []
  return [socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))]
}
