// The entry for browsers: the same names as `index.ts`, connecting over WebSocket only, and without
// any module of Node behind it. Bundlers find it by the condition `browser` in package.json.
import { HoldfastError } from '@holdfast/errors'
import { type Connection, connectWith } from './connection.ts'
import { type ConnectOptions, readAddresses, resolveOptions } from './options.ts'
import { type WebSocketLike, webSocketWire } from './websocket-wire.ts'
import { type Dial, isWebSocketAddress, type Wire, type WireHandlers } from './wire.ts'

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

const deadWire: Wire = { send: () => undefined, end: () => undefined, destroy: () => undefined }

const dial: Dial = (address: string, handlers: WireHandlers) => {
  if (!isWebSocketAddress(address)) {
    queueMicrotask(() =>
      handlers.closed('a browser reaches nodes at ws://HOST:PORT/v1/connect only')
    )
    return deadWire
  }
  return webSocketWire(new WebSocket(address) as unknown as WebSocketLike, handlers)
}

/**
 * Connects to a cluster from a browser.
 *
 * @example
 * ```ts
 * const connection = await connect(['ws://127.0.0.1:7680/v1/connect'])
 * ```
 * @throws as `connect` of Node
 */
export async function connect(
  addresses: readonly string[],
  options: ConnectOptions = {}
): Promise<Connection> {
  const { hosts, credentials } = readAddresses(addresses)
  const resolved = resolveOptions({ ...credentials, ...options })
  if (resolved.tls !== null) {
    const reason = 'a browser speaks TLS by itself, with wss:// addresses'
    throw new HoldfastError('OPTION_INVALID', { option: 'tls', kind: 'connection', reason })
  }
  return connectWith(dial, hosts, resolved)
}
