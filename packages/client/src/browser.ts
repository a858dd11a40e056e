// The entry for browsers: the same names as `index.ts`, connecting over WebSocket only, and without
// any module of Node behind it. Bundlers find it by the condition `browser` in package.json.
import { HoldfastError } from '@holdfast/errors'
import { type Connection, connectWith } from './connection.ts'
import { type ConnectOptions, readAddresses, resolveOptions } from './options.ts'
import { type WebSocketLike, webSocketWire } from './websocket-wire.ts'
import { dialBy, isWebSocketAddress } from './wire.ts'

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

const dial = dialBy((address, handlers) =>
  webSocketWire(new WebSocket(address) as unknown as WebSocketLike, handlers)
)

const invalid = (option: string, reason: string): HoldfastError =>
  new HoldfastError('OPTION_INVALID', { option, kind: 'connection', reason })

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
  if (!hosts.every(isWebSocketAddress)) {
    throw invalid('addresses', 'a browser reaches nodes at ws(s)://HOST:PORT/v1/connect only')
  }
  if (resolved.tls !== null) {
    throw invalid('tls', 'a browser speaks TLS by itself, with wss:// addresses')
  }
  return connectWith(dial, hosts, resolved)
}
