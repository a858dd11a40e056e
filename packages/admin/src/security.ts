// The HTTP listener behind TLS: what it is given by whoever knows the certificates, and what is
// different then.
import type { IncomingMessage, Server } from 'node:http'
import { HoldfastError } from '@holdfast/errors'
import { requireLoopbackRequest } from './loopback.ts'

const printableAscii = /^[\x21-\x7e]*$/

/** TLS before the server, and the rule for requests that goes with it. */
export interface AdminSecurity {
  /**
   * `answer` makes raw HTTP of what a refused client is told. What it returns ends handshakes that
   * are under way.
   */
  secure(server: Server, answer: (error: HoldfastError) => Uint8Array): () => void
  /** Why a request is not let in, or null. */
  refuse(request: IncomingMessage): HoldfastError | null
}

/** What must hold for any request before anything is done with it. */
export function admit(request: IncomingMessage, security: AdminSecurity | null): void {
  if (security === null) requireLoopbackRequest(request)
  const refusal = security?.refuse(request) ?? null
  if (refusal !== null) throw refusal
  if (!printableAscii.test(request.url ?? '')) {
    const reason = 'the path must be percent-encoded'
    throw new HoldfastError('REQUEST_INVALID', { reason })
  }
}

/** Whether a client that Node's parser refused began TLS where HTTP was expected. */
export function isTls(error: Error): boolean {
  const packet = 'rawPacket' in error ? error.rawPacket : null
  return packet instanceof Uint8Array && packet[0] === 0x16 && packet[1] === 0x03
}

/** Resolves to the URL. Rejects with the system's error. */
export function listenAlone(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve(`https://${host}:${typeof bound === 'object' ? (bound?.port ?? port) : port}`)
    })
  })
}
