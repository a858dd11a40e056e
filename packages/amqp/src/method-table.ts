// Every method of AMQP 0-9-1 and of RabbitMQ's extensions, as data: its class and number, and its
// arguments in order with their types. The codec, the types and the tests follow from this table.
// The `type` of exchange.declare is called `kind`, since `type` names the method.

export type ArgumentType =
  | 'octet'
  | 'short'
  | 'long'
  | 'longlong'
  | 'shortstr'
  | 'longstr'
  | 'bit'
  | 'table'

export interface MethodRow {
  readonly id: readonly [classId: number, methodId: number]
  readonly arguments: Readonly<Record<string, ArgumentType>>
}

// biome-ignore format: one method, one line, as in the tables of the specification.
export const methodTable = {
  'connection.start': { id: [10, 10], arguments: { versionMajor: 'octet', versionMinor: 'octet', serverProperties: 'table', mechanisms: 'longstr', locales: 'longstr' } },
  'connection.start-ok': { id: [10, 11], arguments: { clientProperties: 'table', mechanism: 'shortstr', response: 'longstr', locale: 'shortstr' } },
  'connection.secure': { id: [10, 20], arguments: { challenge: 'longstr' } },
  'connection.secure-ok': { id: [10, 21], arguments: { response: 'longstr' } },
  'connection.tune': { id: [10, 30], arguments: { channelMax: 'short', frameMax: 'long', heartbeat: 'short' } },
  'connection.tune-ok': { id: [10, 31], arguments: { channelMax: 'short', frameMax: 'long', heartbeat: 'short' } },
  'connection.open': { id: [10, 40], arguments: { vhost: 'shortstr', capabilities: 'shortstr', insist: 'bit' } },
  'connection.open-ok': { id: [10, 41], arguments: { knownHosts: 'shortstr' } },
  'connection.close': { id: [10, 50], arguments: { replyCode: 'short', replyText: 'shortstr', classId: 'short', methodId: 'short' } },
  'connection.close-ok': { id: [10, 51], arguments: {} },
  'connection.blocked': { id: [10, 60], arguments: { reason: 'shortstr' } },
  'connection.unblocked': { id: [10, 61], arguments: {} },
  'connection.update-secret': { id: [10, 70], arguments: { newSecret: 'longstr', reason: 'shortstr' } },
  'connection.update-secret-ok': { id: [10, 71], arguments: {} },
  'channel.open': { id: [20, 10], arguments: { outOfBand: 'shortstr' } },
  'channel.open-ok': { id: [20, 11], arguments: { channelId: 'longstr' } },
  'channel.flow': { id: [20, 20], arguments: { active: 'bit' } },
  'channel.flow-ok': { id: [20, 21], arguments: { active: 'bit' } },
  'channel.close': { id: [20, 40], arguments: { replyCode: 'short', replyText: 'shortstr', classId: 'short', methodId: 'short' } },
  'channel.close-ok': { id: [20, 41], arguments: {} },
  'access.request': { id: [30, 10], arguments: { realm: 'shortstr', exclusive: 'bit', passive: 'bit', active: 'bit', write: 'bit', read: 'bit' } },
  'access.request-ok': { id: [30, 11], arguments: { ticket: 'short' } },
  'exchange.declare': { id: [40, 10], arguments: { ticket: 'short', exchange: 'shortstr', kind: 'shortstr', passive: 'bit', durable: 'bit', autoDelete: 'bit', internal: 'bit', nowait: 'bit', arguments: 'table' } },
  'exchange.declare-ok': { id: [40, 11], arguments: {} },
  'exchange.delete': { id: [40, 20], arguments: { ticket: 'short', exchange: 'shortstr', ifUnused: 'bit', nowait: 'bit' } },
  'exchange.delete-ok': { id: [40, 21], arguments: {} },
  'exchange.bind': { id: [40, 30], arguments: { ticket: 'short', destination: 'shortstr', source: 'shortstr', routingKey: 'shortstr', nowait: 'bit', arguments: 'table' } },
  'exchange.bind-ok': { id: [40, 31], arguments: {} },
  'exchange.unbind': { id: [40, 40], arguments: { ticket: 'short', destination: 'shortstr', source: 'shortstr', routingKey: 'shortstr', nowait: 'bit', arguments: 'table' } },
  'exchange.unbind-ok': { id: [40, 51], arguments: {} },
  'queue.declare': { id: [50, 10], arguments: { ticket: 'short', queue: 'shortstr', passive: 'bit', durable: 'bit', exclusive: 'bit', autoDelete: 'bit', nowait: 'bit', arguments: 'table' } },
  'queue.declare-ok': { id: [50, 11], arguments: { queue: 'shortstr', messageCount: 'long', consumerCount: 'long' } },
  'queue.bind': { id: [50, 20], arguments: { ticket: 'short', queue: 'shortstr', exchange: 'shortstr', routingKey: 'shortstr', nowait: 'bit', arguments: 'table' } },
  'queue.bind-ok': { id: [50, 21], arguments: {} },
  'queue.purge': { id: [50, 30], arguments: { ticket: 'short', queue: 'shortstr', nowait: 'bit' } },
  'queue.purge-ok': { id: [50, 31], arguments: { messageCount: 'long' } },
  'queue.delete': { id: [50, 40], arguments: { ticket: 'short', queue: 'shortstr', ifUnused: 'bit', ifEmpty: 'bit', nowait: 'bit' } },
  'queue.delete-ok': { id: [50, 41], arguments: { messageCount: 'long' } },
  'queue.unbind': { id: [50, 50], arguments: { ticket: 'short', queue: 'shortstr', exchange: 'shortstr', routingKey: 'shortstr', arguments: 'table' } },
  'queue.unbind-ok': { id: [50, 51], arguments: {} },
  'basic.qos': { id: [60, 10], arguments: { prefetchSize: 'long', prefetchCount: 'short', global: 'bit' } },
  'basic.qos-ok': { id: [60, 11], arguments: {} },
  'basic.consume': { id: [60, 20], arguments: { ticket: 'short', queue: 'shortstr', consumerTag: 'shortstr', noLocal: 'bit', noAck: 'bit', exclusive: 'bit', nowait: 'bit', arguments: 'table' } },
  'basic.consume-ok': { id: [60, 21], arguments: { consumerTag: 'shortstr' } },
  'basic.cancel': { id: [60, 30], arguments: { consumerTag: 'shortstr', nowait: 'bit' } },
  'basic.cancel-ok': { id: [60, 31], arguments: { consumerTag: 'shortstr' } },
  'basic.publish': { id: [60, 40], arguments: { ticket: 'short', exchange: 'shortstr', routingKey: 'shortstr', mandatory: 'bit', immediate: 'bit' } },
  'basic.return': { id: [60, 50], arguments: { replyCode: 'short', replyText: 'shortstr', exchange: 'shortstr', routingKey: 'shortstr' } },
  'basic.deliver': { id: [60, 60], arguments: { consumerTag: 'shortstr', deliveryTag: 'longlong', redelivered: 'bit', exchange: 'shortstr', routingKey: 'shortstr' } },
  'basic.get': { id: [60, 70], arguments: { ticket: 'short', queue: 'shortstr', noAck: 'bit' } },
  'basic.get-ok': { id: [60, 71], arguments: { deliveryTag: 'longlong', redelivered: 'bit', exchange: 'shortstr', routingKey: 'shortstr', messageCount: 'long' } },
  'basic.get-empty': { id: [60, 72], arguments: { clusterId: 'shortstr' } },
  'basic.ack': { id: [60, 80], arguments: { deliveryTag: 'longlong', multiple: 'bit' } },
  'basic.reject': { id: [60, 90], arguments: { deliveryTag: 'longlong', requeue: 'bit' } },
  'basic.recover-async': { id: [60, 100], arguments: { requeue: 'bit' } },
  'basic.recover': { id: [60, 110], arguments: { requeue: 'bit' } },
  'basic.recover-ok': { id: [60, 111], arguments: {} },
  'basic.nack': { id: [60, 120], arguments: { deliveryTag: 'longlong', multiple: 'bit', requeue: 'bit' } },
  'confirm.select': { id: [85, 10], arguments: { nowait: 'bit' } },
  'confirm.select-ok': { id: [85, 11], arguments: {} },
  'tx.select': { id: [90, 10], arguments: {} },
  'tx.select-ok': { id: [90, 11], arguments: {} },
  'tx.commit': { id: [90, 20], arguments: {} },
  'tx.commit-ok': { id: [90, 21], arguments: {} },
  'tx.rollback': { id: [90, 30], arguments: {} },
  'tx.rollback-ok': { id: [90, 31], arguments: {} }
} as const

methodTable satisfies Readonly<Record<string, MethodRow>>
