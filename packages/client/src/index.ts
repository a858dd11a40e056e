// The public names of @holdfast/client in Node: `connect` over TCP or WebSocket, and what it
// returns. `browser.ts` is the same for browsers.
import { WebSocket } from 'ws'
import { type Connection, connectWith } from './connection.ts'
import { type ConnectOptions, readAddresses, resolveOptions } from './options.ts'
import { checkPems, lingerMs, nodeTls, tcpWire } from './tcp-wire.ts'
import { checkTlsAddresses, type TlsOptions } from './tls-options.ts'
import { type WebSocketLike, webSocketWire } from './websocket-wire.ts'
import { type Dial, dialBy, isWebSocketAddress } from './wire.ts'

export { HoldfastError } from '@holdfast/errors'
export type {
  ExchangeDescription,
  ExchangeKind,
  ExchangeOptions,
  QueueDescription,
  QueueOptions
} from '@holdfast/protocol'
export type { HeaderValue, Properties } from '@holdfast/record'
export { type CloseOptions, Connection, type PublishOptions } from './connection.ts'
export { type ConsumeOptions, Consumer } from './consumer.ts'
export { Delivery } from './delivery.ts'
export type { ConnectOptions } from './options.ts'
export type { ConnectionStatus } from './status.ts'
export type { TlsOptions } from './tls-options.ts'

/** No message of the stream is larger than a frame with its header. */
const webSocketOptions = {
  ...{ perMessageDeflate: false, maxPayload: 17_825_792 },
  closeTimeout: lingerMs
} as const

function dialOf(tls: TlsOptions | null): Dial {
  const secure = tls === null ? {} : nodeTls(tls)
  return dialBy((address, handlers) => {
    if (!isWebSocketAddress(address)) return tcpWire(address, handlers, tls)
    const socket = new WebSocket(address, { ...webSocketOptions, ...secure })
    return webSocketWire(socket as unknown as WebSocketLike, handlers)
  })
}

/**
 * Connects to a cluster by the addresses of some of its nodes; the others are found by themselves.
 *
 * @example
 * ```ts
 * const connection = await connect(['127.0.0.1:7672', '127.0.0.1:7682'], { publishTimeoutMs:
 * 30_000 })
 * ```
 * @throws OPTION_INVALID, OPTION_UNKNOWN; NODE_UNREACHABLE or what the last node said, after
 * `connectTimeoutMs`; VERSION_UNSUPPORTED and the like at once
 */
export async function connect(
  addresses: readonly string[],
  options: ConnectOptions = {}
): Promise<Connection> {
  const { hosts, credentials } = readAddresses(addresses)
  const resolved = resolveOptions({ ...credentials, ...options })
  checkTlsAddresses(hosts, resolved.tls)
  if (resolved.tls !== null) checkPems(resolved.tls)
  return connectWith(dialOf(resolved.tls), hosts, resolved)
}
