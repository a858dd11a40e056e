// A connection as a node makes it for a client that logs in by PLAIN, at time 0.
import { AmqpConnection } from '../src/connection.ts'
import type { AmqpConnectionOptions } from '../src/handshake.ts'

/** What a node offers in `connection.tune`, unless a test says less. */
const offered = { channelsMax: 2_047, frameBytesMax: 131_072 }

export function plainConnection(
  limits: Pick<AmqpConnectionOptions, 'channelsMax' | 'frameBytesMax'> = offered
): AmqpConnection {
  return new AmqpConnection({
    nowMs: 0,
    product: 'RabbitMQ',
    version: '4.1.0',
    platform: 'Holdfast 1.0.0',
    clusterName: 'test',
    mechanisms: ['PLAIN'],
    channelRefusal: () => null,
    ...limits,
    heartbeatSeconds: 60
  })
}
